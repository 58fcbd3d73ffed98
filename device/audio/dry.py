"""The dry engine: input to output, through a delay line and no model.

It stands where a model would: to check a card and its latency (`ondine check`), and to measure
what the loop itself costs.
"""

import numpy as np

from device.audio.pcm import map_channels


class Dry:
    """A `Player` that hands on what it hears, `delay_frames` later."""

    def __init__(
        self,
        sample_rate_hz: int,
        block_frames: int,
        channels_in: int = 1,
        channels_out: int = 1,
        delay_frames: int = 0,
    ) -> None:
        self.sample_rate_hz = sample_rate_hz
        self.block_frames = block_frames
        self.channels_in = channels_in
        self.channels_out = channels_out
        self.delay_frames = delay_frames
        self.peak_in = 0.0
        self.peak_out = 0.0
        self.limited = False
        self.repaired = False
        self._line = np.zeros((channels_in, delay_frames + block_frames), np.float32)
        self._late = np.zeros((channels_in, block_frames), np.float32)
        self._size = np.zeros((max(channels_in, channels_out), block_frames), np.float32)
        self._at = 0

    def process(self, audio_in: np.ndarray, audio_out: np.ndarray, params: np.ndarray) -> None:
        """Delay `audio_in` [channels_in, block] into `audio_out` [channels_out, block]."""
        length, block = self._line.shape[1], self.block_frames
        # The line is a ring of delay + block frames: what lies ahead of the new block is the old.
        first = min(block, length - self._at)
        self._line[:, self._at : self._at + first] = audio_in[:, :first]
        self._line[:, : block - first] = audio_in[:, first:]
        start = (self._at - self.delay_frames) % length
        first = min(block, length - start)
        self._late[:, :first] = self._line[:, start : start + first]
        self._late[:, first:] = self._line[:, : block - first]
        self._at = (self._at + block) % length
        map_channels(self._late, audio_out)
        self.peak_in = self._peak(audio_in)
        self.peak_out = self._peak(audio_out)

    def reset(self) -> None:
        """Forget what was heard."""
        self._line[:] = 0.0
        self._at = 0

    def _peak(self, block: np.ndarray) -> float:
        size = self._size[: len(block)]
        np.abs(block, out=size)
        return float(size.max(initial=0.0))
