"""reed's training, as numbers: the same recipe on the same torch gives the same weights."""

from dataclasses import dataclass, field

from models.reed.config import ReedConfig


@dataclass(frozen=True)
class ReedRecipe:
    """What a run depends on."""

    config: ReedConfig = field(default_factory=ReedConfig)
    steps: int = 4000
    corpus_seed: int = 1
    corpus_clips: int = 150  # of 4 s each: ten minutes
    held_out_seed: int = 2
    held_out_clips: int = 18
    seed: int = 0
    batch: int = 6
    hops: int = 144  # per segment: 0.77 s
    context: int = 16  # hops at its beginning that only fill the memory
    warm_up: int = 50
    learning_rate: float = 2e-3
    last_learning_rate: float = 5e-5


REED = ReedRecipe()
