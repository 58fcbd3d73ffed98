"""Routes: which signal moves which parameter, how far, and along which curve.

    mode set   raw = Σ of the target's set routes; depth 0.7 covers 0..0.7, depth -0.7 covers 0.7..0
    mode add   raw = base + Σ depth · (curve(signal) - curve(centre)), around where it was put

Several routes to one target add, and the sum is clamped to 0..1. Both modes may meet in one target:
what its set routes say is the base then.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from device.mapping.curve import Curve
from device.mapping.curve import problems_of as problems_of_curve
from device.mapping.macros import PREFIX
from device.mapping.targets import Targets

MAX_ROUTES = 1024

_SIGNAL = re.compile(r"[a-z0-9_.-]+(/[a-z0-9_.-]+)*")
MAX_NAME = 64


@dataclass(frozen=True)
class Route:
    """One signal to one target: a parameter's id, or a macro's."""

    source: str
    """The signal's name, such as `knob/1`."""
    target: str
    depth: float = 1.0
    """How far the whole signal moves it, -1..1 of its range; below 0 the other way round."""
    curve: Curve = field(default_factory=Curve)
    mode: Literal["set", "add"] = "set"
    centre: float = 0.0
    """Of mode `add`: the signal, 0..1, that adds nothing; 0.5 for a pitch bend or a tilt."""

    @property
    def span(self) -> tuple[float, float]:
        """What it contributes where its curve is at 0, and at 1."""
        if self.mode == "add":
            rest = self.curve.at(self.centre)
            return -self.depth * rest, self.depth * (1.0 - rest)
        return max(-self.depth, 0.0), max(self.depth, 0.0)


def sound_name(name: str) -> bool:
    """Whether signals can have this name: lower-case parts joined by "/", without blanks."""
    return len(name) <= MAX_NAME and _SIGNAL.fullmatch(name) is not None


def problems_of(routes: Sequence[Route], targets: Targets) -> list[str]:
    """What well-formed routes still cannot be."""
    found: list[str] = []
    seen: dict[tuple[str, str, str], int] = {}
    for number, route in enumerate(routes, 1):
        where = f"route {number}"
        if route.source.startswith(PREFIX):
            found.append(
                f"{where}: {route.source[:64]!r} is a macro, no signal; "
                "give the macro a move instead"
            )
        elif not sound_name(route.source):
            found.append(
                f"{where}: the source {route.source[:64]!r} is no signal's name such as knob/1: "
                "lower case, without blanks"
            )
        found += targets.problems(route.target, where)
        if not -1.0 <= route.depth <= 1.0:
            found.append(f"{where}: depth is {route.depth:g}, outside -1..1")
        if not 0.0 <= route.centre <= 1.0:
            found.append(f"{where}: centre is {route.centre:g}, outside 0..1")
        elif route.centre and route.mode == "set":
            found.append(f"{where}: only a route of mode add has a centre")
        found += problems_of_curve(route.curve, f"{where}: curve")
        first = seen.setdefault((route.source, route.target, route.mode), number)
        if first != number:
            found.append(
                f"{where}: {route.source[:64]!r} moves {route.target[:64]!r} already, by route "
                f"{first}; change that one"
            )
    return found
