"""The training recipes, by instrument: every number that a run depends on."""

from dataclasses import dataclass

from models.brook.recipe import BrookRecipe
from models.drift import DriftConfig


@dataclass(frozen=True)
class Recipe:
    """drift's training; the same recipe on the same torch gives the same weights."""

    config: DriftConfig
    lesson_steps: int  # optimiser steps on tones alone, see `lesson`
    steps: int  # optimiser steps on sound, after them
    corpus_seed: int = 1
    corpus_clips: int = 300  # of 4 s each: twenty minutes
    held_out_seed: int = 2  # clips the training never sees
    held_out_clips: int = 36
    seed: int = 0  # of the weights and the batches
    batch: int = 8
    hops: int = 160  # per training segment
    context: int = 32  # hops at the start of a segment which only fill the memories
    lesson_batch: int = 16
    lesson_hops: int = 128
    lesson_learning_rate: float = 3e-3
    warm_up: int = 50  # steps until the learning rate is reached
    learning_rate: float = 1e-3
    last_learning_rate: float = 5e-5
    latent_noise: float = 0.05  # added to the latents, of size about 1: no fine print between them
    spread_weight: float = 0.01  # of the pull towards mean 0 and variance 1
    pitch_weight: float = 1.0  # of `teacher`; on sound 0.1 of it
    tone_weight: float = 2.0  # same
    calm_weight: float = 0.02  # of the pull towards slow latents
    loudness_weight: float = 0.05  # per dB
    silence: float = 0.05  # share of segments without any sound
    latent_labels: tuple[str, ...] = ()  # words for what the card measures; one per latent


Plan = Recipe | BrookRecipe
"""The recipe of some instrument: all have a `config`, a corpus, held-out clips and labels."""

COLOURS = tuple(f"colour {i + 1}" for i in range(5))
DRIFT = Recipe(
    config=DriftConfig(),
    lesson_steps=2500,
    steps=1800,
    latent_labels=("level", "register", "brightness", *COLOURS),
)
BROOK = BrookRecipe()
RECIPES: dict[str, Plan] = {"drift": DRIFT, "brook": BROOK}


def recipe(name: str) -> Plan:
    """The recipe of an instrument; raises ValueError with the names there are."""
    if name not in RECIPES:
        raise ValueError(f"no instrument is called {name!r}; there is {', '.join(RECIPES)}")
    return RECIPES[name]
