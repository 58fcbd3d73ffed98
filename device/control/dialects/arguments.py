"""Arguments of a message, checked, and brought from a declared range to 0..1."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from device.control.dialects.heard import Argument
from device.control.osc_guard import RefusedError


def floats(arguments: Sequence[Argument]) -> list[float]:
    """The arguments as numbers, all finite.

    Raises:
        RefusedError: one is a text, or not finite.
    """
    if str in map(type, arguments):
        raise RefusedError("wrong arguments")
    try:
        numbers = [float(argument) for argument in arguments]
    except OverflowError:
        raise RefusedError("wrong arguments") from None
    if not all(map(math.isfinite, numbers)):
        raise RefusedError("not finite")
    return numbers


def exactly(arguments: Sequence[Argument], count: int) -> list[float]:
    """As `floats`, of just so many."""
    if len(arguments) != count:
        raise RefusedError("wrong arguments")
    return floats(arguments)


def ranged(value: float, low: float, high: float) -> float:
    """0 where `value` is `low` or beyond, 1 where it is `high` or beyond."""
    # Clamped first: what is left of an enormous number cannot overflow.
    return (min(max(value, low), high) - low) / (high - low)


def points_ranged(
    points: NDArray[np.float64], low: Sequence[float], high: Sequence[float]
) -> NDArray[np.float64]:
    """As `ranged`, for points `[..., axes]`, with a low and a high for each axis."""
    lows, highs = np.asarray(low), np.asarray(high)
    scaled: NDArray[np.float64] = (np.clip(points, lows, highs) - lows) / (highs - lows)
    return scaled


def counted(argument: Argument, most: int) -> int:
    """A whole number, 0 to `most`."""
    if isinstance(argument, str) or not math.isfinite(argument) or argument != int(argument):
        raise RefusedError("wrong arguments")
    if not 0 <= argument <= most:
        raise RefusedError("wrong arguments")
    return int(argument)
