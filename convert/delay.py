"""Measure a model's algorithmic delay: how long after the input its answer comes.

A click is added to a quiet noise at several places in a block, and the change of the output is
followed. Its energy over time is a model's response. A model that looks ahead (centred kernels)
answers around the middle of its response, so the delay is the median of the response's energy.
"""

from collections.abc import Callable

import numpy as np

_CLICKS = 6


def response(
    play: Callable[[np.ndarray], np.ndarray], channels: int, block_frames: int, seconds_frames: int
) -> np.ndarray:
    """Mean energy [frames] of the output's change, from the click on.

    `play` maps a whole input [channels, frames] to the output [channels, frames], from rest.
    """
    rng = np.random.default_rng(5)
    lead = 2 * block_frames
    blocks = -(-(lead + block_frames + seconds_frames) // block_frames)
    quiet = 0.05 * rng.standard_normal((channels, blocks * block_frames)).astype(np.float32)
    before = play(quiet)
    total = np.zeros(seconds_frames)
    for i in range(_CLICKS):
        at = lead + (2 * i + 1) * block_frames // (2 * _CLICKS)
        clicked = quiet.copy()
        clicked[:, at] += 0.5
        change = ((play(clicked) - before) ** 2).sum(0)[at : at + seconds_frames]
        total += change / max(float(change.sum()), 1e-20)
    return total / _CLICKS


def median_delay(energy: np.ndarray) -> int:
    """The frame by which half of the response's energy has come."""
    if not np.isfinite(energy).all() or energy.sum() <= 0:
        return 0
    return int(np.searchsorted(np.cumsum(energy), energy.sum() / 2))
