"""What the training loop needs of an instrument's training."""

from pathlib import Path
from typing import Protocol

import numpy as np
from torch import nn


class Course(Protocol):
    """A network on its way through its training; step n depends on the seed and n alone."""

    step: int
    seconds: float
    """Of the processor, on one thread, spent so far."""

    @property
    def net(self) -> nn.Module:
        """The network."""

    @property
    def last(self) -> int:
        """The step at which the course is over."""

    def advance(self, clips: np.ndarray) -> dict[str, float]:
        """One step on clips [N, frames]; returns the terms of the loss before it."""

    def finish(self, clips: np.ndarray) -> None:
        """What is done once, after the last step."""

    def save(self, path: Path) -> None:
        """Write all that going on needs; a cut during writing leaves the older file whole."""

    def load(self, path: Path) -> None:
        """Go on from what `save` wrote."""
