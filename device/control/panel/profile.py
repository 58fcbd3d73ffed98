"""What is on a panel: the `[panel]` part of `hardware/<box>/profile.toml`, and what cannot be.

Pins are numbered as the processor does ("BCM" in Raspberry Pi's words; a Jetson's 40-pin header
takes the same numbers). A name that is left out is the kind and the place in the list: knob/1.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Lost = Literal["hold", "default"]
"""What a control says when its chip stops answering: nothing, so that its last value holds, or its
default. One that never answered always says its default."""

NAME = re.compile(r"[a-z0-9_]+(/[a-z0-9_]+)*")


@dataclass(frozen=True)
class AnalogProfile:
    """One knob, or one expression pedal: a voltage on a channel of a converter."""

    channel: int
    """0..7 of an MCP3008, 0..3 of an ADS1115."""
    name: str = ""
    chip: Literal["mcp3008", "ads1115"] = "mcp3008"
    select: int = 0
    """MCP3008: which chip-select line of the SPI bus."""
    address: int = 0x48
    """ADS1115: where on the I2C bus."""
    default: float = 0.5
    lost: Lost = "hold"


@dataclass(frozen=True)
class EncoderProfile:
    """One rotary encoder, read from two pins, or decoded by the kernel and read as events."""

    name: str = ""
    pin_a: int = -1
    pin_b: int = -1
    event: str = ""
    """The kernel's name of it, such as "rotary@11", or /dev/input/event0; then no pins."""
    push: int = -1
    """The pin of its switch, heard as <name>/push; -1: none."""
    detents: int = 40
    """From 0 to 1."""
    quarters: Literal[1, 2, 4] = 4
    """Changes of the pins from one detent to the next."""
    wrap: bool = False
    """Whether it goes on from 1 at 0, or stops there."""
    default: float = 0.5


@dataclass(frozen=True)
class ButtonProfile:
    """One button or footswitch between a pin and ground."""

    pin: int
    name: str = ""
    kind: Literal["momentary", "latching"] = "momentary"
    """momentary: 1 while it is held. latching: each press turns 0 into 1 or 1 into 0."""
    debounce_ms: float = 5.0
    """A change is believed once it has lasted as long as this."""
    long_ms: float = 0.0
    """Held as long as this, <name>/long is 1 until it is let go; 0: never."""
    double_ms: float = 0.0
    """Pressed twice within this, <name>/double is 1 until it is let go; 0: never."""
    at_start: bool = False
    """Whether it counts if it is down when it is first looked at, as nobody presses anything then.
    Otherwise it has to be let go first: a wire that is off, or a shoe, is no press."""
    active_low: bool = True
    """Whether it connects the pin to ground; otherwise to 3.3 V."""


@dataclass(frozen=True)
class DistanceProfile:
    """One VL53L0X: how far away a hand is. `near_mm` is 0, `far_mm` and nothing there are 1."""

    name: str = ""
    address: int = 0x29
    near_mm: float = 40.0
    far_mm: float = 600.0
    default: float = 1.0
    lost: Lost = "default"


@dataclass(frozen=True)
class MotionProfile:
    """One MPU6050, heard as <name>/pitch, <name>/roll and <name>/energy."""

    name: str = ""
    address: int = 0x68
    range_deg: float = 90.0
    """Pitch and roll of this much are 1, of minus this much 0; level is 0.5."""
    range_g: float = 1.0
    """Movement of this much beyond gravity is an energy of 1."""
    default: float = 0.5
    """Of pitch and roll; that of energy is 0."""
    lost: Lost = "default"


@dataclass(frozen=True)
class LedProfile:
    """One light between a pin, a resistor and ground."""

    pin: int
    shows: tuple[str, ...] = ()
    """Which of starting, playing, recording, rung and trouble it shows; empty: all."""
    active_low: bool = False


@dataclass(frozen=True)
class DisplayProfile:
    """One small display on I2C; see `device.oled`."""

    kind: Literal["ssd1306", "sh1106"] = "ssd1306"
    """Its chip: most of 0.96 inch have the one, most of 1.3 inch the other."""
    address: int = 0x3C
    width: int = 128
    height: Literal[32, 64] = 64
    """In points."""
    upside_down: bool = False


@dataclass(frozen=True)
class PanelProfile:
    """Everything on one panel. All lists empty: none."""

    spi_bus: int = 0
    i2c_bus: int = 1
    rate_hz: float = 250.0
    """How often knobs and buttons are read."""
    knobs: tuple[AnalogProfile, ...] = ()
    pedals: tuple[AnalogProfile, ...] = ()
    encoders: tuple[EncoderProfile, ...] = ()
    buttons: tuple[ButtonProfile, ...] = ()
    distances: tuple[DistanceProfile, ...] = ()
    motions: tuple[MotionProfile, ...] = ()
    leds: tuple[LedProfile, ...] = ()
    displays: tuple[DisplayProfile, ...] = ()


LED_STATES = ("starting", "playing", "recording", "rung", "trouble")

