"""Where the wires run between the header and the parts: each in a lane of its own.

    part ──────────┐ lane        ┌──── header pin
    part ────●─────┼─────────────┘
             │     │                   a wire to the other side goes round over the
         lane of another               header's top or bottom, on a track of its own

Which lane is whose is chosen so that few wires cross: each in turn is tried in every other place.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from hardware.sheet import Point

Side = Literal[-1, 1]
"""-1: left of the header; 1: right."""


@dataclass(frozen=True)
class End:
    """One terminal: on which side, how far from the middle of the header, and how high."""

    side: Side
    away: float
    y: float


@dataclass(frozen=True)
class Net:
    """A pin of the header and the terminals that it goes to. `rail` has ends on a track only."""

    pin: int
    side: Side
    y: float
    ends: tuple[End, ...] = ()
    rail: End | None = None

    @property
    def sides(self) -> set[Side]:
        """Where it has a lane."""
        return {self.side} | {end.side for end in self.ends}

    @property
    def rounds(self) -> bool:
        """Whether it needs a track over or under the header."""
        return self.rail is not None or any(end.side != self.side for end in self.ends)


class Frame(NamedTuple):
    """The room for wires: distances from the header's middle, and heights."""

    middle: float
    edge: float
    """From the middle to where wires leave the header."""
    lanes: float
    """From the middle to the first lane."""
    top: float
    """Above it are the tracks."""
    bottom: float
    halfway: float
    """Pins above it go round over the top."""
    step: float


@dataclass
class Order:
    """Who has which lane and track, from the header outwards."""

    lanes: dict[Side, list[int]] = field(default_factory=dict)
    tracks: dict[Side, list[int]] = field(default_factory=dict)
    """-1: over the top; 1: under the bottom."""


Pieces = list[tuple[Point, Point]]


SIDES: tuple[Side, Side] = (-1, 1)


def order(nets: Sequence[Net], frame: Frame) -> Order:
    """Lanes and tracks with few crossings, found from the order of the pins."""
    found = Order()
    for side in SIDES:
        found.lanes[side] = [net.pin for net in nets if side in net.sides]
        found.tracks[side] = [
            net.pin for net in nets if net.rounds and (net.y > frame.halfway) == (side > 0)
        ]
    best = _crossings(nets, frame, found)
    for _ in range(6):
        before = best
        for places in (*found.lanes.values(), *found.tracks.values()):
            for i in range(len(places)):
                for j in [j for j in range(len(places)) if j != i]:
                    moved = places[:i] + places[i + 1 :]
                    moved.insert(j, places[i])
                    kept, places[:] = places[:], moved
                    now = _crossings(nets, frame, found)
                    if now < best:
                        best = now
                    else:
                        places[:] = kept
        if best == before:
            break
    return found


def route(net: Net, frame: Frame, chosen: Order) -> Pieces:
    """The straight pieces of a net."""
    lanes = {side: _lane(net, side, frame, chosen) for side in net.sides}
    own = lanes[net.side]
    pieces: Pieces = [((frame.middle + net.side * frame.edge, net.y), (own, net.y))]
    heights: Mapping[Side, list[float]] = {side: [] for side in net.sides}
    heights[net.side].append(net.y)
    if net.rounds:
        track = _track(net, frame, chosen)
        heights[net.side].append(track)
        for side, lane in lanes.items():
            if side != net.side:
                heights[side].append(track)
                pieces.append(((own, track), (lane, track)))
        if net.rail is not None:
            pieces.append(((own, track), (frame.middle + net.rail.side * net.rail.away, track)))
    for end in net.ends:
        heights[end.side].append(end.y)
        pieces.append(((lanes[end.side], end.y), (frame.middle + end.side * end.away, end.y)))
    for side, ys in heights.items():
        if max(ys) > min(ys):
            pieces.append(((lanes[side], min(ys)), (lanes[side], max(ys))))
    return pieces


def joints(pieces: Pieces) -> list[Point]:
    """Where three or more pieces of a net meet."""
    points = {point for piece in pieces for point in piece}
    return sorted(point for point in points if sum(_arms(point, piece) for piece in pieces) >= 3)


def _arms(point: Point, piece: tuple[Point, Point]) -> int:
    (ax, ay), (bx, by) = piece
    if point in piece:
        return 1
    on_x = ax == bx == point[0] and min(ay, by) < point[1] < max(ay, by)
    on_y = ay == by == point[1] and min(ax, bx) < point[0] < max(ax, bx)
    return 2 if on_x or on_y else 0


def _lane(net: Net, side: Side, frame: Frame, chosen: Order) -> float:
    place = chosen.lanes[side].index(net.pin)
    return frame.middle + side * (frame.lanes + place * frame.step)


def _track(net: Net, frame: Frame, chosen: Order) -> float:
    for side in SIDES:
        start = frame.top if side < 0 else frame.bottom
        if net.pin in chosen.tracks[side]:
            return start + side * frame.step * chosen.tracks[side].index(net.pin)
    raise ValueError(f"pin {net.pin} does not go round")


def _crossings(nets: Sequence[Net], frame: Frame, chosen: Order) -> int:
    across: list[tuple[int, float, float, float]] = []
    down: list[tuple[float, int, float, float]] = []
    for net in nets:
        for (ax, ay), (bx, by) in route(net, frame, chosen):
            if ay == by:
                across.append((net.pin, ay, min(ax, bx), max(ax, bx)))
            else:
                down.append((ax, net.pin, min(ay, by), max(ay, by)))
    down.sort()
    lanes = [x for x, *_ in down]
    return sum(
        top < y < bottom and pin != other
        for pin, y, left, right in across
        for _, other, top, bottom in down[bisect_right(lanes, left) : bisect_left(lanes, right)]
    )
