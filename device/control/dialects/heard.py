"""What a dialect makes of one OSC message, and what a dialect is."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Argument = int | float | str | bool


class Number(NamedTuple):
    """One named number, 0..1."""

    name: str
    value: float


class Part(NamedTuple):
    """A part of a frame of landmarks, or all of it: a frame is an array `[points, axes]`, 0..1.

    Apps send a hand point by point, or all x and then all y. The part that holds point 0's x begins
    a frame; the frame is whole when each of its numbers has come.
    """

    name: str
    shape: tuple[int, int]
    points: slice
    axes: slice
    values: NDArray[np.float64]
    """as many points and axes as the slices name"""


class Command(NamedTuple):
    """Something to do, by its name, with what was sent along."""

    name: str
    arguments: tuple[int | float | str, ...] = ()


Heard = tuple[Number | Part | Command, ...]


class Dialect(Protocol):
    """The OSC of one app. Its settings are its fields."""

    @property
    def app(self) -> str:
        """The app's name, for players."""

    @property
    def port(self) -> int:
        """The UDP port that the app sends to unless it is told another."""

    def read(self, address: str, arguments: Sequence[Argument]) -> Heard | None:
        """What a message says; None if its address is not one of this dialect.

        Raises:
            RefusedError: the address is, but the arguments are not what the app sends.
        """


def whole(name: str, points: NDArray[np.float64]) -> Part:
    """A frame `[points, axes]` that came in one message."""
    count, axes = points.shape
    return Part(name, (count, axes), slice(0, count), slice(0, axes), points)
