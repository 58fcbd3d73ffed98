"""A learned map: from poses to sounds, by the pairs a player made.

    signals ─► pose ─► model (instant, or the network) ─► + what is left of a fade ─► 0..1 ─► sound

It is never changed. Each edit or swap returns the map that goes on from it, so a map may be fitted
on any thread while the one before it plays. Time, and the pose that is held, are passed in: from
them comes the fade (`device/mapping/fade.py`) that keeps a swap from being heard.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from device.errors import ControlError
from device.mapping.dataset import Dataset
from device.mapping.fade import Fade
from device.mapping.history import History
from device.mapping.interpolate import Model, fit_nearest, fit_radial
from device.mapping.network import Network, Plan, Training, begin
from device.mapping.scaling import SCALINGS, ScalingKind, fit_scaling
from device.words import nearest

Kind = Literal["smooth", "linear", "nearest", "network"]
KINDS: tuple[Kind, ...] = ("smooth", "linear", "nearest", "network")
MAX_NEIGHBOURS = 50
MAX_FADE_MS = 10_000.0


@dataclass(frozen=True)
class Choices:
    """How a map learns. A network plays once it is trained, until then `smooth` does."""

    kind: Kind = "smooth"
    scaling: ScalingKind = "minmax"
    neighbours: int = 3
    """of `nearest`, at most 50"""
    fade_ms: float = 100.0
    """how long a swap takes, 0..10000 ms"""
    seed: int = 0
    """of the network's training"""

    def problems(self) -> list[str]:
        """What cannot be so, in sentences."""
        found = []
        if self.kind not in KINDS:
            found.append(f"kind is {self.kind!r}, not one of {', '.join(KINDS)}")
        if self.scaling not in SCALINGS:
            found.append(f"scaling is {self.scaling!r}, not one of {', '.join(SCALINGS)}")
        if not 1 <= self.neighbours <= MAX_NEIGHBOURS:
            found.append(f"neighbours is {self.neighbours}, outside 1..{MAX_NEIGHBOURS}")
        if not 0 <= self.fade_ms <= MAX_FADE_MS:
            found.append(f"fade_ms is {self.fade_ms:g}, outside 0..{MAX_FADE_MS:g} ms")
        if not 0 <= self.seed < 1 << 32:
            found.append(f"seed is {self.seed}, outside 0..{(1 << 32) - 1}")
        return found


