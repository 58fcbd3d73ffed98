"""Smoothing: a knob jumps, its current value glides.

Once a block the current value goes a fixed share of the way to its target, and within the block it
goes in a straight line, so the curve is a one-pole's with its corners joined:

    target   ─────────┌───────────────────
    current  ─────────╱‾‾‾                   no step anywhere, 99 % of the way after 4.6 · SMOOTH_S
"""

import math

import numpy as np

SMOOTH_S = 0.010
"""Time constant of every glide: too short to feel, long enough not to click."""
_THERE = 1e-5
"""What is nearer than this to its target is there: -100 dB of a gain."""


class Glide:
    """Some values that glide together, one row each.

    `values` [rows, steps], float32, is how they move through the block: per frame for gains, per
    latent step for latents. The array stays where it is.
    """

    def __init__(self, rows: int, steps: int, step_s: float) -> None:
        """`steps` of `step_s` seconds each make up a block."""
        self.values = np.zeros((rows, steps), np.float32)
        self._way = np.arange(1, steps + 1, dtype=np.float32) / np.float32(steps)
        self._share = 1.0 - math.exp(-steps * step_s / SMOOTH_S)
        # float64: in float32 a small share of a small distance would be lost, and never arrive.
        self._current = np.zeros(rows)
        self._distance = np.zeros(rows)
        self._size = np.zeros(rows)
        self._from = np.zeros((rows, 1), np.float32)
        self._by = np.zeros((rows, 1), np.float32)
        self._settled = False
        self._fresh = True

    def move(self, targets: np.ndarray) -> None:
        """Fill `values` for the next block on the way to finite `targets` [rows].

        The first move after `reset` starts at its targets: there is nothing to glide from.
        """
        if self._fresh:
            np.copyto(self._current, targets)
            self._fresh = self._settled = False
        np.subtract(targets, self._current, out=self._distance)
        np.abs(self._distance, out=self._size)
        furthest = float(self._size.max(initial=0.0))
        if furthest == 0.0 and self._settled:
            return
        if furthest > _THERE:
            np.multiply(self._distance, self._share, out=self._distance)
        np.copyto(self._from[:, 0], self._current, casting="same_kind")
        np.copyto(self._by[:, 0], self._distance, casting="same_kind")
        np.multiply(self._by, self._way, out=self.values)
        np.add(self.values, self._from, out=self.values)
        if furthest > _THERE:
            np.add(self._current, self._distance, out=self._current)
        else:
            np.copyto(self._current, targets)
        # One more block after the last distance: then the rows are flat and stay as they are.
        self._settled = furthest == 0.0

    def reset(self) -> None:
        """Start at the next targets, wherever they are."""
        self._fresh = True
