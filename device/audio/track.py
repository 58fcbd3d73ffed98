"""A track: one instrument on the deck, with all that is needed to play it and to speak of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from device.audio.cost import Cost
from device.audio.player import Player
from device.engine.engine import Engine
from device.params import LATENT_BIAS, LATENT_SCALE, MODEL, SERIAL, SLOTS, default_values
from device.rung import Rung

ANY_SERIAL = -1
"""Of a track that no load asked for: the table is never meant for it."""


@dataclass(eq=False)
class Track:
    """`player` is of the stream's shape. Only the loop's thread touches it once it is on the deck.

    The table's latents and model slots mean something to one bundle only. While they are meant for
    another, a track plays with its own: its defaults, or what it was last played with.
    """

    player: Player
    rung: Rung
    name: str
    path: str = ""
    serial: int = ANY_SERIAL
    precision: str = "fp32"
    computed_by: str = ""
    """In words; '' for the processor."""
    cost: Cost = field(default_factory=Cost)
    """Measured when it was warmed."""
    engine: Engine | None = None
    """The one that `player` is, or is fitted around; None if it is none."""
    free: Callable[[], None] = lambda: None
    """Lets go of its memory, where that takes more than forgetting it. Not for the loop."""
    own: np.ndarray = field(default_factory=default_values)
    """Float32 [SLOTS]: its own latents and model slots."""
    _played: np.ndarray = field(default_factory=lambda: np.zeros(SLOTS, np.float32))

    def process(self, audio_in: np.ndarray, audio_out: np.ndarray, params: np.ndarray) -> None:
        """One block of the stream, with what `params` [SLOTS] say and are meant to say of it."""
        if params.item(SERIAL) != self.serial:
            played = self._played
            np.copyto(played, params)
            for slots in _OF_BUNDLE:
                np.copyto(played[slots], self.own[slots])
            params = played
        self.player.process(audio_in, audio_out, params)

    def keep(self, params: np.ndarray) -> None:
        """It is about to leave: let it end with the values that it plays with now."""
        if params.item(SERIAL) == self.serial:
            np.copyto(self.own, params)


_OF_BUNDLE = (LATENT_BIAS, LATENT_SCALE, MODEL)