@dataclass(frozen=True, eq=False)
class LearnedMap:
    """A map of a dataset; make one with `blank`, then go from one to the next by its methods.

    `pose` in them is what is held at `when_s` (None where nothing was ever held: nothing fades).
    """

    history: History[Dataset]
    choices: Choices = Choices()
    disabled: frozenset[str] = frozenset()
    """targets it leaves alone, for hands to move"""
    network: Network | None = None
    taught: Dataset | None = None
    """what the network was trained on"""
    model: Model | None = None
    """what plays; None without pairs"""
    rest: tuple[float, ...] = ()
    """for inputs that were not heard yet: the middle of what was paired"""
    fade: Fade | None = None

    @property
    def dataset(self) -> Dataset:
        """The pairs as they stand."""
        return self.history.now

    @property
    def wants_training(self) -> bool:
        """Whether a network is to play that does not know the pairs as they stand."""
        return (
            self.choices.kind == "network"
            and self.taught != self.dataset
            and any(pair.weight > 0 for pair in self.dataset.pairs)
        )

    def pose(self, heard: Mapping[str, float]) -> np.ndarray:
        """The pose [inputs] of the signals heard last, by name."""
        rest = self.rest or (0.5,) * len(self.dataset.inputs)
        pose = np.array([heard.get(n, r) for n, r in zip(self.dataset.inputs, rest, strict=True)])
        return np.where(np.isfinite(pose), pose, rest)

    def at(self, pose: np.ndarray, when_s: float) -> dict[str, float]:
        """Raw 0..1 by enabled target, at a pose [inputs]; nothing where nothing is paired."""
        sound = self.sound(pose, when_s)
        if sound is None:
            return {}
        targets = zip(self.dataset.targets, sound.tolist(), strict=True)
        return {target: raw for target, raw in targets if target not in self.disabled}

    def sound(self, pose: np.ndarray, when_s: float) -> np.ndarray | None:
        """Raw 0..1 of every target [targets], or None where nothing is paired."""
        if self.model is None:
            return None
        sound = self.model.at(pose)
        if self.fade is not None:
            sound = self.fade.at(sound, when_s)
        return np.minimum(np.maximum(sound, 0.0), 1.0)

    def edited(self, dataset: Dataset, pose: np.ndarray | None, when_s: float) -> LearnedMap:
        """With another state of the pairs, which can be undone.

        Raises:
            ControlError: the dataset has other inputs or targets than this map.
        """
        if (dataset.inputs, dataset.targets) != (self.dataset.inputs, self.dataset.targets):
            raise ControlError(
                "these pairs have other inputs or targets than the map; begin a new map for them"
            )
        return self._next(replace(self, history=self.history.do(dataset)), pose, when_s)

    def undo(self, pose: np.ndarray | None, when_s: float) -> LearnedMap:
        """With the pairs of one edit ago."""
        return self._next(replace(self, history=self.history.undo()), pose, when_s)

    def redo(self, pose: np.ndarray | None, when_s: float) -> LearnedMap:
        """With the edit that was undone last."""
        return self._next(replace(self, history=self.history.redo()), pose, when_s)

    def choose(self, choices: Choices, pose: np.ndarray | None, when_s: float) -> LearnedMap:
        """Learning in another way.

        Raises:
            ControlError: naming every choice that is not possible.
        """
        if problems := choices.problems():
            raise ControlError("; ".join(problems))
        return self._next(replace(self, choices=choices), pose, when_s)

    def enable(self, target: str, on: bool) -> LearnedMap:
        """Moving this target, or leaving it alone.

        Raises:
            ControlError: it is none of the map's targets.
        """
        if target not in self.dataset.targets:
            near = nearest(target, self.dataset.targets)
            raise ControlError(f"{target!r} is no target of this map{near}")
        rest = self.disabled - {target}
        return replace(self, disabled=rest if on else rest | {target})

    def training(self, plan: Plan | None = None) -> Training:
        """A training of the pairs as they stand; give `swap` the map's dataset of this moment.

        Raises:
            ControlError: there is no pair to learn from.
        """
        poses, targets, weights = self.dataset.learned_from()
        if not len(poses):
            raise ControlError("there is nothing to learn from yet; pair a pose with a sound")
        scaling = fit_scaling(poses, self.choices.scaling)
        chance = np.random.default_rng(self.choices.seed)
        return begin(poses, targets, weights, scaling, chance, plan or Plan())

    def swap(
        self, network: Network, taught: Dataset, pose: np.ndarray | None, when_s: float
    ) -> LearnedMap:
        """With a network that learned from `taught`; it is heard if the choice is `network`.

        Raises:
            ControlError: it is of other inputs or targets, so a training of another map.
        """
        if (taught.inputs, taught.targets) != (self.dataset.inputs, self.dataset.targets):
            raise ControlError("this network was trained for a map of other inputs or targets")
        return self._next(replace(self, network=network, taught=taught), pose, when_s)

    def fit_error(self) -> dict[str, float]:
        """How far the map is from its pairs, by target: root mean square, raw 0..1.

        Of the instant kinds only pairs that contradict each other have any.
        """
        if self.model is None:
            return dict.fromkeys(self.dataset.targets, 0.0)
        poses, targets, _ = self.dataset.learned_from()
        away = np.clip([self.model.at(pose) for pose in poses], 0, 1) - targets
        errors = np.sqrt((away**2).mean(axis=0)).tolist()
        return dict(zip(self.dataset.targets, errors, strict=True))

    def _next(self, map: LearnedMap, pose: np.ndarray | None, when_s: float) -> LearnedMap:
        """`map` fitted, and faded to from this one."""
        before = None if pose is None else self.sound(pose, when_s)
        fitted = _fitted(map)
        fade = None
        if before is not None and pose is not None and fitted.model and map.choices.fade_ms > 0:
            left = before - fitted.model.at(pose)
            fade = Fade(left, when_s, map.choices.fade_ms / 1000)
        return replace(fitted, fade=fade)


def blank(
    inputs: Iterable[str], targets: Iterable[str], choices: Choices = Choices()
) -> LearnedMap:
    """A map of these signals to these parameters that has nothing to go by yet.

    Raises:
        ControlError: names or choices that cannot be.
    """
    return of(Dataset(tuple(inputs), tuple(targets)), choices)


def of(dataset: Dataset, choices: Choices = Choices()) -> LearnedMap:
    """A map of this dataset, with nothing to undo yet."""
    if problems := choices.problems():
        raise ControlError("; ".join(problems))
    return _fitted(LearnedMap(History(dataset), choices))


def _fitted(map: LearnedMap) -> LearnedMap:
    """The map with a model of its pairs as they stand."""
    poses, targets, weights = map.dataset.learned_from()
    if not len(poses):
        return replace(map, model=None, rest=())
    rest = tuple(np.median(poses, axis=0).tolist())
    scaling = fit_scaling(poses, map.choices.scaling)
    kind = map.choices.kind
    model: Model
    if kind == "network":
        model = map.network or fit_radial(poses, targets, scaling)
    elif kind == "nearest":
        model = fit_nearest(poses, targets, weights, scaling, map.choices.neighbours)
    else:
        model = fit_radial(poses, targets, scaling, kind)
    return replace(map, model=model, rest=rest)
