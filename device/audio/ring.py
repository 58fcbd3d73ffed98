"""A ring of sound: frames go in at one end and come out at the other, in order, without allocation.

For one thread. Between a model and a stream of other block sizes it is what evens them out.
"""

import numpy as np


class Ring:
    """Float32 [channels, up to `frames`].

    Raises:
        AssertionError: by `push` and `pop`, where the frames do not fit or are not there.
    """

    def __init__(self, channels: int, frames: int) -> None:
        self._ring = np.zeros((channels, frames), np.float32)
        self._at = 0
        self.count = 0
        """Frames in it."""

    def push(self, block: np.ndarray) -> None:
        """Take in `block` [channels, n]."""
        ring, frames = self._ring, block.shape[1]
        length = ring.shape[1]
        assert frames <= length - self.count, "more was pushed than there is room for"
        at = (self._at + self.count) % length
        first = min(frames, length - at)
        np.copyto(ring[:, at : at + first], block[:, :first])
        if first < frames:
            np.copyto(ring[:, : frames - first], block[:, first:])
        self.count += frames

    def pop(self, into: np.ndarray) -> None:
        """Fill `into` [channels, n] with the oldest frames."""
        ring, frames = self._ring, into.shape[1]
        length = ring.shape[1]
        assert frames <= self.count, "more was asked for than there is"
        first = min(frames, length - self._at)
        np.copyto(into[:, :first], ring[:, self._at : self._at + first])
        if first < frames:
            np.copyto(into[:, first:], ring[:, : frames - first])
        self._at = (self._at + frames) % length
        self.count -= frames

    def silence(self, frames: int) -> None:
        """Empty it, then put `frames` frames of silence in."""
        self._ring[...] = 0.0
        self._at, self.count = 0, frames
