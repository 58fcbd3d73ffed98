"""A panel that is not there: the wiring of a simulated one, moved by a script, by keys or by tests.

It has every control of the profile under its own name, and a fault for everything that can die:

    knob/1, pedal/1, distance/1, motion/1/pitch     0..1, as they will be heard
    motion/1/energy                                 0..1, how hard it is shaken
    button/1, encoder/1/push                        1 pressed, 0 let go
    encoder/1                                       detents turned since the start
    fault/spi, fault/i2c, fault/pins, fault/distance/1, fault/motion/1      1 dead, 0 well again

A script is a timeline file (device/control/timeline.py) whose parameters are these.
"""

import threading
from collections.abc import Callable
from pathlib import Path

from device.control.panel.profile import DistanceProfile, PanelProfile, named
from device.control.panel.simulated_buses import (
    SimulatedEvents,
    SimulatedI2c,
    SimulatedPins,
    SimulatedSpi,
)
from device.control.panel.simulated_chips import (
    Level,
    Registers,
    SimulatedAds1115,
    SimulatedMcp3008,
    SimulatedMpu6050,
    SimulatedVl53l0x,
)
from device.control.timeline import Timeline
from device.control.timeline_file import read_timeline
from device.control.timeline_source import TimelineSource
from device.errors import ControlError
from device.params import SLOTS, ParamSpec

MOST_DETENTS = 10_000
_NOTHING_MM = 3000.0
_RING = ((True, True), (False, True), (False, False), (True, False))


def simulated_controls(panel: PanelProfile) -> dict[str, ParamSpec]:
    """Everything that can be moved on a simulated panel, by name, with its range.

    Raises:
        ControlError: if there is more than a timeline can hold.
    """
    ranges: dict[str, tuple[float, float, float]] = {}
    for profiles, kind in ((panel.knobs, "knob"), (panel.pedals, "pedal")):
        for name, knob in zip(named(profiles, kind), profiles, strict=True):
            ranges[name] = (0.0, 1.0, knob.default)
    for name, encoder in zip(named(panel.encoders, "encoder"), panel.encoders, strict=True):
        ranges[name] = (-MOST_DETENTS, MOST_DETENTS, 0.0)
        if encoder.push >= 0:
            ranges[f"{name}/push"] = (0.0, 1.0, 0.0)
    ranges |= dict.fromkeys(named(panel.buttons, "button"), (0.0, 1.0, 0.0))
    faults = ["spi", "i2c", "pins"]
    for name in named(panel.distances, "distance"):
        ranges[name] = (0.0, 1.0, 1.0)
        faults.append(name)
    for name in named(panel.motions, "motion"):
        ranges |= {f"{name}/pitch": (0.0, 1.0, 0.5), f"{name}/roll": (0.0, 1.0, 0.5)}
        ranges[f"{name}/energy"] = (0.0, 1.0, 0.0)
        faults.append(name)
    ranges |= {f"fault/{name}": (0.0, 1.0, 0.0) for name in faults}
    if len(ranges) > SLOTS:
        raise ControlError(f"a panel of {len(ranges)} controls cannot be simulated; {SLOTS} can")
    return {
        name: ParamSpec(id=name, label=name, minimum=low, maximum=high, default=default, slot=slot)
        for slot, (name, (low, high, default)) in enumerate(ranges.items())
    }


