"""Two sinks that hear a swap go wrong: one knows what should come, one knows no step and no gap."""

from __future__ import annotations

import numpy as np

STEP = 1e-3
"""-60 dBFS: the largest difference, and the largest step, that a swap may add."""
GAP_S = 0.005
GAP_PEAK = 0.01
"""A sound that stays below -40 dBFS for so long has gone away; those played here are far above."""


class Against:
    """Subtracts what should come: `reference` [channels, period], round and round.

    `first` is the frame of the output at which the reference begins; before `from_frame` nothing
    is compared. `worst` is the largest difference; `failures` has a sentence for every bad stretch,
    which says what it was `about`.
    """

    def __init__(self, reference: np.ndarray, first: int, from_frame: int) -> None:
        self.frames, self.worst = 0, 0.0
        self.failures: list[str] = []
        self.about = "before the first swap"
        self.over = False
        """Told to stop: what comes now is faded out."""
        self._reference, self._first, self._from = reference, first, from_frame
        self._began: int | None = None
        self._stretch = 0.0

    def put(self, block: np.ndarray) -> None:
        """Compare `block` [channels, frames]."""
        frames = block.shape[1]
        at = np.arange(self.frames - self._first, self.frames - self._first + frames)
        wanted = np.take(self._reference, at, axis=1, mode="wrap")
        skip = frames if self.over else max(0, self._from - self.frames)
        off = np.abs(block - wanted)[:, skip:]
        # NaN counts as the worst there is.
        largest = float(np.nan_to_num(off, nan=np.inf).max(initial=0.0))
        self.worst = max(self.worst, largest)
        if largest > STEP:
            self._began = self.frames if self._began is None else self._began
            self._stretch = max(self._stretch, largest)
        elif self._began is not None:
            self.close()
        self.frames += frames

    def close(self) -> None:
        """Tell of a bad stretch that has just ended."""
        if self._began is not None:
            length = self.frames - self._began
            self.failures.append(f"{length} frames up to {self._stretch:.4f} off, {self.about}")
        self._began, self._stretch = None, 0.0


class Steps:
    """Listens for steps and gaps between sounds that are steady and unlike.

    `own_step` is the largest step from one sample to the next that what may sound just now makes by
    itself; `worst` is by how much a step exceeded it.
    """

    def __init__(self, channels: int, sample_rate_hz: int, from_frame: int) -> None:
        self.frames, self.worst = 0, 0.0
        self.failures: list[str] = []
        self.about = "before the first swap"
        self.own_step = 0.0
        self.over = False
        """Told to stop: what comes now is faded out."""
        self._last = np.zeros((channels, 1), np.float32)
        self._quiet = np.zeros(channels, int)
        self._gap = round(GAP_S * sample_rate_hz)
        self._from = from_frame

    def put(self, block: np.ndarray) -> None:
        """Listen to `block` [channels, frames]."""
        steps = np.abs(np.diff(block, axis=1, prepend=self._last))
        largest = float(np.nan_to_num(steps, nan=np.inf).max(initial=0.0)) - self.own_step
        self._last = block[:, -1:].copy()
        heard = self.frames >= self._from and not self.over
        if heard:
            self.worst = max(self.worst, largest)
            if largest > STEP:
                self.failures.append(f"a step {largest:.4f} too large, {self.about}")
            for channel, sound in enumerate(np.abs(block)):
                self._listen_for_gap(channel, sound)
        self.frames += block.shape[1]

    def close(self) -> None:
        """Nothing to finish."""

    def _listen_for_gap(self, channel: int, sound: np.ndarray) -> None:
        loud = np.flatnonzero(sound >= GAP_PEAK)
        before = self._quiet[channel] + (loud[0] if len(loud) else len(sound))
        between = int(np.diff(loud).max(initial=0))
        if max(before, between) >= self._gap > self._quiet[channel]:
            self.failures.append(f"silence for {GAP_S * 1e3:.0f} ms or more, {self.about}")
        self._quiet[channel] = len(sound) - 1 - loud[-1] if len(loud) else before
