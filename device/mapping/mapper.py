"""The mapper: signals in, readings of what has changed out. No clock, no file, no table.

    signals ──► wires (curve, span) ──► macros ──► wires ──► parameters ──► readings, raw
                                                     base + Σ add, clamped

A target's base is what its set routes and macros say, or else where something else has put it.
Everything else that moves parameters passes through `expand` or is told to `stands`, so that the
bases are known, macros are moved and controls wait to be picked up.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

from device.control.desk import spec_named
from device.control.signal import Signal
from device.control.source import Reading
from device.errors import ControlError
from device.mapping.macros import in_order, macro_specs
from device.mapping.patch import MAX_SHOWN, Patch, problems_of
from device.mapping.wiring import Target, Wire
from device.params import ParamSpec


class Mapper:
    """A patch at work on the parameters of one bundle."""

    def __init__(
        self,
        patch: Patch,
        specs: Mapping[str, ParamSpec],
        standing: Mapping[str, float] | None = None,
        heard: Iterable[Signal] = (),
    ) -> None:
        """`standing` is where parameters and macros stand now, raw 0..1 by id (an older mapper's
        `bases`, for what was added is no part of it); without it they stand at their defaults.
        `heard` is what an older mapper has heard: it counts for add routes at once, while what
        sets a parameter waits until its control moves.

        Raises:
            ControlError: with what is wrong with the patch; `device.mapping.patch.fitting` makes
                one that fits.
        """
        if problems := problems_of(patch, specs):
            raise ControlError("; ".join(problems[:MAX_SHOWN]))
        self.patch = patch
        self._specs = specs
        self._every = {**specs, **macro_specs(patch.macros)}
        self._targets: dict[str, Target] = {}
        self._standing = standing or {}
        order = in_order(patch.macros)
        self._macros = [self._target(macro.id) for macro in order]
        for macro, target in zip(order, self._macros, strict=True):
            for m in macro.moves:
                wire = Wire(self._target(m.target), (m.start, m.end), m.curve, False)
                wire.target.sets.append(wire)
                target.moves.append(wire)
                if macro.id in self._standing:
                    wire.hear(target.base)
        self._wires: dict[str, list[Wire]] = {}
        for route in patch.routes:
            add = route.mode == "add"
            wire = Wire(self._target(route.target), route.span, route.curve, add)
            (wire.target.adds if add else wire.target.sets).append(wire)
            self._wires.setdefault(route.source, []).append(wire)
        waiting = {name for name, s in patch.controls.items() if s.takeover == "pickup"}
        # What has no settings is a stream of another program: it goes on, and is never at rest.
        self._jumping = self._wires.keys() - waiting
        self._heard: dict[str, Signal] = {}
        self._due: dict[str, Target] = {}
        for signal in heard:
            self._hear_again(signal)

    @property
    def following(self) -> bool:
        """Whether `apply` has more to say without any signal: a parameter is being picked up."""
        return bool(self._due)

    @property
    def bases(self) -> dict[str, float]:
        """Where everything that is moved stands, without what is added to it: raw, by id."""
        return {target.id: target.base for target in self._targets.values()}

    @property
    def added(self) -> frozenset[str]:
        """The parameters that something may be added to, by id."""
        adding = (target for target in self._targets.values() if target.adds)
        return frozenset(target.id for target in adding if target.id in self._specs)

    @property
    def macros(self) -> dict[str, float]:
        """Where the macros are, 0..1 by id."""
        return {target.id: target.raw for target in self._macros}

    @property
    def heard(self) -> list[Signal]:
        """The last of every signal that is routed."""
        return list(self._heard.values())

    def apply(self, signals: Sequence[Signal]) -> list[Reading]:
        """What signals that came together change: one raw reading a parameter, `who` the signal."""
        touched, self._due = self._due, {}
        for signal in signals:
            name, x, when_s = signal
            wires = self._wires.get(name)
            if wires is None or not math.isfinite(x):
                continue
            x = min(max(x, 0.0), 1.0)
            last = self._heard.get(name)
            if last is not None and last.value == x:
                continue
            self._heard[name] = Signal(name, x, when_s)
            jumps = name in self._jumping
            for wire in wires:
                target = wire.target
                if not wire.add:
                    target.ask(wire, jumps)
                wire.hear(x)
                target.who, target.when_s, target.jumps = name, when_s, jumps
                touched[target.id] = target
        return self._settle(touched)

    def expand(self, readings: Sequence[Reading]) -> list[Reading]:
        """What others wish, on its way to the desk: macros become what they move.

        Of several for one parameter the last wins, as at the desk.

        Raises:
            ControlError: for an unknown parameter or a value that is not finite; nothing has
                happened then.
        """
        specs = [spec_named(self._every, reading.param) for reading in readings]
        for reading in readings:
            if not math.isfinite(reading.value):
                raise ControlError(f"{reading.param} was sent {reading.value}; send a number")
        passed: list[Reading] = []
        for reading, spec in zip(readings, specs, strict=True):
            raw = min(max(reading.value, 0.0), 1.0) if reading.raw else spec.raw(reading.value)
            target = self._targets.get(spec.id)
            if target is None:
                passed.append(reading)
                continue
            self._put(target, raw)
            if spec.id in self._specs and not target.adds:
                passed.append(reading)
                continue
            # A macro, or what is heard with something added to it: told even if it was there.
            target.who, target.when_s = reading.who, reading.when_s
            target.jumps, target.raw = True, math.nan
            passed += self._settle({spec.id: target})
        return passed

    def stands(self, raws: Mapping[str, float]) -> None:
        """Something else has put parameters or macros there, raw by id: a scene, the defaults.

        Nothing moves by it, not even what a macro moves: a scene has all of that itself.
        """
        for id, raw in raws.items():
            if (target := self._targets.get(id)) and math.isfinite(raw):
                self._put(target, min(max(raw, 0.0), 1.0))
                if target.adds:
                    self._due[id] = target

    def _target(self, id: str) -> Target:
        if id not in self._targets:
            spec = self._every[id]
            raw = self._standing.get(id, math.nan)
            raw = min(max(raw, 0.0), 1.0) if math.isfinite(raw) else spec.raw(spec.default)
            self._targets[id] = Target(id, raw)
        return self._targets[id]

    def _hear_again(self, signal: Signal) -> None:
        for wire in self._wires.get(signal.name, ()):
            wire.hear(signal.value)
            if wire.add:
                wire.target.who, wire.target.when_s = signal.name, signal.when_s
                self._due[wire.target.id] = wire.target
            self._heard[signal.name] = signal

    def _put(self, target: Target, raw: float) -> None:
        target.base = target.raw = raw
        target.pickup.wait()
        for wire in target.moves:
            wire.hear(raw)

    def _settle(self, touched: dict[str, Target]) -> list[Reading]:
        readings: list[Reading] = []
        for macro in self._macros:
            if macro.id in touched and macro.settle():
                for wire in macro.moves:
                    target = wire.target
                    target.ask(wire, macro.jumps)
                    wire.hear(macro.raw)
                    target.who, target.when_s = macro.who, macro.when_s
                    target.jumps = macro.jumps
                    touched[target.id] = target
        for id, target in touched.items():
            if id in self._specs and target.settle():
                readings.append(Reading(id, target.raw, True, target.who, target.when_s))
            if target.pickup.following:
                self._due[id] = target
        return readings
