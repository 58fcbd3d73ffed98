"""Opening the pads beside a deck, in the audio process."""

from pathlib import Path

from device.audio.clock import Clock
from device.audio.deck import Deck
from device.audio.fit import Shape
from device.pads.bank import Bank
from device.pads.beside import Beside
from device.pads.hits import Hits
from device.pads.mixer import Mixer


def beside(deck: Deck, shape: Shape, folder: Path, clock: Clock, speed: float = 1.0) -> Beside:
    """The deck with pads next to it; their bank and queue lie in `folder` and outlive us.

    Raises:
        AudioError: if memory for them is too short.
    """
    bank = Bank(folder / "pads", sample_rate_hz=shape.sample_rate_hz, create=True)
    hits = Hits(folder / "hits", create=True)
    return Beside(deck, Mixer(shape, bank, hits, clock, speed))
