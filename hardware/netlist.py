"""From a profile to what is connected with what: the parts, their terminals, and where each goes.

This is the electronics; where things lie on paper is the business of `sheet`. A part has terminals
that go to pins of the header, and others that go to one of the two rails or to a smaller part:

    header pin ──── MCP3008 ──── knob ──── rails 3.3 V and GND
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from device.control.panel.profile import AnalogProfile, PanelProfile, named
from hardware.boards import Board

Rail = Literal["3.3 V", "GND"]
Kind = Literal["spi", "i2c", "encoder", "button", "light", "power", "ground", "signal"]
Glyph = Literal["", "encoder", "button", "light", "transistor"]
LIGHT_OHM = "470 Ω"
_ADDR = {0x48: "GND", 0x49: "3.3 V", 0x4A: "SDA", 0x4B: "SCL"}


@dataclass(frozen=True)
class Wire:
    """A terminal of a part that goes to a pin of the header, by place."""

    terminal: str
    pin: int
    kind: Kind


@dataclass(frozen=True)
class Feed:
    """A terminal that goes to a rail, perhaps through a resistor."""

    terminal: str
    rail: Rail
    through: str = ""


@dataclass(frozen=True)
class Sub:
    """A knob or a jack on a channel of a converter."""

    name: str
    channel: str
    terminal: str
    """What of it goes to the channel: the wiper of a knob, the tip of a jack."""
    feeds: tuple[Feed, ...]
    note: str = ""


@dataclass(frozen=True)
class Part:
    """One part: what it is, what goes to the header, and what goes elsewhere, from the top down."""

    name: str
    wires: tuple[Wire, ...]
    others: tuple[Feed | Sub, ...]
    note: str = ""
    glyph: Glyph = ""


def netlist(panel: PanelProfile, board: Board) -> tuple[Part, ...]:
    """Every part of a panel on a board.

    Raises:
        ValueError: if the board's header has not the pin or the bus that the panel names.
    """
    parts = (
        *_encoders(panel, board),
        *_converters(panel, board),
        *_sensors(panel, board),
        *_buttons(panel, board),
        *_lights(panel, board),
    )
    _one_wire_a_pin(parts, board)
    return parts


def far_names(part: Part, parts: Sequence[Part]) -> dict[int, str]:
    """What is written at the header's end of each wire: where it goes."""
    names = {}
    for wire in part.wires:
        others = [p for p in parts if any(w.pin == wire.pin for w in p.wires)]
        alone = len(part.wires) == 1
        short, _, where = part.name.partition(" at ")
        if where and sum(other.name.startswith(short) for other in parts) > 1:
            short = where
        if len(others) > 1:
            names[wire.pin] = f"{_plain(wire.terminal)} of {len(others)} parts"
        else:
            names[wire.pin] = short if alone else f"{short} {_plain(wire.terminal)}"
    return names


def _plain(terminal: str) -> str:
    """A terminal's name without the leg of the chip that it is."""
    return terminal.split(" (")[0]


def _one_wire_a_pin(parts: tuple[Part, ...], board: Board) -> None:
    """A profile may name the pins of its own buses, which no other check sees."""
    held: dict[int, tuple[str, str]] = {}
    shared = ("spi", "i2c")
    for part in parts:
        for wire in part.wires:
            before = held.setdefault(wire.pin, (part.name, wire.kind))
            select = wire.terminal.startswith("CS (10)")
            if before[0] != part.name and (
                select or wire.kind not in shared or before[1] != wire.kind
            ):
                raise ValueError(
                    f"pin {wire.pin} of the {board.title} is wanted by {before[0]} and "
                    f"{part.name}; give one of them another pin"
                )


def _encoders(panel: PanelProfile, board: Board) -> Iterator[Part]:
    for name, encoder in zip(named(panel.encoders, "encoder"), panel.encoders, strict=True):
        pins = {"A": encoder.pin_a, "B": encoder.pin_b, "push 1": encoder.push}
        wires = _to_pins({k: v for k, v in pins.items() if v >= 0}, board, "encoder")
        note = "encoder" if not encoder.event else f"A, B: as in the overlay of {encoder.event}"
        glyph: Glyph = "" if encoder.event else "encoder"
        feeds = [Feed("C" if encoder.push < 0 else "C, push 2", "GND")]
        yield Part(name, wires, (*feeds, *_pull_up(wires, board)), note, glyph)


def _buttons(panel: PanelProfile, board: Board) -> Iterator[Part]:
    for name, button in zip(named(panel.buttons, "button"), panel.buttons, strict=True):
        wires = _to_pins({"1": button.pin}, board, "button")
        other = Feed("2", "GND" if button.active_low else "3.3 V")
        pull = _pull_up(wires, board) if button.active_low else ()
        note = "switch"
        if board.pull_up and not button.active_low:
            note = f"switch; {board.pull_up} from 1 to GND"
        yield Part(name, wires, (other, *pull), note, "button")


def _lights(panel: PanelProfile, board: Board) -> Iterator[Part]:
    for i, led in enumerate(panel.leds, 1):
        shows = ", ".join(led.shows) or "everything"
        if board.weak:
            wires = _to_pins({"gate": led.pin}, board, "light")
            feeds = (Feed("LED +", "3.3 V", LIGHT_OHM), Feed("source", "GND"))
            yield Part(f"light/{i}", wires, feeds, "N-MOSFET; LED – at drain", "transistor")
        else:
            wires = _to_pins({LIGHT_OHM: led.pin}, board, "light")
            feed = Feed("LED –", "GND") if not led.active_low else Feed("LED +", "3.3 V")
            yield Part(f"light/{i}", wires, (feed,), shows, "light")


