"""The mute: the last rung of all."""

import numpy as np


class Mute:
    """A player that gives silence."""

    delay_frames = 0
    peak_in = peak_out = 0.0
    limited = repaired = False

    def __init__(
        self, sample_rate_hz: int, block_frames: int, channels_in: int, channels_out: int
    ) -> None:
        self.sample_rate_hz, self.block_frames = sample_rate_hz, block_frames
        self.channels_in, self.channels_out = channels_in, channels_out

    def process(self, audio_in: np.ndarray, audio_out: np.ndarray, params: np.ndarray) -> None:
        """Silence into `audio_out` [channels_out, block]."""
        audio_out.fill(0.0)

    def reset(self) -> None:
        """Nothing to forget."""
