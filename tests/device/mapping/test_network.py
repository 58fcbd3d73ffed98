"""The network: learns in slices, the same for every slicing, and says honestly how well."""

import time

import numpy as np
import pytest

from device.mapping.fade import Fade
from device.mapping.network import Plan, advance, begin, fit_error, held_out_error, network
from device.mapping.scaling import fit_scaling


def training(count=40, inputs=3, targets=2, seed=1, plan=Plan(steps=1500), noise=0.0, weights=None):  # noqa: B008
    chance = np.random.default_rng(0)
    poses = chance.random((count, inputs))
    wanted = 0.5 + 0.3 * np.sin(3 * poses @ chance.standard_normal((inputs, targets)))
    wanted = np.clip(wanted + noise * chance.standard_normal(wanted.shape), 0, 1)
    weights = np.ones(count) if weights is None else weights
    chance = np.random.default_rng(seed)
    return begin(poses, wanted, weights, fit_scaling(poses), chance, plan), poses, wanted


class Ticks:
    """A clock that goes on by one second each time it is looked at."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


def test_it_learns_its_pairs():
    state, poses, wanted = training(plan=Plan(steps=3000))
    advance(state, lambda: 0.0)
    assert state.done
    assert state.progress == 1.0
    assert fit_error(state).max() < 0.01
    assert np.abs(network(state).at(poses) - wanted).max() < 0.03
    assert np.allclose(network(state).at(poses)[3], network(state).at(poses[3]), atol=1e-6)


@pytest.mark.parametrize("slice_s", [1.0, 7.0])
def test_slices_do_not_change_what_is_learned(slice_s):
    plan = Plan(steps=60)
    whole, poses, _ = training(count=100, plan=plan)
    advance(whole, lambda: 0.0)
    sliced, _, _ = training(count=100, plan=plan)
    clock, slices = Ticks(), 0
    while not sliced.done:
        before = sliced.step
        advance(sliced, clock, slice_s)
        assert 1 <= sliced.step - before <= slice_s
        slices += 1
    assert slices == np.ceil(60 / slice_s)
    assert (network(whole).at(poses) == network(sliced).at(poses)).all()


def test_a_look_at_it_is_not_changed_by_what_comes_after():
    state, poses, _ = training(plan=Plan(steps=20))
    advance(state, Ticks(), 5.0)
    early = network(state)
    before = early.at(poses)
    advance(state, lambda: 0.0)
    assert (early.at(poses) == before).all()
    assert not np.allclose(network(state).at(poses), before)


def test_the_seed_decides():
    made = []
    for seed in (1, 1, 2):
        state, poses, _ = training(seed=seed, plan=Plan(steps=50))
        advance(state, lambda: 0.0)
        made.append(network(state).at(poses))
    assert (made[0] == made[1]).all()
    assert not np.allclose(made[0], made[2])


def test_the_error_on_pairs_held_out_shows_what_cannot_be_learned():
    """Noise of 0.1 can be learned by heart, but not foretold."""
    clean, _, _ = training(count=60)
    noisy, _, _ = training(count=60, noise=0.1)
    for state in (clean, noisy):
        advance(state, lambda: 0.0)
    assert held_out_error(clean).max() < 0.05
    assert held_out_error(noisy).min() > 0.05
    assert fit_error(noisy).max() < held_out_error(noisy).min()


def test_of_few_pairs_none_is_spared():
    for count in (1, 2, 4):
        state, poses, wanted = training(count=count, plan=Plan(steps=500))
        assert held_out_error(state) is None
        advance(state, lambda: 0.0)
        assert np.abs(network(state).at(poses) - wanted).max() < 0.02
    assert held_out_error(training(count=5)[0]) is not None


def test_weights_pull():
    """Two pairs of one pose and different sounds: three times the weight, three times as near."""
    poses = np.array([[0.0], [1], [1]])
    wanted = np.array([[0.5], [0.2], [0.6]])
    chance = np.random.default_rng(0)
    state = begin(poses, wanted, np.array([1.0, 3, 1]), fit_scaling(poses), chance, Plan(steps=800))
    advance(state, lambda: 0.0)
    assert network(state).at(np.array([1.0]))[0] == pytest.approx(0.3, abs=0.01)


def test_a_fade_by_hand():
    fade = Fade(np.array([0.4]), 10.0, 0.2)
    sounds = [float(fade.at(np.array([0.5]), t)[0]) for t in (9.0, 10.0, 10.05, 10.1, 10.2, 99)]
    # A smoothstep: 0, 0, 5/32, 1/2, 1, 1.
    assert sounds == pytest.approx([0.9, 0.9, 0.5 + 0.4 * 27 / 32, 0.7, 0.5, 0.5])


@pytest.mark.benchmark
@pytest.mark.parametrize(
    ("count", "inputs", "targets"), [(20, 16, 16), (200, 16, 32), (200, 64, 160)]
)
def test_times_of_training(count, inputs, targets):
    state, _, _ = training(count, inputs, targets, plan=Plan())
    start, slices = time.thread_time(), []
    while not state.done:
        begun = time.perf_counter()
        advance(state, time.perf_counter)
        slices.append(time.perf_counter() - begun)
    took = time.thread_time() - start
    print(
        f"\n{count} pairs, {inputs} → {targets}: {took:.2f} s of one core, slices "
        f"p50 {1e3 * np.median(slices):.1f} max {1e3 * max(slices):.1f} ms, "
        f"fit {fit_error(state).mean():.4f}, held out {held_out_error(state).mean():.4f}"
    )
    assert took < 5.0
