"""reed's sizes, and the knobs that a player has of it.

Every knob is a parameter of the bundle (`device.manifest.Parameter`) and an attribute of the nn~
export, in this order: a panel's knobs take them from the first on.
"""

from dataclasses import dataclass
from typing import Literal

NOTES = 4
SILENT_DB = -80.0
"""A level at its lowest is no sound at all."""
LOWEST, HIGHEST = 24.0, 102.0
"""The notes that are played; what lies beyond sounds as the nearest. 33 .. 2960 Hz."""
KINDS = ("bowed", "reed", "sung")
"""What the knob `timbre` turns through: 0, 1, 2 and all between."""


@dataclass(frozen=True)
class ReedConfig:
    """Sizes. A voice more than there are notes: the last follows the input."""

    sample_rate: int = 48000
    hop: int = 256
    notes: int = NOTES
    hidden: int = 128
    harmonics: int = 96
    bands: int = 24  # of noise

    @property
    def voices(self) -> int:
        return self.notes + 1

    @property
    def outputs(self) -> int:
        """What the network says of a voice: harmonics, then bands of noise."""
        return self.harmonics + self.bands


@dataclass(frozen=True)
class Knob:
    """A parameter: id, words, range in units, and how 0..1 maps to it."""

    id: str
    label: str
    minimum: float
    maximum: float
    default: float
    unit: str = ""
    warp: Literal["linear", "exponential"] = "linear"


def _voice(n: int) -> tuple[Knob, Knob]:
    return (
        Knob(f"note_{n}", f"Note {n}", 0.0, 127.0, 57.0, "MIDI note"),
        Knob(f"level_{n}", f"Level {n}", SILENT_DB, 0.0, SILENT_DB, "dBFS"),
    )


KNOBS: tuple[Knob, ...] = (
    *_voice(1),
    Knob("timbre", "Bowed, reed, sung", 0.0, 2.0, 0.0),
    Knob("brightness", "Brightness", -2.0, 2.0, 0.0),
    Knob("breath", "Breath", -24.0, 24.0, 0.0, "dB"),
    Knob("vibrato", "Vibrato", 0.0, 100.0, 12.0, "cents"),
    Knob("room", "Room", 0.0, 1.0, 0.35),
    Knob("attack", "Attack", 2.0, 1000.0, 20.0, "ms", "exponential"),
    Knob("release", "Release", 10.0, 4000.0, 200.0, "ms", "exponential"),
    Knob("vibrato_rate", "Vibrato rate", 2.0, 9.0, 5.3, "Hz"),
    Knob("follow", "Follow the input", 0.0, 1.0, 1.0),
    Knob("transpose", "Transpose", -24.0, 24.0, 0.0, "semitones"),
    *(knob for n in range(2, NOTES + 1) for knob in _voice(n)),
)


def place(id: str) -> int:
    """Where a knob stands among `KNOBS`; raises ValueError with the names there are."""
    names = [knob.id for knob in KNOBS]
    if id not in names:
        raise ValueError(f"reed has no knob {id!r}; it has {', '.join(names)}")
    return names.index(id)
