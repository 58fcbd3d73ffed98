"""A sink that listens for what must never come out: NaN, Inf, more than the ceiling, lasting DC."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

ROUND_OFF = 1.0 + 1e-6
DC_WINDOW_S = 10.0
"""A window's mean is DC if it is long against the lowest note; 10 s of 20 Hz are 200 cycles."""


class Listener:
    """A `Sink` that keeps nothing but the worst: `peak`, `dc`, and a sentence for each failure.

    `ceiling` is asked once a block what the largest allowed amplitude is just now. `dc_limit` is
    the largest mean over `DC_WINDOW_S` that may pass.
    """

    MOST_FAILURES = 20

    def __init__(
        self,
        channels: int,
        sample_rate_hz: int,
        block_frames: int,
        ceiling: Callable[[], float],
        dc_limit: float,
    ) -> None:
        self.frames = 0
        self.peak = 0.0
        self.dc = 0.0
        self.failures: list[str] = []
        self.failed_blocks = 0
        self._ceiling, self._dc_limit, self._rate_hz = ceiling, dc_limit, sample_rate_hz
        # The first blocks are the stream's own silence, of block + headroom frames at most.
        self._size = np.zeros((channels, block_frames), np.float32)
        self._sums = np.zeros(channels)
        self._sum = np.zeros(channels)
        self._window = round(DC_WINDOW_S * sample_rate_hz)
        self._window_ends = self._window

    def put(self, block: np.ndarray) -> None:
        """Listen to float32 `block` [channels, frames]."""
        size = self._size[:, : block.shape[1]]
        np.abs(block, out=size)
        peak = float(size.max(initial=0.0))
        # Written so that a NaN, which compares as false, fails it too.
        if not peak <= self._ceiling() * ROUND_OFF:
            self._fail(f"a sample of {peak:g}, above the ceiling of {self._ceiling():g}")
        else:
            self.peak = max(self.peak, peak)
            np.sum(block, axis=1, out=self._sums)
            self._sum += self._sums
        self.frames += block.shape[1]
        if self.frames >= self._window_ends:
            dc = float(np.abs(self._sum).max()) / self._window
            self.dc = max(self.dc, dc)
            if dc > self._dc_limit:
                self._fail(f"a mean of {dc:.2g} over {DC_WINDOW_S:.0f} s, above {self._dc_limit:g}")
            self._sum[:] = 0.0
            self._window_ends += self._window

    def close(self) -> None:
        """Nothing to finish."""

    def _fail(self, what: str) -> None:
        self.failed_blocks += 1
        # A thing that breaks for good breaks in every block; twenty sentences tell as much.
        if len(self.failures) < self.MOST_FAILURES:
            self.failures.append(f"{what}, {self.frames / self._rate_hz:.3f} s in")
