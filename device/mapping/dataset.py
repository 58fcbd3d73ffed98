"""Pairs of a pose and a sound: what a learned map learns from.

The gesture is Wekinator's (Fiebrink, Trueman and Cook, "A meta-instrument for interactive,
on-the-fly machine learning", NIME 2009): set the sound, hold the pose, record; play; add a pair
where it is wrong. A dataset is never changed: every edit returns another, so that undo is keeping
the one before (`device/mapping/history.py`). The newest pair stands last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from device.errors import ControlError
from device.words import nearest

MAX_PAIRS = 1000
MAX_INPUTS = 64
MAX_TARGETS = 160
MAX_NAME = 64
LARGEST_POSE = 1e6
"""Poses lie within ± this, in whatever unit their source has."""

WEIGHTS = (0.0, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""The steps of like and dislike. A pair starts at 1; at 0 it is kept, but not learned from."""


@dataclass(frozen=True)
class Pair:
    """A pose (one value per input, any unit) and the sound held with it (raw 0..1 per target)."""

    id: str
    pose: tuple[float, ...]
    target: tuple[float, ...]
    weight: float = 1.0
    path: int = 0
    """which trajectory it is a step of; 0 is none"""


@dataclass(frozen=True)
class Dataset:
    """Up to 1000 pairs over 64 named inputs and 160 named targets (parameter ids).

    Every method raises ControlError, in a sentence, for what cannot be so.
    """

    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    pairs: tuple[Pair, ...] = ()
    made: int = 0
    """how many pairs and trajectories were ever named: no name comes twice"""

    def __post_init__(self) -> None:
        problems = name_problems("inputs", self.inputs, MAX_INPUTS)
        problems += name_problems("targets", self.targets, MAX_TARGETS)
        if len(self.pairs) > MAX_PAIRS:
            problems.append(f"there are {len(self.pairs)} pairs; {MAX_PAIRS} is the most")
        if problems:
            raise ControlError("; ".join(problems))

    def add(self, pose: Sequence[float], target: Sequence[float], id: str = "") -> Dataset:
        """One pair more, the newest, in the order of `inputs` and `targets`."""
        made = self.made + 1
        taken = {pair.id for pair in self.pairs}
        while not id and str(made) in taken:
            made += 1
        new = Pair(id or str(made), tuple(map(float, pose)), tuple(map(float, target)))
        if problems := pair_problems(new, self.inputs, self.targets):
            raise ControlError(f"this cannot be paired: {'; '.join(problems)}")
        if new.id in taken:
            raise ControlError(f"there is a pair {new.id!r} already; take another name")
        return replace(self, pairs=(*self.pairs, new), made=made)

    def add_path(
        self, poses: Sequence[Sequence[float]], targets: Sequence[Sequence[float]]
    ) -> Dataset:
        """A trajectory, step by step: as many pairs as steps, in one edit.

        `device.mapping.trajectory.paired` brings two recordings to the same number of steps.
        """
        if len(poses) != len(targets) or len(poses) == 0:
            raise ControlError(
                f"a path of {len(poses)} poses cannot be paired with {len(targets)} sounds; "
                "bring both to the same number of steps, at least one"
            )
        dataset, path = self, self.made + 1
        while any(pair.id.startswith(f"{path}.") for pair in self.pairs):
            path += 1
        for step, (pose, target) in enumerate(zip(poses, targets, strict=True), 1):
            dataset = dataset.add(pose, target, f"{path}.{step}")
        added = tuple(replace(pair, path=path) for pair in dataset.pairs[len(self.pairs) :])
        return replace(dataset, pairs=self.pairs + added, made=path)

    def change(
        self, id: str, pose: Sequence[float] | None = None, target: Sequence[float] | None = None
    ) -> Dataset:
        """Give a pair another pose ("this sound belongs here") or another sound; now it is new."""
        old = self.pair(id)
        rest = self.remove(id)
        new = rest.add(
            old.pose if pose is None else pose, old.target if target is None else target, id
        )
        kept = replace(new.pairs[-1], weight=old.weight, path=old.path)
        return replace(self, pairs=(*rest.pairs, kept))

    def remove(self, id: str) -> Dataset:
        """Without this pair."""
        gone = self.pair(id)
        return replace(self, pairs=tuple(pair for pair in self.pairs if pair is not gone))

    def remove_path(self, path: int) -> Dataset:
        """Without this trajectory."""
        if not path or not self.along(path):
            raise ControlError(f"there is no trajectory {path}")
        return replace(self, pairs=tuple(pair for pair in self.pairs if pair.path != path))

    def remove_near(self, pose: Sequence[float], radius: float) -> Dataset:
        """Without the pairs whose every input lies within `radius` of the pose.

        `radius` is a share of each input's paired range, 0..1; where an input never moved, it is in
        that input's own unit.
        """
        if not 0 <= radius <= 1:
            raise ControlError(f"a radius of {radius:g} is not within 0..1 of the paired range")
        near = self._distances(pose) <= radius
        return replace(
            self, pairs=tuple(p for p, gone in zip(self.pairs, near, strict=True) if not gone)
        )

    def cleared(self) -> Dataset:
        """Without any pair. Names are not used again."""
        return replace(self, pairs=())

    def like(self, id: str) -> Dataset:
        """One step more weight, up to 8."""
        weight = self.pair(id).weight
        return self._weigh(id, next((w for w in WEIGHTS if w > weight), WEIGHTS[-1]))

    def dislike(self, id: str) -> Dataset:
        """One step less weight; at 0 the pair is no longer learned from, until it is liked."""
        weight = self.pair(id).weight
        return self._weigh(id, next((w for w in WEIGHTS[::-1] if w < weight), 0.0))

    def _weigh(self, id: str, weight: float) -> Dataset:
        pairs = tuple(replace(p, weight=weight) if p.id == id else p for p in self.pairs)
        return replace(self, pairs=pairs)

    def pair(self, id: str) -> Pair:
        """The pair of this name."""
        for pair in self.pairs:
            if pair.id == id:
                return pair
        raise ControlError(f"there is no pair {id!r}{nearest(id, [p.id for p in self.pairs])}")

    def nearest(self, pose: Sequence[float]) -> Pair | None:
        """The pair whose pose is closest, the newer of two as close; None where there is none."""
        if not self.pairs:
            return None
        distances = self._distances(pose)
        return self.pairs[len(distances) - 1 - int(np.argmin(distances[::-1]))]

    def along(self, path: int) -> tuple[Pair, ...]:
        """The steps of a trajectory, in order."""
        return tuple(pair for pair in self.pairs if pair.path == path)

    def learned_from(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Poses [pairs, inputs], targets [pairs, targets], weights [pairs] of what has weight."""
        pairs = [pair for pair in self.pairs if pair.weight > 0]
        poses = np.array([pair.pose for pair in pairs]).reshape(len(pairs), len(self.inputs))
        targets = np.array([pair.target for pair in pairs]).reshape(len(pairs), len(self.targets))
        return poses, targets, np.array([pair.weight for pair in pairs])

    def _distances(self, pose: Sequence[float]) -> np.ndarray:
        """How far each pair is, [pairs]: the largest difference over inputs, by their ranges."""
        if problem := row_problem("pose", pose, self.inputs, -LARGEST_POSE, LARGEST_POSE):
            raise ControlError(problem)
        if not self.pairs:
            return np.zeros(0)
        poses = np.array([pair.pose for pair in self.pairs])
        ranges = np.ptp(poses, axis=0)
        distances: np.ndarray = np.abs(poses - np.asarray(pose)) / np.where(ranges > 0, ranges, 1)
        return distances.max(axis=1)


def name_problems(what: str, names: Sequence[str], most: int) -> list[str]:
    """What is wrong with the names of the inputs or targets."""
    problems = []
    if not 1 <= len(names) <= most:
        problems.append(f"there are {len(names)} {what}; 1 to {most} are allowed")
    elif len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        problems.append(f"{twice!r} is twice among the {what}")
    bad = [n for n in names if not 1 <= len(n) <= MAX_NAME or not n.isprintable() or " " in n]
    if bad:
        problems.append(
            f"{bad[0][:MAX_NAME]!r} is no name for one of the {what}; "
            f"1 to {MAX_NAME} printable characters without blanks are"
        )
    return problems


def pair_problems(pair: Pair, inputs: Sequence[str], targets: Sequence[str]) -> list[str]:
    """What is wrong with a pair for these inputs and targets."""
    found = [
        row_problem("pose", pair.pose, inputs, -LARGEST_POSE, LARGEST_POSE),
        row_problem("target", pair.target, targets, 0.0, 1.0),
    ]
    if not 1 <= len(pair.id) <= MAX_NAME or not pair.id.isprintable():
        found.append(f"its name is not 1 to {MAX_NAME} printable characters")
    if not WEIGHTS[0] <= pair.weight <= WEIGHTS[-1]:
        found.append(f"weight is {pair.weight:g}, outside {WEIGHTS[0]:g}..{WEIGHTS[-1]:g}")
    if pair.path < 0:
        found.append(f"path is {pair.path}; it is 0 for none, or a trajectory's number")
    return [problem for problem in found if problem]


def row_problem(
    what: str, row: Sequence[float], names: Sequence[str], low: float, high: float
) -> str:
    """What is wrong with one row of numbers, or nothing."""
    if len(row) != len(names):
        return f"the {what} has {len(row)} values for {len(names)} names"
    for name, value in zip(names, row, strict=True):
        if not math.isfinite(value) or not low <= value <= high:
            return f"the {what} has {value:g} for {name}, outside {low:g}..{high:g}"
    return ""
