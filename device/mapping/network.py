"""A small regression network that learns the pairs in the background.

It need not go through every pair, so it finds the tendency of many and forgives bad ones (as
Wekinator's and FluCoMa's MLPRegressor). Training is in slices of a few ms: a thread calls `advance`
until `done`, and may stop after any slice, or look at `network` meanwhile. Two twins are trained at
once: one on every pair, which is played, and one that never sees a fifth of them, whose error there
is the honest one. Adam (Kingma and Ba, 2015) with a cosine decay, two tanh layers (LeCun's
initialisation), weights in float32 [twin, in, out].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from device.mapping.scaling import Scaling

HELD_OUT = 0.2
_LEAST_HELD = 5
"""Of fewer pairs none can be spared to judge by."""
_DECAY = 1e-5
_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Plan:
    """How to train: sizes, steps and the length of them."""

    hidden: int = 48
    steps: int = 6000
    batch: int = 64
    rate: float = 0.01


@dataclass(frozen=True)
class Network:
    """A trained network: weights [in, out] and biases [out] of each layer, float32."""

    scaling: Scaling
    layers: tuple[tuple[np.ndarray, np.ndarray], ...]

    def at(self, pose: np.ndarray) -> np.ndarray:
        """The sound [targets] at a pose [inputs]; or many, [n, inputs] → [n, targets]."""
        x = self.scaling(pose).astype(np.float32)
        for weights, bias in self.layers[:-1]:
            x = np.tanh(x @ weights + bias)
        weights, bias = self.layers[-1]
        return np.asarray(x @ weights + bias, np.float64)


@dataclass
class Training:
    """The state of a training: what `advance` changes and nothing else does.

    parts are weights and biases by turns, each with its Adam moments; twin 0 learns all pairs.
    """

    scaling: Scaling
    plan: Plan
    chance: np.random.Generator
    poses: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    held: np.ndarray
    parts: list[np.ndarray]
    first: list[np.ndarray]
    second: list[np.ndarray]
    step: int = 0
    order: np.ndarray = field(default_factory=lambda: np.zeros(0, np.intp))

    @property
    def done(self) -> bool:
        """Whether all steps are taken."""
        return self.step >= self.plan.steps

    @property
    def progress(self) -> float:
        """The share of steps taken, 0..1."""
        return self.step / self.plan.steps


def begin(
    poses: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    scaling: Scaling,
    chance: np.random.Generator,
    plan: Plan = Plan(),
) -> Training:
    """A training of poses [P, inputs], targets [P, targets] and weights [P], P ≥ 1.

    `chance` gives the first weights, the order and the pairs held out: the same seed, the same
    network, however training is sliced.
    """
    pairs, out = len(poses), targets.shape[1]
    held = np.zeros(pairs, bool)
    if pairs >= _LEAST_HELD:
        held[chance.permutation(pairs)[: max(1, round(HELD_OUT * pairs))]] = True
    twins = np.stack([weights, np.where(held, 0.0, weights)]).astype(np.float32)
    twins /= twins.mean(axis=1, keepdims=True)
    parts: list[np.ndarray] = []
    for rows, columns in ((poses.shape[1], plan.hidden), (plan.hidden,) * 2, (plan.hidden, out)):
        one = chance.standard_normal((rows, columns)) / np.sqrt(rows)
        parts += [np.stack([one, one]).astype(np.float32), np.zeros((2, 1, columns), np.float32)]
    parts[-1][:, 0] = twins @ targets / pairs
    return Training(
        scaling,
        plan,
        chance,
        scaling(poses).astype(np.float32),
        targets.astype(np.float32),
        twins,
        held,
        parts,
        [np.zeros_like(part) for part in parts],
        [np.zeros_like(part) for part in parts],
    )


def advance(training: Training, clock: Callable[[], float], for_s: float = 0.004) -> None:
    """Train until `for_s` seconds of `clock` have passed, or it is done; one step at least."""
    end = clock() + for_s
    while not training.done:
        _step(training)
        if clock() >= end:
            break


def network(training: Training) -> Network:
    """The network as far as it is trained; later steps do not change it."""
    own = [part[0].copy() for part in training.parts]
    return Network(training.scaling, tuple((own[i], own[i + 1][0]) for i in range(0, len(own), 2)))


def fit_error(training: Training) -> np.ndarray:
    """How far it is from its pairs: root mean square by target [targets], raw 0..1."""
    away = _forward(training, training.poses)[-1][0] - training.targets
    return np.asarray(np.sqrt((away**2).mean(axis=0)), np.float64)


def held_out_error(training: Training) -> np.ndarray | None:
    """The same on pairs the other twin never saw; None where pairs were too few to spare any."""
    if not training.held.any():
        return None
    away = _forward(training, training.poses[training.held])[-1][1]
    away = away - training.targets[training.held]
    return np.asarray(np.sqrt((away**2).mean(axis=0)), np.float64)


def _forward(t: Training, x: np.ndarray) -> list[np.ndarray]:
    """What every layer gives [twin, n, size]; the first is the input itself [n, inputs]."""
    given = [x]
    for i in range(0, len(t.parts), 2):
        x = x @ t.parts[i] + t.parts[i + 1]
        if i < len(t.parts) - 2:
            x = np.tanh(x)
        given.append(x)
    return given


def _step(t: Training) -> None:
    """One step of Adam on one batch of pairs."""
    size = min(t.plan.batch, len(t.poses))
    if len(t.order) < size:
        t.order = t.chance.permutation(len(t.poses))
    batch, t.order = t.order[:size], t.order[size:]
    given = _forward(t, t.poses[batch])
    back = (given[-1] - t.targets[batch]) * t.weights[:, batch, None] / size
    t.step += 1
    rate = t.plan.rate * 0.5 * (1 + np.cos(np.pi * (t.step - 1) / t.plan.steps))
    rate *= np.sqrt(1 - _BETA2**t.step) / (1 - _BETA1**t.step)
    for i in range(len(t.parts) - 2, -1, -2):
        slopes = (np.swapaxes(given[i // 2], -1, -2) @ back, back.sum(axis=1, keepdims=True))
        if i:
            back = (back @ np.swapaxes(t.parts[i], -1, -2)) * (1 - given[i // 2] ** 2)
        for j, slope in enumerate(slopes, i):
            t.first[j] += (1 - _BETA1) * (slope - t.first[j])
            t.second[j] += (1 - _BETA2) * (slope * slope - t.second[j])
            t.parts[j] -= rate * t.first[j] / (np.sqrt(t.second[j]) + _EPSILON)
        t.parts[i] *= 1 - t.plan.rate * _DECAY
