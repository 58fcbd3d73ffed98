"""The guards: what goes into a model and what comes out of it is finite and of sane size.

A NaN in a streaming model stays in its caches for ever. So the input is cleaned sample by sample,
and a model that lets one out is muted for the block, its caches are started afresh, and it fades
in again:

    wet   ∿∿∿∿╲___________╱∿∿∿∿
               bad block   next
"""

import math

import numpy as np

LIMIT = 4.0
"""+12 dBFS. No sane signal is larger, and filters must never meet 1e30."""
FADE_S = 0.005
RUNAWAY = 1000.0
"""+60 dBFS. Knobs at their ends can make a model loud; only feedback makes it as loud as that, and
it would be infinite soon. It is treated as if it were."""


class Guard:
    """Checks blocks of float32 [channels, frames], in place."""

    def __init__(self, channels: int, frames: int) -> None:
        self._size = np.zeros((channels, frames), np.float32)
        self._bad = np.zeros((channels, frames), bool)

    def peak(self, block: np.ndarray) -> float:
        """The largest magnitude in the block; NaN or infinite if any sample is."""
        np.abs(block, out=self._size)
        # numpy's max hands a NaN on, so one number tells all.
        return float(self._size.max(initial=0.0))

    def clean(self, block: np.ndarray) -> float:
        """Put 0 for what is not finite, clip the rest to ±LIMIT, and return the peak."""
        peak = self.peak(block)
        if peak <= LIMIT:
            return peak
        if not math.isfinite(peak):
            np.isfinite(block, out=self._bad)
            np.logical_not(self._bad, out=self._bad)
            np.copyto(block, 0.0, where=self._bad)
        clip(block, LIMIT)
        return self.peak(block)


class Repair:
    """Checks the model's output and covers a block that cannot be played."""

    def __init__(self, channels: int, frames: int, sample_rate_hz: int) -> None:
        self._guard = Guard(channels, frames)
        self._last = np.zeros((channels, 1), np.float32)
        fade = min(frames, max(1, round(FADE_S * sample_rate_hz)))
        self._rise = np.ones(frames, np.float32)
        self._rise[:fade] = 0.5 - 0.5 * np.cos(np.pi * np.arange(1, fade + 1) / fade)
        self._fall = 1.0 - self._rise
        self._muted = False

    def check(self, wet: np.ndarray) -> bool:
        """Make `wet` [channels, frames] playable in place; False if it was bad and is muted."""
        peak = self._guard.peak(wet)
        # Written so that NaN is bad, too: it compares as False.
        if not peak <= RUNAWAY:
            self.mute(wet)
            return False
        if peak > LIMIT:
            clip(wet, LIMIT)
        if self._muted:
            np.multiply(wet, self._rise, out=wet)
            self._muted = False
        np.copyto(self._last, wet[:, -1:])
        return True

    def mute(self, wet: np.ndarray) -> None:
        """Replace the block: the last good sample falls to 0 in FADE_S, and it stays there."""
        np.multiply(self._last, self._fall, out=wet)
        self._last[...] = 0.0
        self._muted = True

    def reset(self) -> None:
        """Forget what came before."""
        self._last[...] = 0.0
        self._muted = False


def clip(block: np.ndarray, limit: float) -> None:
    """Clip to ±limit in place. (np.clip takes several microseconds more to get going.)"""
    np.minimum(block, limit, out=block)
    np.maximum(block, -limit, out=block)
