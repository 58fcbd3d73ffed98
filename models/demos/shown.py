"""What a demonstration has to show: the sound that came of it, and what was done meanwhile."""

from dataclasses import dataclass

import numpy as np

from models.demos.script import Part


@dataclass(frozen=True)
class Lane:
    """What one hand did, over time: a line (`strikes` False), or strokes of a height."""

    label: str
    times_s: np.ndarray
    heights: np.ndarray
    """0..1, as many as `times_s`."""
    range: str = ""
    """What 0 and 1 stand for, in words."""
    strikes: bool = False


@dataclass(frozen=True)
class Shown:
    """One demonstration, done; all at 48 kHz."""

    name: str
    played: np.ndarray
    """Float32 [channels, frames]."""
    heard: np.ndarray | None
    """What the instrument heard, float32 [frames]; None where it heard nothing."""
    parts: tuple[Part, ...]
    lanes: tuple[Lane, ...]
    limited: float
    """The share of blocks in which the limiter worked."""
