"""A demonstration's script: a timeline, and under `take` what a listener should know of it.

    {"take": {"seconds": 16,
              "parts": [{"at_s": 0, "about": "a voice goes in"}]},
     "events": [{"at_s": 9.0, "param": "latent_bias_0", "to": 2.0, "over_s": 1.0}]}

`ondine render` and `ondine play` read the same file; what is under `take` they leave alone.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.control.timeline import Event
from device.control.timeline_file import read_timeline
from device.errors import ControlError
from device.params import ParamSpec

SCRIPTS = Path(__file__).parent / "scripts"


@dataclass(frozen=True)
class Part:
    """A stretch of a demonstration, to the next one's beginning, and what happens in it."""

    at_s: float
    about: str


@dataclass(frozen=True)
class Script:
    """A demonstration as it is written down."""

    seconds: float
    parts: tuple[Part, ...]
    events: tuple[Event, ...]


def read_script(path: Path, specs: dict[str, ParamSpec]) -> Script:
    """The script in a file, checked against the parameters of its instrument.

    Raises:
        ControlError: if it cannot be read, or what is wrong with it.
    """
    events = read_timeline(path, specs)
    raw = json.loads(path.read_bytes())
    take = raw.get("take") if isinstance(raw, dict) else None
    return Script(*_told(take, path), tuple(events))


def _told(take: Any, path: Path) -> tuple[float, tuple[Part, ...]]:
    try:
        seconds = float(take["seconds"])
        parts = tuple(Part(float(part["at_s"]), str(part["about"])) for part in take["parts"])
    except (KeyError, TypeError, ValueError):
        raise ControlError(
            f"the script {path} does not say how long it is and what its parts are; write "
            '{"take": {"seconds": 16, "parts": [{"at_s": 0, "about": "a voice"}]}, "events": []}'
        ) from None
    starts = [part.at_s for part in parts]
    if not 1.0 <= seconds <= 60.0 or starts != sorted(starts) or starts[:1] != [0.0]:
        raise ControlError(
            f"the script {path} is {seconds:g} s long, its parts begin at {starts}; 1 to 60 s are "
            "possible, and parts in their order, from 0 on"
        )
    return seconds, parts
