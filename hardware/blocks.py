"""One part on the sheet: its box, its terminals, and the wires from it to the rails."""

from collections.abc import Iterable
from dataclasses import dataclass

from hardware.netlist import Feed, Part, Rail, Sub
from hardware.routing import Side
from hardware.sheet import Anchor, Box, Label, Line, Shape, Sheet, text_width

ROW = 40.0
HEAD_ROOM, FOOT_ROOM = 50.0, 18.0
BIG, PLAIN, SMALL = 15.0, 13.5, 12.0
"""Sizes of letters: 12 of them are 2.1 mm on A4, 6 points."""
COLOURS = {
    "spi": ("#0072b2", ""),
    "i2c": ("#009e73", "11 3"),
    "encoder": ("#aa4499", "2 3"),
    "button": ("#b35900", "8 3 2 3"),
    "light": ("#3399cc", "5 3"),
    "power": ("#d55e00", ""),
    "ground": ("#000000", ""),
    "signal": ("#555555", ""),
}
"""Colour and dash by kind of wire: M. Okabe and K. Ito's colours for everyone, some darkened to be
told apart in grey, and dashes beside them."""
FEED_COLOURS: dict[Rail, str] = {"3.3 V": "#d55e00", "GND": "#000000"}


@dataclass(frozen=True)
class Place:
    """Where a part lies; distances are from the header's middle, outwards on its side."""

    side: Side
    middle: float
    inner: float
    outer: float
    sub_gap: float
    sub_width: float
    rail: float
    y: float
    """Of its first terminal."""
    rows: int

    def x(self, away: float) -> float:
        """A distance as a place on the sheet."""
        return self.middle + self.side * away

    def box(self, near: float, far: float, top: float, bottom: float) -> Box:
        """A rectangle between two distances."""
        left, right = sorted((self.x(near), self.x(far)))
        return Box(left, top, right, bottom)

    def inwards(self) -> Anchor:
        """The anchor of a text that ends towards the header."""
        return "end" if self.side < 0 else "start"

    def outwards(self) -> Anchor:
        """The anchor of a text that ends away from the header."""
        return "start" if self.side < 0 else "end"

    def rail_x(self, rail: Rail) -> float:
        """Where a rail runs."""
        return self.x(self.rail + (0.0 if rail == "3.3 V" else 20.0))


def draw_block(sheet: Sheet, part: Part, place: Place) -> None:
    """Draw one part with everything on its outer side."""
    bottom = place.y + (place.rows - 1) * ROW + FOOT_ROOM
    box = place.box(place.inner, place.outer, place.y - HEAD_ROOM, bottom)
    sheet.parts[part.name] = box
    sheet.box(box, width=1.8)
    left = min(place.x(place.inner), place.x(place.outer)) + 7
    sheet.labels.append(Label(part.name, (left, place.y - HEAD_ROOM + 18), BIG, bold=True))
    if part.note:
        sheet.labels.append(Label(part.note, (left, place.y - HEAD_ROOM + 34), _fit(part.note)))
    for i, wire in enumerate(part.wires):
        y = place.y + i * ROW
        if part.glyph == "light":
            _resistor(sheet, place, place.inner + 7, y, wire.terminal)
            _diode(sheet, place, y)
        else:
            at = place.x(place.inner + 7), y + 4
            sheet.labels.append(Label(wire.terminal, at, PLAIN, place.inwards()))
    if part.glyph == "button":
        _switch(sheet, place, place.y)
    if part.glyph == "encoder":
        _dial(sheet, box)
    for i, other in enumerate(part.others):
        y = place.y + i * ROW
        if isinstance(other, Feed):
            _feed(sheet, other, place, place.outer, y)
        else:
            _sub(sheet, other, place, y)


def _fit(note: str) -> float:
    """A size at which a note fits a block."""
    return min(SMALL, SMALL * 192.0 / max(text_width(note, SMALL), 1.0))


def _feed(
    sheet: Sheet, feed: Feed, place: Place, start: float, y: float, size: float = PLAIN
) -> None:
    """A wire to a rail, with its terminal's name inside the box it leaves."""
    if feed.terminal:
        at = place.x(start - 7), y + 4
        sheet.labels.append(Label(feed.terminal, at, size, place.outwards()))
    colour, x = FEED_COLOURS[feed.rail], place.rail_x(feed.rail)
    net = f"{feed.rail} {place.side}"
    sheet.lines.append(Line(net, ((place.x(start), y), (x, y)), colour, 2.2))
    sheet.dots.append((net, (x, y), colour))
    if feed.through:
        _resistor(sheet, place, start + 8, y, feed.through)


