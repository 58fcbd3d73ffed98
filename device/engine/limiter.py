"""The limiter: nothing leaves the engine above the ceiling, and nothing is delayed for it.

Gain is set at the edges of segments of 32 frames and goes in a straight line between them. A whole
block is at hand, so an edge already knows the segment behind it: gain is down *before* a peak.

    peaks    ▁▁▁▁▂▂▂▂████▂▂▂▂▁▁▁▁▁▁▁▁
    gain     ──────╲______╱╱╱╱╱╱────     release: at most RELEASE_DB_PER_S

Only the first edge of a block is given, by the block before. If the first segment is too loud for
it, gain falls during that segment and what still sticks out is clipped, for 32 frames at most.
"""

import numpy as np

from device.engine.guard import clip

_SEGMENT = 32
RELEASE_DB_PER_S = 60.0


class Limiter:
    """For blocks of float32 [channels, frames]; all channels share one gain."""

    def __init__(self, channels: int, frames: int, sample_rate_hz: int) -> None:
        size = min(_SEGMENT, frames)
        count = -(-frames // size)
        self._frames = frames
        self._size = np.zeros((channels, count * size), np.float32)
        self._loudest = np.zeros(count * size, np.float32)
        self._peaks = np.zeros(count, np.float32)
        self._edges = np.ones(count + 1, np.float32)
        self._by = np.zeros((count, 1), np.float32)
        self._gain = np.ones(count * size, np.float32)
        self._way = np.arange(1, size + 1, dtype=np.float32) / np.float32(size)
        self._last = 1.0
        # Divided by a steady rise, "may rise this fast at most" becomes "may not rise at all".
        rise_db = RELEASE_DB_PER_S * size / sample_rate_hz
        self._rise = (10.0 ** (rise_db * np.arange(count + 1) / 20.0)).astype(np.float32)

    def process(self, block: np.ndarray, ceiling: float) -> tuple[float, bool]:
        """Limit finite `block` in place to ±ceiling; returns (its peak, whether gain was < 1)."""
        np.abs(block, out=self._size[:, : self._frames])
        peak = float(self._size.max())
        if peak <= ceiling and self._last == 1.0:
            return peak, False
        self._set_gain(ceiling)
        np.multiply(block, self._gain[: self._frames], out=block)
        clip(block, ceiling)
        np.abs(block, out=self._size[:, : self._frames])
        return float(self._size.max()), True

    def _set_gain(self, ceiling: float) -> None:
        """Gain for every frame of the block, from its segments' peaks."""
        edges, segments = self._edges, self._gain.reshape(len(self._peaks), -1)
        np.max(self._size, axis=0, out=self._loudest)
        np.max(self._loudest.reshape(segments.shape), axis=1, out=self._peaks)
        np.maximum(self._peaks, ceiling, out=self._peaks)
        np.divide(ceiling, self._peaks, out=self._peaks)  # now: the gain each segment may have
        edges[0] = self._last
        edges[1:] = self._peaks
        np.minimum(edges[1:-1], self._peaks[1:], out=edges[1:-1])
        np.divide(edges, self._rise, out=edges)
        np.minimum.accumulate(edges, out=edges)
        np.multiply(edges, self._rise, out=edges)
        # Rounding must not leave a gain just under 1 for ever.
        np.minimum(edges, 1.0, out=edges)
        np.subtract(edges[1:], edges[:-1], out=self._by[:, 0])
        np.multiply(self._by, self._way, out=segments)
        np.add(segments, edges[:-1, None], out=segments)
        self._last = float(self._gain[self._frames - 1])

    def reset(self) -> None:
        """Start at full gain."""
        self._last = 1.0
