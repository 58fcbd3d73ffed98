"""What one OSC address takes and gives, and the list of them for the routes of an instrument.

A method that is read has `read`; the others only take something. Their types are what Ondine's own
guard lets through: a number (f), a press (T), a name (s).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from device.control.osc import Ask, Order, Perform, Route, Steer
from device.control.osc_reply import Answer
from device.params import ParamSpec

Argument = float | int | str

READ, WRITE = 1, 2
"""Bits of ACCESS."""
STATUS_EVERY_S = 0.25
"""How often the status is looked at, however often it is asked for."""

UNITS = {
    "dB": "gain.db",
    "Hz": "time.hz",
    "ms": "time.ms",
    "s": "time.second",
    "cents": "time.cents",
    "bpm": "time.bpm",
}
"""Our units by the names of the proposal's list; others are given as they are."""

_SAID = {
    "/ondine/panic": "A short fade to silence: the output gain to its lowest",
    "/ondine/defaults": "Puts every parameter back to its default",
    "/ondine/reset": "Makes the model forget what it heard",
    "/ondine/keep": "Keeps the last minutes",
    "/ondine/load": "Brings another instrument in, by its name",
    "/ondine/status": "Is answered with how it is going",
    "/ondine/params": "Is answered with every parameter",
}
_CRITICAL = frozenset({"/ondine/panic", "/ondine/load", "/ondine/keep"})
"""Those whose loss on the way somebody would notice, and that are not sent again at once."""


@dataclass(frozen=True)
class Method:
    """One address. Methods that differ only in how they are read are the same."""

    address: str
    types: str = ""
    """OSC type tags; empty: it takes and gives nothing, as a container does."""
    access: int = 0
    """READ, WRITE, both added, or 0."""
    description: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Argument, ...] = ()
    unit: str = ""
    critical: bool = False
    read: Callable[[], Argument] | None = field(default=None, compare=False)


def methods_of(
    table: Mapping[str, Route],
    specs: Mapping[str, ParamSpec],
    *,
    value: Callable[[str], float],
    status: Callable[[], Sequence[Answer]],
    clock: Callable[[], float],
) -> list[Method]:
    """Every address that `table` answers to, and those that the status is told at.

    `value` gives a parameter in its units, `status` what `/ondine/status` is answered with, by
    `clock`, in seconds, at most four times a second.
    """
    methods = [_of_route(address, route, specs, value) for address, route in table.items()]
    held = _Held(status, clock)
    for address, arguments in held.answers():
        if len(arguments) == 1 and address not in table:
            methods.append(
                Method(
                    address,
                    _tag(arguments[0]),
                    READ,
                    address.rsplit("/", 1)[-1].replace("_", " "),
                    read=partial(held.one, address, arguments[0]),
                )
            )
    return methods


def _of_route(
    address: str,
    route: Route,
    specs: Mapping[str, ParamSpec],
    value: Callable[[str], float],
) -> Method:
    said, critical = _SAID.get(address, ""), address in _CRITICAL
    if isinstance(route, Steer):
        return _of_parameter(address, specs[route.param], route.raw, value)
    if isinstance(route, Ask):
        return Method(address, "T", WRITE, said)
    if isinstance(route, Perform):
        return Method(address, route.tags or "T", WRITE, route.about, critical=True)
    if isinstance(route, Order) and route.named:
        return Method(address, "s", WRITE, said, critical=critical)
    return Method(address, "T", WRITE, said, critical=critical)


def _of_parameter(
    address: str, spec: ParamSpec, raw: bool, value: Callable[[str], float]
) -> Method:
    if raw:
        return Method(
            address,
            "f",
            READ | WRITE,
            f"{spec.label}, as a knob from 0 to 1",
            0.0,
            1.0,
            read=lambda: spec.raw(value(spec.id)),
        )
    return Method(
        address,
        "f",
        READ | WRITE,
        spec.label,
        spec.minimum,
        spec.maximum,
        unit=UNITS.get(spec.unit, spec.unit),
        read=partial(value, spec.id),
    )


def _tag(argument: Argument) -> str:
    return "s" if isinstance(argument, str) else "f" if isinstance(argument, float) else "i"


class _Held:
    """The status, held for a moment: reading it opens a file, and there are many addresses."""

    def __init__(self, status: Callable[[], Sequence[Answer]], clock: Callable[[], float]) -> None:
        self._status, self._clock = status, clock
        self._answers: Sequence[Answer] = status()
        self._looked_s = clock()

    def answers(self) -> Sequence[Answer]:
        now_s = self._clock()
        if now_s - self._looked_s >= STATUS_EVERY_S:
            self._answers, self._looked_s = self._status(), now_s
        return self._answers

    def one(self, address: str, missing: Argument) -> Argument:
        for told, arguments in self.answers():
            if told == address and arguments:
                return arguments[0]
        return missing  # while audio starts again there is less to tell
