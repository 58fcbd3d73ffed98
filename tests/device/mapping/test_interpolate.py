"""Instant maps: exact at the pairs, smooth between them, whatever the units and however close."""

import time

import numpy as np
import pytest

from device.mapping.interpolate import SAME_POSE, distinct, fit_nearest, fit_radial
from device.mapping.scaling import fit_scaling

KINDS = ["linear", "smooth", "nearest"]


def fitted(kind, poses, targets, weights=None, scaling="minmax", neighbours=3):
    scale = fit_scaling(poses, scaling)
    if kind == "nearest":
        weights = np.ones(len(poses)) if weights is None else weights
        return fit_nearest(poses, targets, weights, scale, neighbours)
    return fit_radial(poses, targets, scale, kind)


def pairs(count, inputs, targets, seed=0):
    chance = np.random.default_rng(seed)
    return chance.random((count, inputs)), chance.random((count, targets))


@pytest.mark.parametrize("scaling", ["minmax", "robust"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("count", "inputs"), [(1, 1), (2, 1), (3, 16), (20, 16), (20, 2), (200, 3)]
)
def test_exact_at_the_pairs(kind, scaling, count, inputs):
    poses, targets = pairs(count, inputs, 7, count)
    map = fitted(kind, poses, targets, scaling=scaling)
    kept = distinct(fit_scaling(poses, scaling)(poses))
    assert len(kept) > 0.9 * count
    for i in kept:
        assert np.abs(map.at(poses[i]) - targets[i]).max() < 1e-9


@pytest.mark.parametrize("kind", KINDS)
def test_exact_on_a_line_and_on_a_grid(kind):
    """Poses that span fewer dimensions than there are, and many at one distance."""
    line = np.linspace(0, 1, 9)[:, None] * np.array([1.0, 2, -3, 0])
    grid = np.stack(np.meshgrid([0.0, 1, 2], [0.0, 1, 2]), -1).reshape(9, 2)
    targets = pairs(9, 1, 4)[1]
    for poses in (line, grid):
        map = fitted(kind, poses, targets)
        assert max(np.abs(map.at(p) - t).max() for p, t in zip(poses, targets, strict=True)) < 1e-9


def test_linear_is_straight_lines_in_one_dimension():
    """Worked by hand: pairs (0, 0), (1, 1), (4, 0.4); level outside."""
    map = fitted("linear", np.array([[0.0], [1], [4]]), np.array([[0.0], [1], [0.4]]))
    for pose, sound in [(0.5, 0.5), (2.5, 0.7), (4, 0.4), (-2, 0.0), (6, 0.4), (900, 0.4)]:
        assert map.at(np.array([pose]))[0] == pytest.approx(sound, abs=1e-12)


def test_nearest_by_hand():
    """Two pairs, both among the nearest: weights 1/d², here 16 to 16/9."""
    poses, targets = np.array([[0.0], [1]]), np.array([[0.0], [1]])
    assert fitted("nearest", poses, targets).at(np.array([0.25]))[0] == pytest.approx(0.1)
    liked = fitted("nearest", poses, targets, np.array([1.0, 9.0]))
    assert liked.at(np.array([0.25]))[0] == pytest.approx(0.5)


def test_nearest_lets_a_neighbour_go_at_weight_nothing():
    """k = 1 at 0.25 of pairs 0, 1, 2: the edge is 1.25 · 0.75 = 15/16, the third pair is beyond."""
    poses, targets = np.array([[0.0], [1], [2]]), np.array([[0.0], [1], [1]])
    map = fitted("nearest", poses, targets, neighbours=1)
    near, far = (4 - 16 / 15) ** 2, (4 / 3 - 16 / 15) ** 2
    assert map.at(np.array([0.25]))[0] == pytest.approx(far / (near + far))


@pytest.mark.parametrize("kind", KINDS)
def test_the_later_of_equal_poses_wins(kind):
    poses = np.array([[0.2, 0.2], [0, 0], [0.2004, 0.1996], [1, 1]])
    targets = np.array([[0.1], [0.5], [0.9], [0.3]])
    map = fitted(kind, poses, targets)
    assert map.at(poses[2])[0] == pytest.approx(0.9, abs=1e-9)
    assert map.at(poses[0])[0] == pytest.approx(0.9, abs=0.01)
    same = fitted(kind, np.full((3, 2), 0.5), np.array([[0.1], [0.2], [0.3]]))
    assert same.at(np.array([0.9, 0.1]))[0] == pytest.approx(0.3)


@pytest.mark.parametrize("kind", KINDS)
def test_nearly_equal_poses_are_well_behaved(kind):
    """A cluster just wider than what counts as one pose: exact, finite, and near sounds inside."""
    chance = np.random.default_rng(1)
    poses, targets = pairs(30, 4, 5)
    poses[:8] = poses[0] + 1.5 * SAME_POSE * chance.standard_normal((8, 4))
    targets[:8] = targets[0] + 0.01 * chance.standard_normal((8, 5))
    map = fitted(kind, poses, targets)
    for i in distinct(fit_scaling(poses)(poses)):
        assert np.abs(map.at(poses[i]) - targets[i]).max() < 1e-8
    assert np.abs(map.at(poses[:8].mean(axis=0)) - targets[0]).max() < 0.2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layout", ["random", "square"])
def test_nothing_jumps_anywhere(kind, layout):
    """Lines through the space, ever finer: the largest step shrinks with the steps themselves."""
    poses, targets = pairs(12, 2, 3, 5)
    if layout == "square":  # Where a plain k-nearest jumps: all corners are as far from the middle.
        poses, targets = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), targets[:4]
    map = fitted(kind, poses, targets)
    lines = [(np.array([-0.3, -0.3]), np.array([1.3, 1.3])), (poses[0], poses[3])]
    lines += [(np.array([0.5, -0.2]), np.array([0.5, 1.2]))]
    for start, end in lines:
        steps = []
        for count in (200, 2000):
            along = start + np.linspace(0, 1, count + 1)[:, None] * (end - start)
            steps.append(np.abs(np.diff([map.at(p) for p in along], axis=0)).max())
        assert steps[1] < 0.3 * steps[0]