def _converters(panel: PanelProfile, board: Board) -> Iterator[Part]:
    knobs = [*zip(named(panel.knobs, "knob"), panel.knobs, strict=True)]
    pedals = [*zip(named(panel.pedals, "pedal"), panel.pedals, strict=True)]
    chips: dict[tuple[str, int], list[tuple[int, Sub]]] = {}
    for wanted, make in ((knobs, _knob), (pedals, _jack)):
        for name, analog in wanted:
            where = analog.select if analog.chip == "mcp3008" else analog.address
            on = chips.setdefault((analog.chip, where), [])
            on.append((analog.channel, make(name, analog)))
    for (chip, where), found in sorted(chips.items(), reverse=True):
        subs = tuple(sub for _, sub in sorted(found, key=lambda pair: pair[0]))
        yield (_mcp3008 if chip == "mcp3008" else _ads1115)(panel, board, where, subs)


def _mcp3008(panel: PanelProfile, board: Board, select: int, subs: tuple[Sub, ...]) -> Part:
    bus = board.spi.get(panel.spi_bus)
    if bus is None or select >= len(bus.selects):
        raise ValueError(
            f"the header of a {board.title} has no SPI {panel.spi_bus}.{select}; "
            f"it has SPI {', '.join(map(str, board.spi)) or 'none'}, each with select 0 and 1"
        )
    wires = (
        Wire("DIN (11)", bus.mosi, "spi"),
        Wire("DOUT (12)", bus.miso, "spi"),
        Wire("CLK (13)", bus.sclk, "spi"),
        Wire("CS (10)", bus.selects[select], "spi"),
    )
    feeds: tuple[Feed | Sub, ...] = (
        Feed("VDD VREF (16 15)", "3.3 V"),
        *subs,
        Feed("AGND DGND (14 9)", "GND"),
    )
    return Part(
        f"MCP3008 at SPI {panel.spi_bus}.{select}", wires, feeds, "legs in brackets; 100 nF"
    )


def _ads1115(panel: PanelProfile, board: Board, address: int, subs: tuple[Sub, ...]) -> Part:
    note = f"ADDR to {_ADDR[address]}"
    feeds: tuple[Feed | Sub, ...] = (Feed("VDD", "3.3 V"), *subs, Feed("GND", "GND"))
    return Part(f"ADS1115 at {address:#x}", _i2c(panel, board), feeds, note)


def _sensors(panel: PanelProfile, board: Board) -> Iterator[Part]:
    power = (Feed("VIN", "3.3 V"), Feed("GND", "GND"))
    for name, distance in zip(named(panel.distances, "distance"), panel.distances, strict=True):
        note = f"VL53L0X at {distance.address:#x}"
        yield Part(name, _i2c(panel, board), power, note)
    for name, motion in zip(named(panel.motions, "motion"), panel.motions, strict=True):
        low = motion.address == 0x68
        feeds = (
            Feed("VCC" if low else "VCC, AD0", "3.3 V"),
            Feed("GND, AD0" if low else "GND", "GND"),
        )
        yield Part(name, _i2c(panel, board), feeds, f"MPU6050 at {motion.address:#x}")
    for i, display in enumerate(panel.displays, 1):
        feeds = (Feed("VCC", "3.3 V"), Feed("GND", "GND"))
        note = f"{display.kind.upper()} at {display.address:#x}"
        yield Part(f"display/{i}", _i2c(panel, board), feeds, note)


def _i2c(panel: PanelProfile, board: Board) -> tuple[Wire, ...]:
    if panel.i2c_bus not in board.i2c:
        raise ValueError(
            f"the header of a {board.title} has no I2C bus {panel.i2c_bus}; "
            f"it has {', '.join(map(str, board.i2c)) or 'none'}"
        )
    sda, scl = board.i2c[panel.i2c_bus]
    return Wire("SDA", sda, "i2c"), Wire("SCL", scl, "i2c")


def _knob(name: str, knob: AnalogProfile) -> Sub:
    return Sub(name, _channel(knob), "wiper", (Feed("", "3.3 V"), Feed("", "GND")))


def _jack(name: str, pedal: AnalogProfile) -> Sub:
    feeds = (Feed("ring", "3.3 V", "1 kΩ"), Feed("sleeve", "GND"))
    return Sub(name, _channel(pedal), "tip", feeds, "100 kΩ from tip to sleeve")


def _channel(analog: AnalogProfile) -> str:
    if analog.chip == "ads1115":
        return f"A{analog.channel}"
    return f"CH{analog.channel} ({analog.channel + 1})"


def _to_pins(pins: dict[str, int], board: Board, kind: Kind) -> tuple[Wire, ...]:
    wires = [Wire(name, board.place_of(pin), kind) for name, pin in pins.items()]
    return tuple(sorted(wires, key=lambda wire: wire.pin))


def _pull_up(wires: tuple[Wire, ...], board: Board) -> tuple[Feed, ...]:
    """A resistor from each terminal to 3.3 V, where the processor has none."""
    if not board.pull_up or not wires:
        return ()
    each = " each" if len(wires) > 1 else ""
    terminals = ", ".join(sorted(wire.terminal for wire in wires))
    return (Feed(terminals, "3.3 V", f"{board.pull_up}{each}"),)
