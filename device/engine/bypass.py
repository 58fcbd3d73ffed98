"""The bypass: an engine without a model. What is heard is passed on, as late as a model would be.

It is the rung below every instrument, so it has all that a stage needs: the same gains, guard and
limiter.
"""

import numpy as np

from device.engine.mix import DryPath
from device.engine.strip import Strip


class Bypass:
    """A player that hands on what it hears, `delay_frames` later."""

    def __init__(
        self,
        sample_rate_hz: int,
        block_frames: int,
        channels_in: int,
        channels_out: int,
        delay_frames: int = 0,
    ) -> None:
        self.sample_rate_hz, self.block_frames = sample_rate_hz, block_frames
        self.channels_in, self.channels_out = channels_in, channels_out
        self.delay_frames = delay_frames
        self.repaired = False
        # The gains come behind the delay: so the past is kept with a copy, and costs no more.
        self._strip = Strip(sample_rate_hz, block_frames, channels_out, channels_out)
        self._dry = DryPath(channels_in, channels_out, block_frames, delay_frames)
        self._late = self._dry.block if channels_in else np.zeros((channels_out, block_frames))
        self._heard = np.zeros((channels_out, block_frames), np.float32)

    @property
    def peak_in(self) -> float:
        """What it hands on, after input gain and guard."""
        return self._strip.peak_in

    @property
    def peak_out(self) -> float:
        """What left it."""
        return self._strip.peak_out

    @property
    def limited(self) -> bool:
        """Whether the limiter worked in the last block."""
        return self._strip.limited

    def process(self, audio_in: np.ndarray, audio_out: np.ndarray, params: np.ndarray) -> None:
        """Delay float32 `audio_in` [channels_in, block] into `audio_out` [channels_out, block]."""
        with np.errstate(all="ignore"):
            self.listen(audio_in)
            self._strip.begin(params)
            self._strip.hear(self._late, self._heard)
            self._strip.leave(self._heard, audio_out)

    def listen(self, audio_in: np.ndarray) -> None:
        """Hear a block without playing it, so that the past is there when `process` is called."""
        self._dry.push(audio_in)

    def reset(self) -> None:
        """Forget what was heard."""
        self._strip.reset()
        self._dry.reset()
