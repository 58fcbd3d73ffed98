"""What the loop plays: an engine, seen from the audio side."""

from typing import Protocol

import numpy as np


class Player(Protocol):
    """Blocks in, blocks out. `device.engine.engine.Engine` is one, `device.audio.dry.Dry` another.

    Attributes are read-only here; the last four tell of the block last processed.
    """

    @property
    def sample_rate_hz(self) -> int: ...
    @property
    def block_frames(self) -> int: ...
    @property
    def channels_in(self) -> int: ...
    @property
    def channels_out(self) -> int: ...
    @property
    def delay_frames(self) -> int: ...
    @property
    def peak_in(self) -> float: ...
    @property
    def peak_out(self) -> float: ...
    @property
    def limited(self) -> bool: ...
    @property
    def repaired(self) -> bool: ...

    def process(self, audio_in: np.ndarray, audio_out: np.ndarray, params: np.ndarray) -> None:
        """One step: float32 `audio_in` [channels_in, block] to `audio_out` [channels_out, block].

        `params` is the table, float32 [SLOTS]. Must not allocate, wait or raise.
        """

    def reset(self) -> None:
        """Back to silence, as if nothing had been played."""