PANEL_RANGES: dict[str, tuple[float, float]] = {
    "panel.spi_bus": (0, 15),
    "panel.i2c_bus": (0, 31),
    "panel.rate_hz": (20, 1000),
    **{
        f"panel.{kind}.{key}": limits
        for kind in ("knobs", "pedals")
        for key, limits in {
            "channel": (0, 7),
            "select": (0, 3),
            "address": (0x48, 0x4B),
            "default": (0, 1),
        }.items()
    },
    "panel.encoders.pin_a": (-1, 255),
    "panel.encoders.pin_b": (-1, 255),
    "panel.encoders.push": (-1, 255),
    "panel.encoders.detents": (2, 10_000),
    "panel.encoders.default": (0, 1),
    "panel.buttons.pin": (0, 255),
    "panel.buttons.debounce_ms": (0, 100),
    "panel.buttons.long_ms": (0, 10_000),
    "panel.buttons.double_ms": (0, 2_000),
    "panel.distances.address": (0x08, 0x77),
    "panel.distances.near_mm": (0, 2_000),
    "panel.distances.far_mm": (1, 2_000),
    "panel.distances.default": (0, 1),
    "panel.motions.address": (0x68, 0x69),
    "panel.motions.range_deg": (1, 180),
    "panel.motions.range_g": (0.05, 1.0),
    "panel.motions.default": (0, 1),
    "panel.leds.pin": (0, 255),
    "panel.displays.address": (0x3C, 0x3D),
    "panel.displays.width": (64, 128),
}

_KINDS = {
    "knobs": "knob",
    "pedals": "pedal",
    "encoders": "encoder",
    "buttons": "button",
    "distances": "distance",
    "motions": "motion",
}


def named(profiles: Sequence[object], kind: str) -> list[str]:
    """The names of one list's controls: their own, or the kind and the place in the list."""
    return [getattr(item, "name", "") or f"{kind}/{i}" for i, item in enumerate(profiles, 1)]


def panel_problems(panel: PanelProfile) -> list[str]:
    """What cannot be although each value by itself can: pins used twice, names used twice, …"""
    problems = [*_names(panel), *_pins(panel), *_channels(panel)]
    for i, distance in enumerate(panel.distances, 1):
        if distance.near_mm >= distance.far_mm:
            problems.append(f"panel.distances[{i}].near_mm is not below its far_mm")
    for i, led in enumerate(panel.leds, 1):
        problems += [
            f"panel.leds[{i}].shows has {state!r}; it may have {', '.join(LED_STATES)}"
            for state in led.shows
            if state not in LED_STATES
        ]
    return problems


def _names(panel: PanelProfile) -> Iterator[str]:
    first: dict[str, str] = {}
    for list_name, kind in _KINDS.items():
        for i, name in enumerate(named(getattr(panel, list_name), kind), 1):
            place = f"panel.{list_name}[{i}]"
            if not NAME.fullmatch(name):
                yield f"{place}.name is {name!r}; write it as knob/1: lower case, parts by /"
            elif name in first:
                yield f"{place}.name is {name}, as {first[name]} is called"
            first.setdefault(name, place)


def _pins(panel: PanelProfile) -> Iterator[str]:
    used: dict[int, str] = {}
    wanted: list[tuple[str, int]] = []
    for i, encoder in enumerate(panel.encoders, 1):
        place = f"panel.encoders[{i}]"
        pins = (encoder.pin_a, encoder.pin_b)
        if encoder.event and max(pins) >= 0:
            yield f"{place} has an event and pins; the kernel holds the pins, so leave them out"
        elif not encoder.event and min(pins) < 0:
            yield f"{place} needs pin_a and pin_b, or an event"
        wanted += [(f"{place}.pin_a", encoder.pin_a), (f"{place}.pin_b", encoder.pin_b)]
        wanted.append((f"{place}.push", encoder.push))
    wanted += [(f"panel.buttons[{i}].pin", b.pin) for i, b in enumerate(panel.buttons, 1)]
    wanted += [(f"panel.leds[{i}].pin", led.pin) for i, led in enumerate(panel.leds, 1)]
    for place, pin in wanted:
        if pin >= 0 and pin in used:
            yield f"{place} is {pin}, as {used[pin]} is"
        used.setdefault(pin, place)


def _channels(panel: PanelProfile) -> Iterator[str]:
    used: dict[tuple[str, int, int], str] = {}
    for list_name in ("knobs", "pedals"):
        for i, knob in enumerate(getattr(panel, list_name), 1):
            place = f"panel.{list_name}[{i}].channel"
            if knob.chip == "ads1115" and knob.channel > 3:
                yield f"{place} is {knob.channel}, outside 0..3 of an ADS1115"
            line = knob.select if knob.chip == "mcp3008" else knob.address
            key = (knob.chip, line, knob.channel)
            if key in used:
                yield f"{place} is {knob.channel}, as {used[key]} of the same chip is"
            used.setdefault(key, place)
    at: dict[int, str] = {}
    chips = [
        *((k.address, "an ADS1115") for k in (*panel.knobs, *panel.pedals) if k.chip == "ads1115"),
        *((d.address, f"panel.distances[{i}]") for i, d in enumerate(panel.distances, 1)),
        *((d.address, f"panel.displays[{i}]") for i, d in enumerate(panel.displays, 1)),
        *((m.address, f"panel.motions[{i}]") for i, m in enumerate(panel.motions, 1)),
    ]
    for address, who in chips:
        if at.setdefault(address, who) != who:
            yield f"{who} is at I2C address {address:#x}, as {at[address]} is"
