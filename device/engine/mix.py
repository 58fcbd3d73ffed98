"""The mix: dry against wet, lined up to the sample.

The model is late by its own delay, so the dry sound waits for it in a ring. The crossfade is of
equal gain: dry and wet of an autoencoder are much alike, and alike sounds add in amplitude.
"""

import numpy as np


class DryPath:
    """The engine's input, `delay_frames` later, in as many channels as its output has."""

    def __init__(
        self, channels_in: int, channels_out: int, block_frames: int, delay_frames: int
    ) -> None:
        # Whole blocks, so that a block is never split where it is written.
        blocks = -(-(delay_frames + block_frames) // block_frames)
        self._ring = np.zeros((channels_in, blocks * block_frames), np.float32)
        self._late = np.zeros((channels_in, block_frames), np.float32)
        self._map = _channel_map(channels_in, channels_out)
        self.block = self._late
        """Float32 [channels_out, block]: what `push` left."""
        if channels_in != channels_out:
            self.block = np.zeros((channels_out, block_frames), np.float32)
        self._delay = delay_frames
        self._at = 0

    def push(self, heard: np.ndarray) -> None:
        """Take in `heard` [channels_in, block]; puts what was heard a delay ago into `block`."""
        ring, late = self._ring, self._late
        length, frames = ring.shape[1], heard.shape[1]
        np.copyto(ring[:, self._at : self._at + frames], heard)
        start = (self._at - self._delay) % length
        first = min(frames, length - start)
        np.copyto(late[:, :first], ring[:, start : start + first])
        if first < frames:
            np.copyto(late[:, first:], ring[:, : frames - first])
        self._at = (self._at + frames) % length
        if self.block is not late and len(late):
            np.matmul(self._map, late, out=self.block)

    def reset(self) -> None:
        """Forget what was heard."""
        self._ring[...] = 0.0
        self._at = 0


def crossfade(
    wet: np.ndarray, dry: np.ndarray, share: np.ndarray, rest: np.ndarray, out: np.ndarray
) -> None:
    """out = wet · share + dry · rest; overwrites `dry`.

    `wet`, `dry` and `out` are [channels, frames]; `share` and `rest` = 1 - share are [frames].
    """
    np.multiply(wet, share, out=out)
    np.multiply(dry, rest, out=dry)
    np.add(out, dry, out=out)


def _channel_map(channels_in: int, channels_out: int) -> np.ndarray:
    """Float32 [out, in]: mono to every channel, many to mono as their mean, else one to one."""
    if channels_in and 1 in (channels_in, channels_out):
        return np.full((channels_out, channels_in), 1.0 / channels_in, np.float32)
    return np.eye(channels_out, channels_in, dtype=np.float32)
