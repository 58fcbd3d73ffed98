"""Reducers: a frame of landmarks becomes the few numbers that a hand can aim with.

    pick       some points as they are           scale      how large the whole is
    centre     the middle of all points          distance   how far two points are apart

Frames are `[points, axes]`, axes x, y and perhaps z, each 0..1; so is every number that comes out.
Scale and distance measure in widths of the picture: one that is not square needs its `aspect`,
width divided by height, or a hand grows when it turns. PCA, which is learned, is in
`device/control/pca.py`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from device.errors import ControlError

Axes = Literal["x", "y", "z", "xy", "xz", "yz", "xyz"]
AXES = "xyz"


class Reducer(Protocol):
    """Settings that turn a frame into a few numbers, always as many. All of JSON's kind."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """What each number is called, after the name of the frame."""

    def reduce(self, frame: NDArray[np.float64]) -> NDArray[np.float64]:
        """The numbers of a frame `[points, axes]`, 0..1, as many as `suffixes`.

        Raises:
            ControlError: the frame has not the points or axes that are asked for.
        """


@dataclass(frozen=True)
class Pick:
    """Some points, one after the other, as they are."""

    points: tuple[int, ...]
    axes: Axes = "xy"
    kind: Literal["pick"] = "pick"

    def __post_init__(self) -> None:
        _check_points(self.points, "pick")
        _check_axes(self.axes)

    @property
    def suffixes(self) -> tuple[str, ...]:
        return tuple(f"{point}_{axis}" for point in self.points for axis in self.axes)

    def reduce(self, frame: NDArray[np.float64]) -> NDArray[np.float64]:
        picked = _points(frame, self.points)[:, _columns(frame, self.axes)]
        return np.clip(picked.ravel(), 0.0, 1.0)


@dataclass(frozen=True)
class Centre:
    """The mean of all points."""

    axes: Axes = "xy"
    kind: Literal["centre"] = "centre"

    def __post_init__(self) -> None:
        _check_axes(self.axes)

    @property
    def suffixes(self) -> tuple[str, ...]:
        return tuple(f"centre_{axis}" for axis in self.axes)

    def reduce(self, frame: NDArray[np.float64]) -> NDArray[np.float64]:
        middle: NDArray[np.float64] = frame[:, _columns(frame, self.axes)].mean(axis=0)
        return np.clip(middle, 0.0, 1.0)


@dataclass(frozen=True)
class Scale:
    """The mean distance of the points from their centre; `full` of it is 1. Turning is not seen."""

    full: float = 0.5
    aspect: float = 1.0
    kind: Literal["scale"] = "scale"

    def __post_init__(self) -> None:
        _check_above_0("full", self.full)
        _check_above_0("aspect", self.aspect)

    @property
    def suffixes(self) -> tuple[str, ...]:
        return ("scale",)

    def reduce(self, frame: NDArray[np.float64]) -> NDArray[np.float64]:
        points = _square(frame, self.aspect)
        away = np.linalg.norm(points - points.mean(axis=0), axis=1)
        return np.clip([away.mean() / self.full], 0.0, 1.0)


@dataclass(frozen=True)
class Distance:
    """How far two points are apart; `full` of it is 1."""

    a: int
    b: int
    full: float = 0.35
    aspect: float = 1.0
    kind: Literal["distance"] = "distance"

    def __post_init__(self) -> None:
        _check_points((self.a, self.b), "distance")
        _check_above_0("full", self.full)
        _check_above_0("aspect", self.aspect)

    @property
    def suffixes(self) -> tuple[str, ...]:
        return (f"distance_{self.a}_{self.b}",)

    def reduce(self, frame: NDArray[np.float64]) -> NDArray[np.float64]:
        a, b = _square(_points(frame, (self.a, self.b)), self.aspect)
        return np.clip([np.linalg.norm(a - b) / self.full], 0.0, 1.0)


def _square(frame: NDArray[np.float64], aspect: float) -> NDArray[np.float64]:
    """The frame with all its axes in widths of the picture; z is that already."""
    return frame / np.array([1.0, aspect, 1.0])[: frame.shape[1]]


def _points(frame: NDArray[np.float64], points: tuple[int, ...]) -> NDArray[np.float64]:
    if max(points) >= len(frame):
        raise ControlError(
            f"point {max(points)} was asked for; this frame has points 0 to {len(frame) - 1}"
        )
    return frame[list(points)]


def _columns(frame: NDArray[np.float64], axes: str) -> list[int]:
    columns = [AXES.index(axis) for axis in axes]
    if max(columns) >= frame.shape[1]:
        raise ControlError(
            f"axes {axes} were asked for; this frame has {AXES[: frame.shape[1]]} only"
        )
    return columns


def _check_points(points: Sequence[int], kind: str) -> None:
    # `bool` is an int to Python, and no point to a player.
    if not (
        isinstance(points, tuple) and points and all(type(p) is int and p >= 0 for p in points)
    ):
        raise ControlError(f"{kind} was given the points {points!r}; they are whole, from 0 on")
    if len(set(points)) < len(points):
        raise ControlError(f"{kind} was given the points {points!r}; each may be there once")


def _check_axes(axes: str) -> None:
    if axes not in ("x", "y", "z", "xy", "xz", "yz", "xyz"):
        raise ControlError(f"axes were given as {axes!r}; they are of x, y and z, in this order")


def _check_above_0(name: str, value: float) -> None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (number and math.isfinite(value) and value > 0):
        raise ControlError(f"{name} was given as {value!r}; it is a number above 0")
