"""What belongs to each recipe: its network and its course of training."""

import torch

from models.brook.course import BrookCourse
from models.brook.net import Brook
from models.brook.recipe import BrookRecipe
from models.course import Course
from models.drift import Drift
from models.drift_course import Trainer
from models.recipes import Plan

Network = Drift | Brook


def network(plan: Plan) -> Network:
    """The network as training begins."""
    torch.manual_seed(plan.seed)
    return Brook(plan.config) if isinstance(plan, BrookRecipe) else Drift(plan.config)


def course(plan: Plan) -> Course:
    """The training, at its first step."""
    return BrookCourse(plan) if isinstance(plan, BrookRecipe) else Trainer(plan)
