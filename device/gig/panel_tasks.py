"""What there is to try on a panel, one thing after the other, and when it has been seen to work.

knob, pedal, hand, tilt     both ends          ├────────┤
encoder                     both directions    ◄─┼─►
button, footswitch          down and up        ▔▔▁▁
light, display              on and off, as somebody who looks at it says
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from device.control.panel.profile import AnalogProfile, EncoderProfile, PanelProfile, named
from device.gig.header import place
from device.gig.panel_displays import part_of

Manner = Literal["span", "turn", "press", "light"]
Bus = Literal["spi", "i2c", "pins", "event"]


@dataclass(frozen=True)
class Task:
    """One thing to try."""

    name: str
    """Of its signal: knob/1; light/1 or display/1 for what has none."""
    bus: Bus
    part: str
    """The name of the part that it hangs on, or how that begins."""
    where: str
    """Where it is wired."""
    ask: str
    """What to do."""
    manner: Manner
    low: float = 0.02
    high: float = 0.98
    """What counts as an end, of 0..1."""
    start: float = 0.0
    """Where an encoder stands before it is turned."""
    wrap: bool = False
    pin: int = -1
    """A light's."""
    alone: bool = False
    """Whether it moves by itself, as sensors do."""


@dataclass(frozen=True)
class Seen:
    """What has been seen of a task."""

    low: bool = False
    high: bool = False
    last: float | None = None

    @property
    def done(self) -> bool:
        """Whether that is all of it."""
        return self.low and self.high


def heard(task: Task, seen: Seen, value: float) -> Seen:
    """What has been seen after one more signal, 0..1."""
    before, seen = seen.last, replace(seen, last=value)
    match task.manner:
        case "turn":
            by = value - (task.start if before is None else before)
            if task.wrap:  # the short way round
                by = (by + 0.5) % 1.0 - 0.5
            return replace(seen, low=seen.low or by < 0, high=seen.high or by > 0)
        case "press":
            # Let go before it was pressed is how it was found, and no release.
            down = value >= 0.5
            return replace(seen, high=seen.high or down, low=seen.low or (seen.high and not down))
        case _:
            return replace(
                seen, low=seen.low or value <= task.low, high=seen.high or value >= task.high
            )


def tasks(panel: PanelProfile) -> list[Task]:
    """Everything on a panel, in the order of the profile."""
    return [
        *_analog(panel),
        *_encoders(panel),
        *_buttons(panel),
        *_sensors(panel),
        *_displays(panel),
        *_lights(panel),
    ]


def _analog(panel: PanelProfile) -> Iterator[Task]:
    for name, knob in zip(named(panel.knobs, "knob"), panel.knobs, strict=True):
        yield Task(name, *_converter(panel, knob), "turn it to both ends", "span")
    for name, pedal in zip(named(panel.pedals, "pedal"), panel.pedals, strict=True):
        # Few pedals reach their ends; what they reach is learned later.
        where = _converter(panel, pedal)
        yield Task(name, *where, "heel down, then toe down", "span", low=0.1, high=0.9)


def _converter(panel: PanelProfile, analog: AnalogProfile) -> tuple[Bus, str, str]:
    if analog.chip == "mcp3008":
        part = f"the MCP3008 at SPI {panel.spi_bus}.{analog.select}"
        return "spi", part, f"channel {analog.channel} (leg {analog.channel + 1}) of {part}"
    part = f"the ADS1115 at I2C {analog.address:#x}"
    return "i2c", part, f"channel A{analog.channel} of {part}"


def _encoders(panel: PanelProfile) -> Iterator[Task]:
    for name, encoder in zip(named(panel.encoders, "encoder"), panel.encoders, strict=True):
        ask = "turn it one way, then the other"
        bus: Bus = "event" if encoder.event else "pins"
        part = f"{name} ({encoder.event})" if encoder.event else "the pins"
        start = round(encoder.default * encoder.detents) / encoder.detents
        where = _quadrature(encoder)
        yield Task(name, bus, part, where, ask, "turn", start=start, wrap=encoder.wrap)
        if encoder.push >= 0:
            where = f"{place(encoder.push)}, to ground"
            yield Task(f"{name}/push", "pins", "the pins", where, "press it and let go", "press")


def _quadrature(encoder: EncoderProfile) -> str:
    if encoder.event:
        return f"the kernel's {encoder.event}"
    return f"A {place(encoder.pin_a)}, B {place(encoder.pin_b)}, C to ground"


def _buttons(panel: PanelProfile) -> Iterator[Task]:
    for name, button in zip(named(panel.buttons, "button"), panel.buttons, strict=True):
        latching = button.kind == "latching"
        ask = "press it, and press it again" if latching else "press it and let go"
        where = f"{place(button.pin)}, to {'ground' if button.active_low else '3.3 V'}"
        yield Task(name, "pins", "the pins", where, ask, "press")


def _sensors(panel: PanelProfile) -> Iterator[Task]:
    for name, distance in zip(named(panel.distances, "distance"), panel.distances, strict=True):
        where = f"the VL53L0X at I2C {distance.address:#x}"
        ask = "a hand close to it, then away"
        part = f"{name} (VL53L0X"
        yield Task(name, "i2c", part, where, ask, "span", low=0.15, high=0.85, alone=True)
    for name, motion in zip(named(panel.motions, "motion"), panel.motions, strict=True):
        where = f"the MPU6050 at I2C {motion.address:#x}"
        for axis, ask, low, high in (
            ("pitch", "lean it forwards, then back", 0.25, 0.75),
            ("roll", "lean it to one side, then to the other", 0.25, 0.75),
            ("energy", "shake it, then hold it still", 0.1, 0.4),
        ):
            part = f"{name} (MPU6050"
            whole = f"{name}/{axis}"
            yield Task(whole, "i2c", part, where, ask, "span", low=low, high=high, alone=True)


def _displays(panel: PanelProfile) -> Iterator[Task]:
    for i, display in enumerate(panel.displays, 1):
        name = f"display/{i}"
        where = f"the {display.kind.upper()} at I2C {display.address:#x}"
        ask = f"does it blink, it alone: {name} in a whole frame?"
        yield Task(name, "i2c", part_of(display), where, ask, "light", low=0.0, high=1.0)


def _lights(panel: PanelProfile) -> Iterator[Task]:
    for i, led in enumerate(panel.leds, 1):
        shows = f", shows {', '.join(led.shows)}" if led.shows else ""
        where = f"{place(led.pin)}{shows}"
        ask = "does it blink, it alone?"
        name = f"light/{i}"
        yield Task(name, "pins", "the pins", where, ask, "light", low=0.0, high=1.0, pin=led.pin)