def feed_room(feeds: Iterable[Feed]) -> float:
    """How far a rail is from the boxes it feeds: resistors lie in between."""
    through = [text_width(feed.through, SMALL) + 8 for feed in feeds if feed.through]
    return 30.0 + (max(through) + 8 if through else 0.0)


def _resistor(sheet: Sheet, place: Place, near: float, y: float, value: str) -> None:
    """A box on a wire with its value inside."""
    width = text_width(value, SMALL) + 8
    sheet.box(place.box(near, near + width, y - 9, y + 9))
    at = place.x(near + width / 2), y + 4
    sheet.labels.append(Label(value, at, SMALL, "middle"))


def _diode(sheet: Sheet, place: Place, y: float) -> None:
    """A light-emitting diode, forwards out of the header."""
    start, end = place.x(place.inner + 68), place.x(place.inner + 84)
    sheet.shapes += [
        Shape(f"M{place.x(place.inner + 56):g} {y:g}H{place.x(place.outer - 54):g}"),
        Shape(f"M{start:g} {y - 8:g}V{y + 8:g}L{end:g} {y:g}Z", "#ffffff"),
        Shape(f"M{end:g} {y - 8:g}V{y + 8:g}"),
    ]


def _switch(sheet: Sheet, place: Place, y: float) -> None:
    """An open contact between terminals 1 and 2."""
    a, b = place.x(place.inner + 58), place.x(place.inner + 92)
    sheet.shapes += [
        Shape(f"M{place.x(place.inner + 24):g} {y:g}H{a:g}L{b:g} {y - 11:g}"),
        Shape(f"M{b:g} {y:g}H{place.x(place.outer - 24):g}"),
    ]


def _dial(sheet: Sheet, box: Box) -> None:
    """The knob of an encoder, with its mark."""
    x, y = box.right - 24, box.top + 21
    circle = f"M{x - 15:g} {y:g}a15 15 0 1 0 30 0a15 15 0 1 0 -30 0Z"
    sheet.shapes += [Shape(circle), Shape(f"M{x:g} {y - 5:g}V{y - 15:g}", width=2.6)]


def _sub(sheet: Sheet, sub: Sub, place: Place, y: float) -> None:
    """A knob or a jack on a channel of a converter."""
    at = place.x(place.outer - 7), y + 4
    sheet.labels.append(Label(sub.channel, at, PLAIN, place.outwards()))
    near = place.outer + place.sub_gap
    far = near + place.sub_width
    colour, _ = COLOURS["signal"]
    net = f"channel {sub.name}"
    sheet.lines.append(Line(net, ((place.x(place.outer), y), (place.x(near), y)), colour))
    knob = sub.terminal == "wiper"
    sheet.parts[sub.name] = place.box(near, far, y - 18, y + 18)
    sheet.box(sheet.parts[sub.name])
    name_at = place.x(near + 6), y + (5 if knob else -3)
    sheet.labels.append(Label(sub.name, name_at, PLAIN, place.inwards(), True))
    if knob:
        _pot(sheet, place, far, y)
    else:
        sheet.labels.append(Label(sub.terminal, (name_at[0], y + 13), SMALL, place.inwards()))
    for feed, dy in zip(sub.feeds, (-9.0, 9.0), strict=True):
        _feed(sheet, feed, place, far, y + dy, SMALL)


def _pot(sheet: Sheet, place: Place, far: float, y: float) -> None:
    """A potentiometer: its ends to the feeds, its wiper towards the channel."""
    x, tip = place.x(far - 18), place.x(far - 24)
    tail = place.x(far - 46)
    sheet.shapes += [
        Shape(f"M{place.x(far):g} {y - 9:g}H{x:g}V{y + 9:g}H{place.x(far):g}"),
        Shape(f"M{x - 5:g} {y - 6:g}H{x + 5:g}V{y + 6:g}H{x - 5:g}Z", "#ffffff"),
        Shape(f"M{tail:g} {y:g}H{tip:g}"),
        Shape(f"M{tip:g} {y - 4:g}V{y + 4:g}L{place.x(far - 22):g} {y:g}Z", "#000000"),
    ]
