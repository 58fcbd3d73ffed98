"""PCA: worked by hand, against its definition, and the same whenever it is learned again."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.control.pca import Pca, learn
from device.control.reduction import Reduction, from_json, to_json
from device.errors import ControlError


def captured(seed, count=40, points=21, axes=3, ways=4):
    """Frames that move in so many ways, each weaker than the one before."""
    chance = np.random.default_rng(seed)
    rest = chance.uniform(0.3, 0.7, (points, axes))
    directions = chance.normal(size=(ways, points, axes))
    directions /= np.linalg.norm(directions, axis=(1, 2), keepdims=True)
    amounts = chance.uniform(-1, 1, (count, ways)) * 0.2 / 2 ** np.arange(ways)
    return rest + np.tensordot(amounts, directions, axes=1)


def test_one_point_on_a_line_by_hand():
    pca = learn(np.array([[[0.1, 0.5]], [[0.2, 0.5]], [[0.5, 0.5]]]), 1)
    assert pca.components == (pytest.approx((1.0, 0.0)),)
    assert [pca.reduce(np.array([[x, 0.5]]))[0] for x in (0.1, 0.2, 0.3, 0.5)] == pytest.approx(
        [0.0, 0.25, 0.5, 1.0]
    )
    assert pca.reduce(np.array([[0.9, 0.1]])).tolist() == [1.0]
    assert pca.suffixes == ("pca_1",)


def test_of_two_equally_strong_parts_the_first_gives_the_sign():
    along = np.array([-0.2, -0.1, 0.3])
    pca = learn(np.stack([0.5 - along, 0.5 + along], axis=1)[:, None], 1)
    assert pca.components[0] == pytest.approx((0.5**0.5, -(0.5**0.5)))


@pytest.mark.parametrize("components", [1, 4, 8])
def test_components_are_those_of_the_covariance(components):
    frames = captured(1, ways=9)
    pca = learn(frames, components)
    vectors = np.array(pca.components)
    assert vectors @ vectors.T == pytest.approx(np.eye(components), abs=1e-9)
    flat = frames.reshape(len(frames), -1)
    strengths = np.linalg.eigvalsh(np.cov(flat.T))[::-1][:components]
    assert ((flat - flat.mean(0)) @ vectors.T).var(axis=0, ddof=1) == pytest.approx(strengths)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_what_was_captured_fills_0_to_1_exactly(seed, components):
    frames = captured(seed)
    pca = learn(frames, components)
    numbers = np.array([pca.reduce(frame) for frame in frames])
    assert numbers.min(axis=0) == pytest.approx([0.0] * components, abs=1e-9)
    assert numbers.max(axis=0) == pytest.approx([1.0] * components, abs=1e-9)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.randoms(use_true_random=False))
def test_the_order_of_capturing_does_not_matter(seed, chance):
    frames = captured(seed)
    order = list(range(len(frames)))
    chance.shuffle(order)
    again = learn(frames[order], 2)
    for frame in frames[:5]:
        assert again.reduce(frame) == pytest.approx(learn(frames, 2).reduce(frame), abs=1e-6)


def test_learning_again_is_the_same_to_the_last_bit():
    assert learn(captured(3), 3) == learn(captured(3), 3)


def test_it_is_the_same_after_json():
    made = Reduction("hand/left", learn(captured(4), 2), ("hand/a", "hand/b"))
    [back] = from_json(json.loads(json.dumps(to_json([made]))))
    assert back == made
    frame = captured(5)[0]
    assert back.by.reduce(frame).tolist() == made.by.reduce(frame).tolist()


@pytest.mark.parametrize(
    ("frames", "components", "says"),
    [
        (captured(1), 0, "0 components were asked for; 1 to 8"),
        (captured(1), 9, "9 components were asked for; 1 to 8"),
        (captured(1, ways=2), 3, "move in 2 ways only. Capture more"),
        (captured(1, count=3), 3, "the 3 captured frames move in 2 ways only"),
        (captured(1)[:1], 1, "move in 0 ways only"),
        (captured(1)[:0], 1, "the 0 captured frames"),
        (np.repeat(captured(1)[:1], 50, axis=0), 1, "move in 0 ways only"),
        (captured(1)[0], 1, r"\[frames, points, axes\]"),
        (np.full((3, 2, 2), np.nan), 1, "all finite"),
    ],
)
def test_what_cannot_be_learned_is_said(frames, components, says):
    with pytest.raises(ControlError, match=says):
        learn(frames, components)


def test_a_frame_of_another_shape_is_refused():
    with pytest.raises(ControlError, match="21 points with 3 axes; one of 21 points with 2 axes"):
        learn(captured(1), 1).reduce(np.zeros((21, 2)))


@pytest.mark.parametrize(
    "change",
    [
        {"mean": (0.5,)},
        {"shape": (21,)},
        {"shape": (20, 3)},
        {"shape": ("21", "3")},
        {"components": ()},
        {"components": ((1.0,), (0.0,))},
        {"components": ((1.0,), (0.0, 1.0))},
        {"lowest": (0.0,)},
        {"lowest": (5.0, 5.0)},
        {"highest": (float("nan"), 1.0)},
        {"mean": (float("inf"),) * 63},
    ],
)
def test_a_damaged_one_is_refused(change):
    whole = learn(captured(1), 2)
    with pytest.raises(ControlError, match="this PCA is damaged"):
        Pca(**{**dataclasses.asdict(whole), **change})
