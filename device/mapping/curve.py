"""Curves from 0..1 to 0..1: how a movement is spread over what it moves.

    linear        exponential, bend 3     s, bend 3            table
    1 ┤    ╱      1 ┤      │              1 ┤    ╭──           1 ┤     ╱
      │  ╱          │     ╱                 │   │                │ ╭──╯
    0 ┤╱          0 ┤╶──╯                 0 ┤╶──╯              0 ┤╯

Every curve is 0 at 0, 1 at 1, exactly, and falls nowhere: a control's ends stay its ends.
"""

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

MAX_BEND = 12.0
MAX_POINTS = 64


@dataclass(frozen=True)
class Curve:
    """A curve by its kind and what that kind needs."""

    kind: Literal["linear", "exponential", "s", "table"] = "linear"
    bend: float = 3.0
    """Of `exponential` and `s`, -12..12: above 0 it sets out slowly, below 0 fast; 0 is linear."""
    points: tuple[tuple[float, float], ...] = ()
    """Of `table`: those between (0, 0) and (1, 1), each right of the last and no lower."""

    def at(self, x: float) -> float:
        """The height at `x`. Beyond the ends it is that of the ends; NaN counts as 0."""
        if not x > 0.0:
            return 0.0
        return 1.0 if x >= 1.0 else function(self)(x)


def function(curve: Curve) -> Callable[[float], float]:
    """The curve as a function of 0..1, for what evaluates it often."""
    if curve.kind == "exponential" and curve.bend:
        return _exponential(curve.bend)
    if curve.kind == "s" and curve.bend:
        half = _exponential(curve.bend)
        return lambda x: 0.5 * half(2.0 * x) if x < 0.5 else 1.0 - 0.5 * half(2.0 - 2.0 * x)
    if curve.kind == "table" and curve.points:
        return _table(curve.points)
    return lambda x: x


def problems_of(curve: Curve, where: str) -> list[str]:
    """What a well-formed curve still cannot be; `where` names it."""
    found = []
    if not -MAX_BEND <= curve.bend <= MAX_BEND:
        found.append(f"{where}.bend is {curve.bend:g}, outside {-MAX_BEND:g}..{MAX_BEND:g}")
    if curve.points and curve.kind != "table":
        found.append(f"{where} is {curve.kind} and has points; only a table has them")
    if curve.kind == "table" and not curve.points:
        found.append(f"{where} is a table without points, such as [[0.5, 0.2]]")
    if len(curve.points) > MAX_POINTS:
        return [*found, f"{where} has {len(curve.points)} points; {MAX_POINTS} are allowed"]
    before = (0.0, 0.0)
    for number, point in enumerate(curve.points, 1):
        if len(point) != 2:
            return [*found, f"{where}: point {number} has {len(point)} numbers; give [x, y]"]
        x, y = point
        if not (0.0 < x < 1.0 and 0.0 <= y <= 1.0):
            return [
                *found,
                f"{where}: point {number} is [{x:g}, {y:g}]; points lie between the ends [0, 0] "
                "and [1, 1], which are always there",
            ]
        if x <= before[0] or y < before[1]:
            return [
                *found,
                f"{where}: point {number} is [{x:g}, {y:g}], left of or below the one before it; "
                "a curve goes right and never down",
            ]
        before = point
    return found


def _exponential(bend: float) -> Callable[[float], float]:
    whole, expm1 = math.expm1(bend), math.expm1
    return lambda x: expm1(bend * x) / whole


def _table(points: tuple[tuple[float, float], ...]) -> Callable[[float], float]:
    xs = [0.0, *(x for x, _ in points), 1.0]
    ys = [0.0, *(y for _, y in points), 1.0]

    def at(x: float) -> float:
        right = min(bisect_right(xs, x), len(xs) - 1)
        left = right - 1
        share = (x - xs[left]) / (xs[right] - xs[left])
        # Weighed, not stepped from the left: that is exact at both points.
        return ys[left] * (1.0 - share) + ys[right] * share

    return at
