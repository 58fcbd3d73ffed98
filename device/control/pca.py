"""Principal components of captured frames: the few directions in which a player really moves.

A frame of 21 or 468 landmarks has far more numbers than a hand has freedoms. The components are the
directions of most movement among the frames that were captured (Pearson 1901; the singular value
decomposition of the centred frames), most first:

    frames [F, points × axes] − mean  =  U S Vᵀ        component k is row k of Vᵀ

What was the least along a component while capturing becomes 0, and what was the most becomes 1.
A component's sign is arbitrary; here its strongest part is positive, so that capturing again does
not turn a control around. The method is plain: it knows nothing of how hands turn.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from device.errors import ControlError

MOST_COMPONENTS = 8
_SMALLEST = 1e-6
"""A direction with less of the movement than this share of the first one's is rounding."""
_NEARLY = 1 - 1e-6
"""Two parts this close are equally strong; the first of them gives the sign."""


@dataclass(frozen=True)
class Pca:
    """What was learned, for frames of `shape` (points, axes) only; N is points × axes."""

    shape: tuple[int, ...]
    mean: tuple[float, ...]
    """[N]"""
    components: tuple[tuple[float, ...], ...]
    """[components, N], each of length 1 and at right angles to the others"""
    lowest: tuple[float, ...]
    """[components], in the units of the frames"""
    highest: tuple[float, ...]
    kind: Literal["pca"] = "pca"

    def __post_init__(self) -> None:
        try:
            count, size = len(self.components), int(np.prod(self.shape))
            fits = (
                len(self.shape) == 2
                and 1 <= count <= MOST_COMPONENTS
                and self._mean.shape == (size,)
                and self._components.shape == (count, size)
                and self._lowest.shape == self._highest.shape == (count,)
            )
        except (TypeError, ValueError, OverflowError):
            fits = False
        if not fits:
            raise ControlError(
                "this PCA is damaged: its mean, components and ranges are not of one size. "
                "Capture and learn it again"
            )
        numbers = (self._mean, self._components, self._lowest, self._highest)
        if not all(np.isfinite(n).all() for n in numbers) or (self._lowest >= self._highest).any():
            raise ControlError(
                "this PCA is damaged: it holds numbers that are not finite, or a range without "
                "extent. Capture and learn it again"
            )

    @property
    def suffixes(self) -> tuple[str, ...]:
        return tuple(f"pca_{k}" for k in range(1, len(self.components) + 1))

    def reduce(self, frame: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far a frame `[points, axes]` lies along each component, 0..1.

        Raises:
            ControlError: the frame is of another shape than those that were learned from.
        """
        if frame.shape != tuple(self.shape):
            raise ControlError(
                f"this PCA was learned from frames of {_said(self.shape)}; "
                f"one of {_said(frame.shape)} came"
            )
        along = self._components @ (frame.ravel() - self._mean)
        return np.clip((along - self._lowest) / (self._highest - self._lowest), 0.0, 1.0)

    # Arrays of the fields, made once: the fields are tuples so that they compare and become JSON.
    @cached_property
    def _mean(self) -> NDArray[np.float64]:
        return np.array(self.mean, np.float64)

    @cached_property
    def _components(self) -> NDArray[np.float64]:
        return np.array(self.components, np.float64)

    @cached_property
    def _lowest(self) -> NDArray[np.float64]:
        return np.array(self.lowest, np.float64)

    @cached_property
    def _highest(self) -> NDArray[np.float64]:
        return np.array(self.highest, np.float64)


def learn(frames: NDArray[np.float64], components: int) -> Pca:
    """Learn from captured frames `[frames, points, axes]`.

    Hundreds of frames of a hand take milliseconds, of a face mesh a second or more: not for the
    control loop.

    Raises:
        ControlError: so many components are not allowed, or the frames do not move in so many ways.
    """
    if not 1 <= components <= MOST_COMPONENTS:
        raise ControlError(f"{components} components were asked for; 1 to {MOST_COMPONENTS} can be")
    if frames.ndim != 3 or not np.isfinite(frames).all():
        raise ControlError("frames to learn from must be [frames, points, axes], all finite")
    flat = frames.reshape(len(frames), frames.shape[1] * frames.shape[2]).astype(np.float64)
    mean = flat.mean(axis=0) if len(flat) else np.zeros(flat.shape[1])
    _, strengths, directions = np.linalg.svd(flat - mean, full_matrices=False)
    # Still frames leave rounding of the mean behind: that is not a direction.
    floor = max(_SMALLEST * strengths[0], 1e-9) if len(strengths) else 0.0
    ways = int((strengths > floor).sum())
    if ways < components:
        raise ControlError(
            f"{components} components were asked for, but the {len(frames)} captured frames move "
            f"in {ways} ways only. Capture more while moving more, or ask for fewer"
        )
    directions = directions[:components]
    size = np.abs(directions)
    strongest = (size >= _NEARLY * size.max(axis=1, keepdims=True)).argmax(axis=1)
    directions = directions * np.sign(directions[np.arange(components), strongest])[:, None]
    along = (flat - mean) @ directions.T
    return Pca(
        shape=tuple(frames.shape[1:]),
        mean=tuple(mean.tolist()),
        components=tuple(tuple(row) for row in directions.tolist()),
        lowest=tuple(along.min(axis=0).tolist()),
        highest=tuple(along.max(axis=0).tolist()),
    )


def _said(shape: tuple[int, ...]) -> str:
    return f"{shape[0]} points with {shape[1]} axes"
