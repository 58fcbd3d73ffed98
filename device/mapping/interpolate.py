"""Maps that are there at once: they go through every pair exactly, and smoothly between.

Two families. Radial: a weighted sum of bumps around the poses plus a constant (Hardy's
multiquadric, "Multiquadric equations of topography and other irregular surfaces", 1971; Micchelli,
"Interpolation of scattered data", 1986, proved that distinct poses never make it singular).
Nearest: inverse distance over the k nearest (Shepard, 1968), with the fading edge of Franke and
Little, so that a neighbour that comes or goes does so at weight 0 and nothing jumps; FluCoMa's
KNNRegressor jumps there. There is no thin plate: it puts a plane through the pairs, and through a
few pairs in many dimensions, or nearly on a line, that plane is as steep as it likes.

Two pairs of the same pose contradict each other. **The later one wins**, so that pairing a pose
again corrects it. The same is what differs in no input by more than 1/1000 of its scaled range,
the step of a ten-bit knob: it also keeps the system well-conditioned.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from device.mapping.scaling import Scaling

Kernel = Literal["linear", "smooth"]

SAME_POSE = 1e-3
_SOFT = 0.25
"""How round `smooth` is, as a share of the smallest distance of two poses: more would overshoot
between pairs, and more than that distance would make nearly equal poses ill-conditioned."""
_FADE = 1.25
"""Neighbours fade out to this times the distance of the first that is not among the k."""


class Model(Protocol):
    """What turns a pose into a sound; may leave 0..1 a little between and beyond the pairs."""

    def at(self, pose: np.ndarray) -> np.ndarray:
        """The sound [targets] at a pose [inputs] in the inputs' own units."""
        ...


@dataclass(frozen=True)
class Radial:
    """sound = base + sqrt(|pose - centres|² + softness²) @ bumps.

    centres [P, inputs] are scaled; bumps [P, targets] add up to 0, so that far from all pairs the
    sound levels out; base [targets].
    """

    scaling: Scaling
    softness: float
    centres: np.ndarray
    bumps: np.ndarray
    base: np.ndarray

    def at(self, pose: np.ndarray) -> np.ndarray:
        """See Model."""
        away = self.centres - self.scaling(pose)
        squared = np.einsum("pi,pi->p", away, away)
        sound: np.ndarray = np.sqrt(squared + self.softness**2) @ self.bumps + self.base
        return sound


def fit_radial(
    poses: np.ndarray, targets: np.ndarray, scaling: Scaling, kernel: Kernel = "smooth"
) -> Radial:
    """The radial map of poses [P, inputs] and targets [P, targets], P ≥ 1, exact at the poses.

    `linear` bumps are cones: in one dimension straight lines from pair to pair, and level outside.
    `smooth` rounds their tips off.
    """
    scaled = scaling(poses)
    kept = distinct(scaled)
    centres, sounds = scaled[kept], targets[kept]
    count = len(centres)
    squared = _squared(centres)
    softness = 0.0
    if kernel == "smooth" and count > 1:
        softness = _SOFT * float(np.sqrt(squared[~np.eye(count, dtype=bool)].min()))
    system = np.ones((count + 1, count + 1))
    system[:count, :count] = np.sqrt(squared + softness**2)
    system[count, count] = 0.0
    wanted = np.concatenate([sounds, np.zeros((1, sounds.shape[1]))])
    found = np.linalg.solve(system, wanted)
    return Radial(scaling, softness, centres, found[:count], found[count])


@dataclass(frozen=True)
class Nearest:
    """A weighted mean of the nearest pairs, so always within what was paired.

    A pair counts by (1/distance - 1/edge)² and by its weight; the edge is 1.25 times the distance
    of the first pair after the k nearest. centres [P, inputs] are scaled, weights [P].
    """

    scaling: Scaling
    neighbours: int
    centres: np.ndarray
    sounds: np.ndarray
    weights: np.ndarray

    def at(self, pose: np.ndarray) -> np.ndarray:
        """See Model."""
        away = self.centres - self.scaling(pose)
        distances = np.sqrt(np.einsum("pi,pi->p", away, away))
        closest = int(distances.argmin())
        least = distances[closest]
        if least == 0.0:
            exact: np.ndarray = self.sounds[closest]
            return exact
        # 1/d in units of 1/least, at most 1: no distance is too small for it.
        parts = least / distances
        if self.neighbours < len(distances):
            edge = np.partition(distances, self.neighbours)[self.neighbours] * _FADE
            parts = np.maximum(parts - least / edge, 0.0)
        parts *= parts * self.weights
        sound: np.ndarray = (parts @ self.sounds) / parts.sum()
        return sound


def fit_nearest(
    poses: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    scaling: Scaling,
    neighbours: int = 3,
) -> Nearest:
    """The map to the nearest of poses [P, inputs], targets [P, targets], weights [P] above 0."""
    scaled = scaling(poses)
    kept = distinct(scaled)
    return Nearest(scaling, neighbours, scaled[kept], targets[kept], weights[kept])


def distinct(scaled: np.ndarray) -> np.ndarray:
    """Which of the poses [P, inputs] stand when the later of two equal ones wins, in order."""
    stands = np.ones(len(scaled), bool)
    for i in range(len(scaled) - 1, 0, -1):
        if stands[i]:
            same = np.abs(scaled[:i] - scaled[i]).max(axis=1) <= SAME_POSE
            stands[:i] &= ~same
    return np.flatnonzero(stands)


def _squared(points: np.ndarray) -> np.ndarray:
    """Squared distances of points [P, D] to each other, [P, P]; exact for nearly equal ones."""
    total = np.zeros((len(points), len(points)))
    for column in points.T:
        difference = column[:, None] - column
        total += difference * difference
    return total
