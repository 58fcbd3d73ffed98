"""Bringing inputs of different units to one measure before distances are taken.

Min-max maps what was paired to 0..1; robust maps the median to 0 and the middle half of the pairs
to a length of 1, so that one stray pose does not squeeze all others together (FluCoMa's
`RobustScale`, 25..75 %; Green, Tremblay et al., https://learn.flucoma.org).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

ScalingKind = Literal["minmax", "robust"]
SCALINGS: tuple[ScalingKind, ...] = ("minmax", "robust")

_STILL = 1e-9
"""An input that moved by less than this share of its own size has not moved: it was rounded."""


@dataclass(frozen=True)
class Scaling:
    """Scaled = (pose - offset) * factor, each float64 [inputs].

    `factor` is 0 for an input that never moved while pairing: it is ignored, or else moving it
    later would turn a sound that was never meant to depend on it. A pose further out than once the
    paired range on either side is taken to be there (`low`, `high`, in the inputs' units): a sensor
    that was never calibrated must not throw the sound anywhere.
    """

    offset: np.ndarray
    factor: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def __call__(self, poses: np.ndarray) -> np.ndarray:
        """Poses [..., inputs], scaled."""
        nearer = np.minimum(np.maximum(poses, self.low), self.high)
        scaled: np.ndarray = (nearer - self.offset) * self.factor
        return scaled


def fit_scaling(poses: np.ndarray, kind: ScalingKind = "minmax") -> Scaling:
    """The scaling of these poses [pairs, inputs], at least one.

    Where the middle half of the pairs stands still but others do not, robust scaling takes the
    whole range of that input instead.
    """
    low, high = poses.min(axis=0), poses.max(axis=0)
    length = high - low
    moved = length > np.maximum(_STILL * np.abs(poses).max(axis=0), 1e-30)
    offset, unit = low, length
    if kind == "robust":
        quarter, median, three = np.percentile(poses, (25, 50, 75), axis=0)
        offset = median
        unit = np.where(three - quarter > _STILL * length, three - quarter, length)
    factor = np.divide(1.0, unit, out=np.zeros_like(unit), where=moved)
    return Scaling(offset, factor, low - length, high + length)