class SimulatedWiring:
    """The wiring of a panel that is not there."""

    def __init__(
        self, panel: PanelProfile, clock: Callable[[], float], script: Path | None = None
    ) -> None:
        """`script`, a timeline file, begins when the panel is first read.

        Raises:
            ControlError: with everything that is wrong with the script.
        """
        self.controls = simulated_controls(panel)
        self._panel, self._clock = panel, clock
        self._values = {name: spec.default for name, spec in self.controls.items()}
        self._lock = threading.RLock()
        self._refreshing = False
        self._began_s: float | None = None
        self._script: TimelineSource | None = None
        if script is not None:
            timeline = Timeline(read_timeline(script, self.controls), self.controls)
            self._script = TimelineSource(timeline, self.controls)
        self.board = SimulatedPins(self._alive("pins"), self._refresh)
        encoders = zip(named(panel.encoders, "encoder"), panel.encoders, strict=True)
        self._encoders = dict(encoders)
        buttons = zip(named(panel.buttons, "button"), panel.buttons, strict=True)
        self._contacts = {name: (b.pin, b.active_low) for name, b in buttons}
        for name, encoder in self._encoders.items():
            if encoder.push >= 0:
                self._contacts[f"{name}/push"] = (encoder.push, True)
        self._turned = dict.fromkeys(self._encoders, 0)
        self._rings = dict.fromkeys(self._encoders, 0)
        self._events = {
            encoder.event: SimulatedEvents(self._alive("pins"), self._refresh)
            for encoder in panel.encoders
            if encoder.event
        }
        self._chips = self._chips_of_i2c()

    def value(self, name: str) -> float:
        """How a control stands."""
        return self._values[name]

    def move(self, name: str, value: float) -> None:
        """Set a control, within its range.

        Raises:
            KeyError: if there is none of that name.
        """
        with self._lock:
            self._values[name] = value = self.controls[name].clamp(value)
            if name in self._encoders:
                self._turn(name, round(value))
            elif name in self._contacts:
                pin, active_low = self._contacts[name]
                self.board.drive(pin, (value >= 0.5) != active_low)
            elif name.startswith("fault/") and value < 0.5:
                self._power_on(name.removeprefix("fault/"))

    def pins(self) -> SimulatedPins:
        """The pins."""
        for name, (pin, active_low) in self._contacts.items():
            self.board.drive(pin, (self._values[name] >= 0.5) != active_low)
        return self.board

    def spi(self, bus: int, select: int) -> SimulatedSpi:
        """An MCP3008, at any select line that has knobs."""
        levels = self._levels("mcp3008", select)
        return SimulatedSpi(SimulatedMcp3008(levels), self._alive("spi"))

    def i2c(self, bus: int) -> SimulatedI2c:
        """The bus with all its chips."""
        return SimulatedI2c(self._chips)

    def events(self, name: str) -> SimulatedEvents:
        """An encoder that the kernel decodes."""
        return self._events[name]

    def _refresh(self) -> None:
        """Move what the script has moved by now."""
        with self._lock:
            if self._script is None or self._refreshing:
                return
            self._refreshing = True
            now_s = self._clock()
            if self._began_s is None:
                self._began_s = now_s
            try:
                for moved in self._script.readings(now_s - self._began_s):
                    self.move(moved.param, moved.value)
            finally:
                self._refreshing = False

    def _level(self, name: str, low: float = 0.0, high: float = 1.0) -> Level:
        def level() -> float:
            self._refresh()
            return low + self._values[name] * (high - low)

        return level

    def _alive(self, *faults: str) -> Callable[[], bool]:
        def alive() -> bool:
            self._refresh()
            return all(self._values[f"fault/{fault}"] < 0.5 for fault in faults)

        return alive

    def _levels(self, chip: str, where: int) -> dict[int, Level]:
        knobs = [
            *zip(named(self._panel.knobs, "knob"), self._panel.knobs, strict=True),
            *zip(named(self._panel.pedals, "pedal"), self._panel.pedals, strict=True),
        ]
        return {
            knob.channel: self._level(name)
            for name, knob in knobs
            if knob.chip == chip and where == (knob.select if chip == "mcp3008" else knob.address)
        }

    def _chips_of_i2c(self) -> dict[int, tuple[Registers, Callable[[], bool]]]:
        panel = self._panel
        chips: dict[int, tuple[Registers, Callable[[], bool]]] = {}
        for knob in (*panel.knobs, *panel.pedals):
            if knob.chip == "ads1115":
                chip = SimulatedAds1115(self._levels("ads1115", knob.address), self._clock)
                chips[knob.address] = chip, self._alive("i2c")
        for name, distance in zip(named(panel.distances, "distance"), panel.distances, strict=True):
            sensor = SimulatedVl53l0x(self._millimetres(name, distance), self._clock)
            chips[distance.address] = sensor, self._alive("i2c", name)
        for name, motion in zip(named(panel.motions, "motion"), panel.motions, strict=True):
            span = motion.range_deg
            chip_of_motion = SimulatedMpu6050(
                self._level(f"{name}/pitch", -span, span),
                self._level(f"{name}/roll", -span, span),
                self._level(f"{name}/energy", 0.0, motion.range_g),
                self._clock,
            )
            chips[motion.address] = chip_of_motion, self._alive("i2c", name)
        return chips

    def _millimetres(self, name: str, profile: DistanceProfile) -> Level:
        level = self._level(name)

        def millimetres() -> float:
            value = level()
            near, far = profile.near_mm, profile.far_mm
            return near + value * (far - near) if value < 1.0 else _NOTHING_MM

        return millimetres

    def _power_on(self, fault: str) -> None:
        """What was dead starts as it does after power-on."""
        for address, (chip, _) in self._chips.items():
            if fault == "i2c" or fault in self._named_at(address):
                chip.reset()

    def _named_at(self, address: int) -> list[str]:
        panel = self._panel
        distances = zip(named(panel.distances, "distance"), panel.distances, strict=True)
        motions = zip(named(panel.motions, "motion"), panel.motions, strict=True)
        found = [name for name, sensor in distances if sensor.address == address]
        return found + [name for name, sensor in motions if sensor.address == address]

    def _turn(self, name: str, to: int) -> None:
        """Turn an encoder, one change of a pin after the other."""
        profile = self._encoders[name]
        by, self._turned[name] = to - self._turned[name], to
        if profile.event:
            self._events[profile.event].turn(by)
            return
        for _ in range(abs(by) * profile.quarters):
            self._rings[name] = (self._rings[name] + (1 if by > 0 else -1)) % 4
            a, b = _RING[self._rings[name]]
            self.board.drive(profile.pin_a, a)
            self.board.drive(profile.pin_b, b)
