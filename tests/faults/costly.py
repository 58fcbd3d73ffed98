"""A player that takes its time, in virtual seconds, as a model on a slow board would."""

import numpy as np

from device.audio.clock import VirtualClock
from device.engine.engine import Engine


class Costly:
    """A `Player` around an engine; every step lets `step_s` pass on the clock."""

    def __init__(self, engine: Engine, clock: VirtualClock, step_s: float) -> None:
        self._engine, self._clock, self._step_s = engine, clock, step_s
        self.sample_rate_hz, self.block_frames = engine.sample_rate_hz, engine.block_frames
        self.channels_in, self.channels_out = engine.channels_in, engine.channels_out
        self.delay_frames = engine.delay_frames

    @property
    def peak_in(self) -> float:
        """The engine's."""
        return self._engine.peak_in

    @property
    def peak_out(self) -> float:
        """The engine's."""
        return self._engine.peak_out

    @property
    def limited(self) -> bool:
        """The engine's."""
        return self._engine.limited

    @property
    def repaired(self) -> bool:
        """The engine's."""
        return self._engine.repaired

    def process(self, audio_in: np.ndarray, audio_out: np.ndarray, params: np.ndarray) -> None:
        """As the engine does, and later."""
        self._engine.process(audio_in, audio_out, params)
        self._clock.advance(self._step_s)

    def reset(self) -> None:
        """As the engine does."""
        self._engine.reset()