@pytest.mark.parametrize("scaling", ["minmax", "robust"])
@pytest.mark.parametrize("kind", KINDS)
def test_units_do_not_matter(kind, scaling):
    poses, targets = pairs(25, 5, 3)
    units, origin = np.array([1e-3, 1, 50, -2, 1e4]), np.array([0, 3, -7, 1e-3, 0])
    plain = fitted(kind, poses, targets, scaling=scaling)
    other = fitted(kind, poses * units + origin, targets, scaling=scaling)
    for pose in np.random.default_rng(9).uniform(-0.2, 1.2, (20, 5)):
        assert np.allclose(plain.at(pose), other.at(pose * units + origin), atol=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_an_input_that_never_moved_is_ignored(kind):
    poses, targets = pairs(10, 3, 2)
    poses[:, 1] = 0.4
    map = fitted(kind, poses, targets)
    pose = np.array([0.3, 0.4, 0.6])
    assert (map.at(pose) == map.at(pose + np.array([0, 5.0, 0]))).all()


@pytest.mark.parametrize("kind", KINDS)
def test_far_from_all_pairs_it_stays_sane(kind):
    poses, targets = pairs(20, 16, 8)
    map = fitted(kind, poses, targets)
    for pose in (np.full(16, 1e6), np.full(16, -1e6)):
        assert np.abs(map.at(pose) - 0.5).max() < 1.0


def test_smooth_has_no_corners():
    """Slopes on both sides of a pair agree; those of straight lines do not."""
    poses, targets = pairs(8, 1, 1, 2)
    step, bends = 1e-5, {}
    for kind in ("smooth", "linear"):
        map = fitted(kind, poses, targets)
        bends[kind] = max(
            abs(map.at(p + step) + map.at(p - step) - 2 * map.at(p))[0] / step for p in poses
        )
    assert bends["smooth"] < 0.05 * bends["linear"]


@pytest.mark.benchmark
@pytest.mark.parametrize("kind", KINDS)
def test_times_of_twenty_pairs_in_sixteen_dimensions(kind):
    poses, targets = pairs(20, 16, 16)
    fits, uses = [], []
    for _ in range(50):
        start = time.perf_counter()
        map = fitted(kind, poses, targets)
        fits.append(time.perf_counter() - start)
        start = time.perf_counter()
        for pose in poses + 0.01:
            map.at(pose)
        uses.append((time.perf_counter() - start) / len(poses))
    print(f"\n{kind}: refit {1e3 * np.median(fits):.2f} ms, use {1e6 * np.median(uses):.1f} µs")
    assert np.median(fits) < 0.050
    assert np.median(uses) < 0.0002
