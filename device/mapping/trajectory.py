"""A drawn path paired with a path of sounds: both brought to the same number of equal steps.

As in nn_terrain and anguilla, where a gesture is paired with what was played along it, rather than
one pose with one sound.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from device.errors import ControlError

By = Literal["length", "time"]

MAX_STEPS = 256


def paired(
    poses: Sequence[Sequence[float]],
    targets: Sequence[Sequence[float]],
    steps: int,
    by: By = "length",
) -> tuple[list[list[float]], list[list[float]]]:
    """Two recordings [n, inputs] and [m, targets] as `steps` poses and as many targets.

    Each keeps its first and last point. By `length` both are walked at a constant pace, however
    they were drawn; by `time` at the pace of their recording, which is in equal intervals.

    Raises:
        ControlError: a recording is empty, ragged or not finite, or `steps` is not 2..256.
    """
    if not 2 <= steps <= MAX_STEPS:
        raise ControlError(f"{steps} steps are not possible; 2 to {MAX_STEPS} are")
    one, other = _path("pose", poses), _path("sound", targets)
    return resampled(one, steps, by).tolist(), resampled(other, steps, by).tolist()


def resampled(path: np.ndarray, steps: int, by: By) -> np.ndarray:
    """A path [points, dimensions] as [steps, dimensions], straight between its points.

    Length is measured with every dimension divided by its range, so that it does not depend on
    units. A path that stands still is the same point `steps` times.
    """
    along = np.arange(float(len(path)))
    if by == "length":
        ranges = np.ptp(path, axis=0)
        moves = np.diff(path, axis=0) / np.where(ranges > 0, ranges, 1)
        lengths = np.concatenate([[0.0], np.cumsum(np.sqrt((moves**2).sum(axis=1)))])
        if lengths[-1] > 0:
            along = lengths
    places = np.linspace(0.0, along[-1], steps)
    return np.stack([np.interp(places, along, column) for column in path.T], axis=1)


def _path(what: str, rows: Sequence[Sequence[float]]) -> np.ndarray:
    if not rows or not rows[0] or len({len(row) for row in rows}) > 1:
        raise ControlError(f"a path needs at least one {what}, and all of one size")
    path = np.array(rows, float)
    if not np.isfinite(path).all():
        raise ControlError(f"a {what} of the path is not finite")
    return path
