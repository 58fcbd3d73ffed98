"""Where the parts of a panel lie on the sheet.

    rails │ knobs, jacks │ parts │ lanes │ header │ lanes │ parts │ jacks │ rails

Everything lies on rows. The pins of the header have whole ones and the terminals of the parts
halves between them, so that no two wires ever run along each other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hardware.blocks import (
    ROW,
    SMALL,
    Place,
    feed_room,
)
from hardware.netlist import Feed, Part, Rail, Sub, far_names
from hardware.routing import End, Frame, Net, Side
from hardware.sheet import text_width

EDGE, PIN_ZONE, STEP = 138.0, 52.0, 9.5
BLOCK, SUB_GAP, SUB = 222.0, 24.0, 108.0
MARGIN, HEAD, FOOT = 22.0, 70.0, 96.0
RAIL_PINS: dict[tuple[Side, Rail], int] = {
    (-1, "3.3 V"): 1,
    (1, "3.3 V"): 17,
    (-1, "GND"): 39,
    (1, "GND"): 34,
}


@dataclass(frozen=True)
class Placed:
    """A part with its side and the row of its first terminal."""

    part: Part
    side: Side
    row: int


def place(parts: Sequence[Part]) -> list[Placed]:
    """Each part on the side of its pins; those on a bus where there is more room."""
    sides: dict[Side, list[tuple[float, Part]]] = {-1: [], 1: []}
    heights = {-1: 0, 1: 0}
    for part in sorted(parts, key=lambda part: any(w.kind in ("i2c", "spi") for w in part.wires)):
        rows = [(wire.pin + 1) // 2 for wire in part.wires] or [10]
        left = sum(wire.pin % 2 for wire in part.wires)
        side: Side = -1 if 2 * left >= len(part.wires) else 1
        bus = any(wire.kind in ("i2c", "spi") for wire in part.wires)
        if bus and heights[side] >= heights[-side] + 3:
            side = 1 if side < 0 else -1
        around = bus and 2 * left >= len(part.wires) and side > 0
        sides[side].append((0.0 if around else sum(rows) / len(rows), part))
        heights[side] += _rows(part) + 1
    found = []
    for side, column in sides.items():
        row = (20 - heights[side]) // 2 + 1
        for _, part in sorted(column, key=lambda pair: pair[0]):
            found.append(Placed(part, side, row))
            row += _rows(part) + 1
    return found


def _rows(part: Part) -> int:
    return max(len(part.wires), len(part.others), 1)


def measure(placed: Sequence[Placed]) -> tuple[float, Frame, float, float, float]:
    """The header's middle, the room for wires, the sheet's size, and the height of row 0."""
    away = EDGE + _label_zone(placed)
    reach = {side: _reach(side, placed, away) for side in (-1, 1)}
    first = min([item.row for item in placed] + [0])
    last = max([item.row + _rows(item.part) for item in placed] + [20])
    tracks = 4 * STEP + 16
    lift = HEAD + tracks + 80 - first * ROW
    bottom = lift + last * ROW + 8
    width = reach[-1] + reach[1] + 2 * MARGIN
    frame = Frame(
        middle=MARGIN + reach[-1],
        edge=EDGE,
        lanes=away,
        top=lift + first * ROW - 86,
        bottom=bottom,
        halfway=lift + 10 * ROW,
        step=STEP,
    )
    return frame.middle, frame, width, bottom + tracks + FOOT, lift


def _label_zone(placed: Sequence[Placed]) -> float:
    parts = [item.part for item in placed]
    names = [name for part in parts for name in far_names(part, parts).values()]
    return max((text_width(name, SMALL) for name in names), default=60.0) + 12.0


def _lane_count(side: Side, placed: Sequence[Placed]) -> int:
    """How many lanes a side has at most: its own pins', those that come round, and the rails'."""
    pins = {wire.pin for item in placed for wire in item.part.wires}
    here = {w.pin for item in placed if item.side == side for w in item.part.wires}
    own = {pin for pin in pins if (pin % 2 == 1) == (side < 0)}
    rails = sum((pin % 2 == 1) == (side < 0) for pin in RAIL_PINS.values())
    return len(here | own) + rails


def _block_start(side: Side, placed: Sequence[Placed], away: float) -> float:
    return away + STEP * _lane_count(side, placed) + PIN_ZONE


def _has_subs(side: Side, placed: Sequence[Placed]) -> bool:
    return any(isinstance(o, Sub) for i in placed if i.side == side for o in i.part.others)


def _rail_start(side: Side, placed: Sequence[Placed], away: float) -> float:
    start = _block_start(side, placed, away) + BLOCK
    return start + (SUB_GAP + SUB if _has_subs(side, placed) else 0.0) + _rail_room(side, placed)


def _rail_room(side: Side, placed: Sequence[Placed]) -> float:
    """Between the outermost boxes and the rail; resistors of parts have the room of the knobs."""
    here = [other for item in placed if item.side == side for other in item.part.others]
    subs = [other for other in here if isinstance(other, Sub)]
    feeds = [feed for sub in subs for feed in sub.feeds] or [
        other for other in here if isinstance(other, Feed)
    ]
    return feed_room(feeds)


def _reach(side: Side, placed: Sequence[Placed], away: float) -> float:
    return _rail_start(side, placed, away) + 34.0


def spot_of(
    item: Placed, middle: float, frame: Frame, lift: float, placed: Sequence[Placed]
) -> Place:
    start = _block_start(item.side, placed, frame.lanes)
    rail = _rail_start(item.side, placed, frame.lanes)
    y = lift + (item.row - 0.5) * ROW
    return Place(item.side, middle, start, start + BLOCK, SUB_GAP, SUB, rail, y, _rows(item.part))


def nets_of(
    spots: Sequence[tuple[Placed, Place]], frame: Frame, lift: float, placed: Sequence[Placed]
) -> list[Net]:
    ends: dict[int, list[End]] = {}
    for item, spot in spots:
        for i, wire in enumerate(item.part.wires):
            ends.setdefault(wire.pin, []).append(End(item.side, spot.inner, spot.y + i * ROW))
    rails: dict[int, End] = {}
    for (side, rail), pin in RAIL_PINS.items():
        feeds = [f for i in placed if i.side == side for f in _feeds(i.part) if f.rail == rail]
        if feeds:
            away = _rail_start(side, placed, frame.lanes) + (0.0 if rail == "3.3 V" else 20.0)
            rails[pin] = End(side, away, 0.0)
    nets = []
    for pin in sorted({*ends, *rails}):
        own: Side = -1 if pin % 2 else 1
        y = lift + ((pin + 1) // 2 - 1) * ROW
        nets.append(Net(pin, own, y, tuple(ends.get(pin, ())), rails.get(pin)))
    return nets


def _feeds(part: Part) -> Iterator[Feed]:
    for other in part.others:
        yield from (other,) if isinstance(other, Feed) else other.feeds
