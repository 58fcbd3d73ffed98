"""What is on a sheet of paper: lines, boxes and labels, and whether they lie upon each other.

Lengths are in units of the drawing; 5 of them are a millimetre or a little more on A4.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal, NamedTuple

Point = tuple[float, float]
Anchor = Literal["start", "middle", "end"]
_WIDE, _NARROW = frozenset("MWmw@%"), frozenset("iljftrI.,:;|'()[] /1")


class Box(NamedTuple):
    """A rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        """Whether two share more than an edge."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def text_width(text: str, size: float, bold: bool = False) -> float:
    """How wide a text is at most, in any of the usual sans-serif faces."""
    ems = sum(
        0.95 if c in _WIDE else 0.42 if c in _NARROW else 0.76 if c.isupper() else 0.62
        for c in text
    )
    return size * ems * (1.07 if bold else 1.0)


@dataclass(frozen=True)
class Label:
    """A text; `at` is where its baseline starts, has its middle, or ends."""

    text: str
    at: Point
    size: float = 12.0
    anchor: Anchor = "start"
    bold: bool = False
    colour: str = "#000000"

    @property
    def box(self) -> Box:
        """The room it takes."""
        width = text_width(self.text, self.size, self.bold)
        left = self.at[0] - {"start": 0.0, "middle": 0.5, "end": 1.0}[self.anchor] * width
        return Box(left, self.at[1] - 0.75 * self.size, left + width, self.at[1] + 0.22 * self.size)


@dataclass(frozen=True)
class Line:
    """A wire or a part of one: all lines of one `net` are connected."""

    net: str
    points: tuple[Point, ...]
    colour: str
    width: float = 2.0
    dash: str = ""

    def pieces(self) -> Iterator[tuple[Point, Point]]:
        """Its straight pieces."""
        return zip(self.points, self.points[1:], strict=False)


@dataclass(frozen=True)
class Shape:
    """An outline: a rectangle, or any path of SVG."""

    path: str
    fill: str = "none"
    stroke: str = "#000000"
    width: float = 1.4


@dataclass
class Sheet:
    """Everything on one sheet, in the order it is drawn in."""

    width: float = 0.0
    height: float = 0.0
    title: str = ""
    lines: list[Line] = field(default_factory=list)
    dots: list[tuple[str, Point, str]] = field(default_factory=list)
    """Where lines of one net are joined: the net, where, and the colour."""
    shapes: list[Shape] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    parts: dict[str, Box] = field(default_factory=dict)
    """The box of each part: no wire goes through it."""

    def box(self, box: Box, fill: str = "#ffffff", width: float = 1.4) -> None:
        """Draw a rectangle."""
        path = f"M{box.left:g} {box.top:g}H{box.right:g}V{box.bottom:g}H{box.left:g}Z"
        self.shapes.append(Shape(path, fill, width=width))


def labels_upon_another(labels: Sequence[Label]) -> list[tuple[str, str]]:
    """Every two labels that overlap."""
    return [(a.text, b.text) for a, b in combinations(labels, 2) if a.box.meets(b.box)]


def lines_along_another(lines: Sequence[Line]) -> list[tuple[str, str]]:
    """Every two lines of different nets that run along each other for a while; crossings may be."""
    found = []
    pieces = [(line.net, *piece) for line in lines for piece in line.pieces()]
    for (net, a, b), (other, c, d) in combinations(pieces, 2):
        if net != other and any(_along(i, a, b, c, d) for i in (0, 1)):
            found.append((net, other))
    return found


def lines_through_parts(sheet: Sheet) -> list[tuple[str, str]]:
    """Every line that goes through the box of a part, instead of to its edge."""
    return [
        (line.net, name)
        for line in sheet.lines
        for (ax, ay), (bx, by) in line.pieces()
        for name, box in sheet.parts.items()
        if Box(min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)).meets(box)
    ]


def _along(i: int, a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether two pieces lie on the same line in direction `i` and share more than a point."""
    j = 1 - i
    same = a[j] == b[j] and c[j] == d[j] and abs(a[j] - c[j]) < 3.0
    overlap = min(max(a[i], b[i]), max(c[i], d[i])) - max(min(a[i], b[i]), min(c[i], d[i]))
    return same and overlap > 0.5 and a[i] != b[i] and c[i] != d[i]
