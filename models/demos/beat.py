"""A beat: the drums' script. Parts of bars in sixteenths; before each, acts of pads as a player has
them.

    {"beats_per_minute": 112, "swing": 0.1, "seed": 3,
     "parts": [{"about": "sixteen drums that never were",
                "acts": ["pads/random"],
                "pads": {"1": "X.....x...x.....",
                         "3": "....X.......X..."}}]}

`x` is a stroke, `X` a loud one, `.` none. A part is as long as its lines, which are all alike.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.errors import ControlError
from device.pads.acts import PADS_ACTS
from device.pads.bank import PADS
from device.play.acts import Acts

SOFT, LOUD = 0.62, 0.88
_STEPS = {".": 0.0, "x": SOFT, "X": LOUD}


@dataclass(frozen=True)
class Bars:
    """One part: what is done first, and then the strokes."""

    about: str
    acts: tuple[str, ...]
    steps: int
    strokes: tuple[tuple[int, int, float], ...]
    """Each: at which sixteenth, which pad 0..15, how hard 0..1; in their order."""


@dataclass(frozen=True)
class Beat:
    """A script for the drums."""

    step_s: float
    swing: float
    """By how much of a sixteenth every second one is late."""
    seed: int
    parts: tuple[Bars, ...]

    @property
    def seconds(self) -> float:
        """How long its bars are; the last drum sounds on."""
        return self.step_s * sum(part.steps for part in self.parts)


def read_beat(path: Path) -> Beat:
    """The beat in a file.

    Raises:
        ControlError: if it cannot be read, or the first thing that is wrong with it.
    """
    try:
        raw = json.loads(path.read_bytes())
        tempo, swing = float(raw["beats_per_minute"]), float(raw["swing"])
        parts = tuple(_bars(part) for part in raw["parts"])
        seed = int(raw["seed"])
    except OSError as error:
        raise ControlError(f"cannot read the beat {path}: {error.strerror}") from None
    except KeyError as error:
        raise ControlError(f"the beat {path} does not say its {error.args[0]}") from None
    except ControlError as error:
        raise ControlError(f"the beat {path} cannot be used: {error}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise ControlError(f"the beat {path} is not written as a beat ({error})") from None
    if not 30.0 <= tempo <= 300.0 or not 0.0 <= swing <= 0.5 or not parts or seed < 0:
        raise ControlError(
            f"the beat {path} has {len(parts)} parts at {tempo:g} beats a minute, swing {swing:g}, "
            f"seed {seed}; 30 to 300 beats, a swing of 0 to 0.5, seeds from 0 on are possible"
        )
    return Beat(60.0 / tempo / 4.0, swing, seed, parts)


def _bars(raw: dict[str, Any]) -> Bars:
    lines = {str(pad): str(line) for pad, line in raw["pads"].items()}
    known = Acts(dict.fromkeys(PADS_ACTS, str))
    acts = tuple(str(act) for act in raw["acts"])
    for act in acts:
        known.read(act)
    lengths = {len(line) for line in lines.values()}
    if len(lengths) != 1 or 0 in lengths:
        raise ControlError(f"lines of one part are {sorted(lengths)} sixteenths long, not alike")
    strokes = []
    for pad, line in lines.items():
        if not pad.isdecimal() or not 1 <= int(pad) <= PADS:
            raise ControlError(f"there is no pad {pad!r}; there are 1 to {PADS}")
        if odd := set(line) - _STEPS.keys():
            raise ControlError(f"{min(odd)!r} is no stroke; x is, X is a loud one, . is none")
        strokes += [(at, int(pad) - 1, _STEPS[s]) for at, s in enumerate(line) if s != "."]
    return Bars(str(raw["about"]), acts, lengths.pop(), tuple(sorted(strokes)))
