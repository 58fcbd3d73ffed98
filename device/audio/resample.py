"""Resampling while playing: from one steady rate to another, block by block.

libsamplerate does it, through `samplerate`. Its output is lined up with its input: it comes later,
but nothing moves in time.
"""

import numpy as np
import samplerate  # Here, for it must not be read from a disk in mid-music.


class Resampler:
    """For float32 [channels, frames]; of one rate to the same it hands on what it is given."""

    def __init__(self, channels: int, rate_in_hz: int, rate_out_hz: int) -> None:
        self._ratio = rate_out_hz / rate_in_hz
        self._channels = channels
        self._converter = None
        if rate_in_hz != rate_out_hz:
            self._converter = samplerate.Resampler("sinc_medium", channels=channels)

    def process(self, block: np.ndarray) -> np.ndarray:
        """`block` [channels, n] to as many frames [channels, m] as are ready; m differs."""
        if self._converter is None:
            return block
        frames = np.ascontiguousarray(block.T)
        made = self._converter.process(frames[:, 0] if self._channels == 1 else frames, self._ratio)
        return made.reshape(-1, self._channels).T

    def reset(self) -> None:
        """Forget what was heard."""
        if self._converter is not None:
            self._converter.reset()
