"""Reading a timeline file strictly: every mistake in it is reported at once.

It is a list of events, or an object that has them under `events`, as a kept take has: what it tells
of itself under `take` is left to those who want to know, and so is `who` moved a parameter.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from device.control.setting import range_of
from device.control.timeline import Event
from device.errors import ControlError
from device.params import ParamSpec
from device.words import nearest

MAX_BYTES = 1 << 24
MAX_SECONDS = 86_400.0
MAX_SHOWN = 12
_KEYS = ("at_s", "param", "to", "over_s", "who")


def read_timeline(path: Path, specs: Mapping[str, ParamSpec]) -> list[Event]:
    """The events of a timeline file, checked against the parameters of a bundle.

    Raises:
        ControlError: if it cannot be read, or with everything that is wrong with its events.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ControlError(f"cannot read the timeline {path}: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise ControlError(f"the timeline {path} is larger than {MAX_BYTES >> 20} MiB")
    try:
        raw = json.loads(data, parse_constant=_no_constant)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ControlError(f"the timeline {path} is not readable JSON ({error})") from None
    events, problems = _events(raw, specs)
    if problems:
        shown = problems[:MAX_SHOWN]
        if len(problems) > len(shown):
            shown.append(f"and {len(problems) - len(shown)} more")
        raise ControlError(f"the timeline {path} cannot be used: " + "; ".join(shown))
    return events


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _events(raw: Any, specs: Mapping[str, ParamSpec]) -> tuple[list[Event], list[str]]:
    if isinstance(raw, dict):
        unknown = [key for key in raw if key not in ("take", "events")]
        if unknown:
            return [], [f"{_shown(unknown[0])} is unknown{nearest(unknown[0], ('take', 'events'))}"]
        raw = raw.get("events")
    if not isinstance(raw, list):
        return [], ["it is not a list of events"]
    events: list[Event] = []
    problems: list[str] = []
    seen: dict[tuple[str, float], int] = {}
    for number, item in enumerate(raw, 1):
        found = _problems(item, specs)
        if not found:
            event = Event(
                float(item["at_s"]), item["param"], float(item["to"]), float(item.get("over_s", 0))
            )
            first = seen.setdefault((event.param, event.at_s), number)
            if first == number:
                events.append(event)
            else:
                found = [f"it moves {event.param} at {event.at_s:g} s, as event {first} does"]
        problems += [f"event {number}: {problem}" for problem in found]
    return events, problems


def _problems(item: Any, specs: Mapping[str, ParamSpec]) -> list[str]:
    if not isinstance(item, dict):
        return ['it is not an object such as {"at_s": 0, "param": "dry_wet", "to": 1}']
    found = [f"{_shown(key)} is unknown{nearest(key, _KEYS)}" for key in item if key not in _KEYS]
    found += [f"{key} is missing" for key in _KEYS[:3] if key not in item]
    found += [
        f"{key} is {_shown(item[key])}, not a number"
        for key in ("at_s", "to", "over_s")
        if key in item and not _is_number(item[key])
    ]
    if not isinstance(item.get("who", ""), str):
        found.append(f"who is {_shown(item['who'])}, not a name")
    for key in ("at_s", "over_s"):
        seconds = item.get(key, 0)
        if _is_number(seconds) and not 0 <= seconds <= MAX_SECONDS:
            found.append(f"{key} is {seconds:g}, outside 0..{MAX_SECONDS:g} s")
    if "param" in item:
        spec = specs.get(item["param"]) if isinstance(item["param"], str) else None
        if spec is None:
            near = nearest(str(item["param"]), specs)
            found.append(f"there is no parameter {_shown(item['param'])}{near}")
        elif _is_number(item.get("to")) and spec.clamp(item["to"]) != item["to"]:
            found.append(f"to is {item['to']:g}; the range of {spec.id} is {range_of(spec)}")
    return found


def _shown(value: Any) -> str:
    return repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "..."


def _is_number(value: Any) -> bool:
    """A finite number. Whole numbers too large for a float are none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False
