"""The desk: applies readings to the params table, clamped, all of one packet in one write.

It has no calibration, pickup or routes; those stand between the sources and the desk.
"""

import math
from collections.abc import Mapping, Sequence

from device.control.source import Reading
from device.errors import ControlError
from device.manifest import LATENT_PREFIXES
from device.params import FIXED, SERIAL, ParamSpec, ParamTable
from device.words import nearest


class Desk:
    """The one writer of a params table, for the parameters that play with a bundle.

    `specs` are those of the bundle that plays; `change` replaces them.
    """

    def __init__(self, table: ParamTable, specs: Mapping[str, ParamSpec]) -> None:
        self._table = table
        self.specs = specs

    def take(self, readings: Sequence[Reading]) -> None:
        """Apply readings at once; the last of several for one parameter wins.

        Raises:
            ControlError: for an unknown parameter or a value that is not finite; nothing of the
                packet is applied then.
        """
        changes = {}
        for reading in readings:
            spec = spec_named(self.specs, reading.param)
            if not math.isfinite(reading.value):
                raise ControlError(f"{reading.param} was sent {reading.value}; send a number")
            wanted = spec.value(reading.value) if reading.raw else spec.clamp(reading.value)
            changes[spec.slot] = wanted
        if changes:
            self._table.write(changes)

    def defaults(self) -> None:
        """Put every parameter of the bundle back to its default, at once."""
        self._table.write({spec.slot: spec.default for spec in self.specs.values()})

    def change(
        self,
        specs: Mapping[str, ParamSpec],
        serial: int,
        values: Mapping[str, float] | None = None,
    ) -> None:
        """Another bundle plays, as load `serial`: its own parameters start at their defaults, or
        at `values`, in units.

        What belongs to the player and not to the bundle (gains, dry/wet, noise, ceiling) stays.
        Audio sees all of it at once, and has used the bundle's defaults until now.
        """
        begins = values or {}
        changes = {
            spec.slot: spec.clamp(begins.get(spec.id, spec.default))
            for spec in specs.values()
            if not outlives_bundle(spec.id)
        }
        # The serial last: if we die in between, the next control process sees that it is not done.
        self._table.write({**changes, SERIAL: float(serial)})
        self.specs = specs

    @property
    def serial(self) -> int:
        """Which load of a bundle the table's values are for."""
        return int(self._table.values()[SERIAL])

    def values(self) -> dict[str, float]:
        """What every parameter is set to now, by id, in units."""
        table = self._table.values()
        return {spec.id: float(table[spec.slot]) for spec in self.specs.values()}

    def value(self, id: str) -> float:
        """What a parameter is set to now, in units."""
        return float(self._table.values()[spec_named(self.specs, id).slot])


def outlives_bundle(id: str) -> bool:
    """Whether a parameter is the player's, and stays where it is when another bundle comes in."""
    return id in FIXED and not id.startswith(LATENT_PREFIXES)


def spec_named(specs: Mapping[str, ParamSpec], id: str) -> ParamSpec:
    """The spec of a parameter.

    Raises:
        ControlError: if there is none of that id, with the nearest one.
    """
    if spec := specs.get(id):
        return spec
    raise ControlError(f"there is no parameter {id!r}{nearest(id, specs)}")
