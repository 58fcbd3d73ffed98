"""The cover: what is heard while a step is late. A tail, silence, and after a while the dry input.

last block ∿∿∿∿│∿∿∿╲________________________╱∿∿∿∿ dry
               │tail│       silence         │ DRY_AFTER_S
"""

import numpy as np

from device.audio.dry import Dry
from device.audio.stream import Stream
from device.params import default_values

TAIL_S = 0.010
DRY_AFTER_S = 0.25
_RISE_S = 0.05
_QUIET_S = 9.0
"""By then it is silent again: the watch gives up a second later."""


class Cover:
    """For one stream: `begin`, then `next` once a block; `block` is what to write."""

    def __init__(self, stream: Stream, delay_frames: int) -> None:
        """The dry input is `delay_frames` late, like the instrument that it stands for."""
        rate, frames = stream.sample_rate_hz, stream.block_frames
        self.block = np.zeros((stream.channels_out, frames), np.float32)
        """Float32 [channels_out, block]."""
        count = min(frames, round(TAIL_S * rate))
        self._last = np.zeros((stream.channels_out, count), np.float32)
        self._fall = (0.5 + 0.5 * np.cos(np.pi * np.arange(count) / count)).astype(np.float32)
        block_s = frames / rate
        self._dry = Dry(rate, frames, stream.channels_in, stream.channels_out, delay_frames)
        self._silent = max(1, round(DRY_AFTER_S / block_s))
        self._quiet = max(self._silent + 1, round(_QUIET_S / block_s))
        self._step = np.float32(block_s / _RISE_S)
        self._ramp = np.arange(1, frames + 1, dtype=np.float32) / np.float32(frames)
        self._gain = np.float32(0.0)
        self._params = default_values()
        self._blocks = 0

    def keep(self, block: np.ndarray) -> None:
        """`block` [channels_out, block] was played: a tail may have to follow it."""
        np.copyto(self._last, block[:, -self._last.shape[1] :])

    def begin(self) -> None:
        """A step is late: start with the tail."""
        self._blocks = 0
        self._gain = np.float32(0.0)
        self._dry.reset()

    def next(self, audio_in: np.ndarray) -> None:
        """Fill `block`; `audio_in` [channels_in, block] was read since the last call, if any."""
        if self._blocks == 0:
            count = self._last.shape[1]
            np.multiply(self._last[:, ::-1], self._fall, out=self.block[:, :count])
            self.block[:, count:] = 0.0
            self._last[...] = 0.0
        else:
            self._dry.process(audio_in, self.block, self._params)
            self._fade(1.0 if self._silent <= self._blocks < self._quiet else 0.0)
        self._blocks += 1

    def _fade(self, target: float) -> None:
        """Move the dry input's gain towards `target`, in a straight line through the block."""
        start = self._gain
        self._gain = np.float32(np.clip(target, start - self._step, start + self._step))
        self.block *= start + (self._gain - start) * self._ramp
