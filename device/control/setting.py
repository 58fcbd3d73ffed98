"""Settings typed as `parameter=value` on a command line, in the parameter's units."""

import math
from collections.abc import Mapping, Sequence

from device.errors import ControlError
from device.params import ParamSpec
from device.words import nearest


def read_settings(texts: Sequence[str], specs: Mapping[str, ParamSpec]) -> dict[str, float]:
    """The values by parameter id; the last of several for one parameter wins.

    Raises:
        ControlError: with every setting that is not `parameter=value`, names no parameter of the
            bundle or lies outside its range.
    """
    settings: dict[str, float] = {}
    problems = []
    for text in texts:
        id, equals, number = (part.strip() for part in text.partition("="))
        spec = specs.get(id)
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not equals:
            problems.append(f"{text!r} is not parameter=value, such as dry_wet=0.5")
        elif spec is None:
            problems.append(f"there is no parameter {id!r}{nearest(id, specs)}")
        elif not math.isfinite(value):
            problems.append(f"{id} cannot be {number!r}; give a number")
        elif spec.clamp(value) != value:
            problems.append(f"{id} cannot be {value:g}; its range is {range_of(spec)}")
        else:
            settings[id] = value
    if problems:
        raise ControlError("; ".join(problems))
    return settings


def range_of(spec: ParamSpec) -> str:
    """A parameter's range as a player reads it: `-60..12 dB`."""
    return f"{spec.minimum:g}..{spec.maximum:g} {spec.unit}".strip()
