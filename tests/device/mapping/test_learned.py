"""Learned maps: what a player does, without a jump, and a file that plays as it was left."""

import base64
import json

import numpy as np
import pytest

from device.errors import ControlError
from device.mapping.dataset import Dataset
from device.mapping.learned import KINDS, Choices, blank, of
from device.mapping.learned_json import decode, encode
from device.mapping.network import Plan, advance, network

INPUTS, TARGETS = ("knob/1", "distance/1"), ("dry_wet", "latent_bias_0", "latent_bias_1")
FOUR = (
    Dataset(INPUTS, TARGETS)
    .add((0, 0), (0, 0.5, 1))
    .add((1, 0), (1, 0.5, 1))
    .add((0, 1), (0, 1, 0.2))
    .add((1, 1), (0.5, 0, 0.4))
)
HERE = np.array([0.3, 0.8])
QUICK = Plan(steps=30)


def map_of(kind="smooth", **choices):
    return of(FOUR, Choices(kind, **choices))


def trained(map):
    state = map.training(QUICK)
    advance(state, lambda: 0.0)
    return network(state)


def test_play_pair_learn():
    """The gesture: hold a pose, pair it, play; add where it is wrong; undo."""
    map = blank(INPUTS, TARGETS)
    assert map.at(HERE, 0.0) == {}
    map = map.edited(map.dataset.add((0, 0), (0.1, 0.2, 0.3)), None, 1.0)
    assert map.at(HERE, 1.0) == pytest.approx(dict(zip(TARGETS, (0.1, 0.2, 0.3), strict=True)))
    map = map.edited(map.dataset.add((1, 1), (0.9, 0.2, 0.3)), None, 2.0)
    assert map.at(np.array([1.0, 1.0]), 2.0)["dry_wet"] == pytest.approx(0.9)
    assert map.at(np.array([0.5, 0.5]), 2.0)["dry_wet"] == pytest.approx(0.5)
    map = map.undo(None, 3.0)
    assert map.at(np.array([1.0, 1.0]), 3.0)["dry_wet"] == pytest.approx(0.1)
    map = map.redo(None, 3.0).undo(None, 3.0).undo(None, 3.0)
    assert map.at(HERE, 4.0) == {}


def test_a_target_that_is_off_is_left_to_the_hand():
    map = map_of().enable("dry_wet", False)
    assert set(map.at(HERE, 0.0)) == {"latent_bias_0", "latent_bias_1"}
    assert set(map.enable("dry_wet", True).at(HERE, 0.0)) == set(TARGETS)
    with pytest.raises(ControlError, match="no target of this map; did you mean dry_wet"):
        map.enable("dry_wt", False)


def test_a_pose_is_made_of_what_was_heard():
    map = of(FOUR.add((1, 0.5), (0, 0, 0)).add((1, 0.5), (0, 0, 0)))
    assert map.pose({"distance/1": 0.2, "other": 9.0}).tolist() == [1.0, 0.2]
    assert map.pose({"knob/1": float("nan")}).tolist() == [1.0, 0.5]


@pytest.mark.parametrize("kind", KINDS)
def test_always_between_0_and_1(kind):
    map = map_of(kind)
    for pose in np.random.default_rng(0).uniform(-3, 4, (200, 2)):
        assert all(0.0 <= raw <= 1.0 for raw in map.at(pose, 0.0).values())


SWAPS = {
    "a pair more": lambda map, t: map.edited(map.dataset.add((0.3, 0.8), (1, 1, 1)), HERE, t),
    "undo": lambda map, t: map.undo(HERE, t),
    "another kind": lambda map, t: map.choose(Choices("nearest"), HERE, t),
    "a network": lambda map, t: map.choose(Choices("network"), HERE, t).swap(
        trained(map), map.dataset, HERE, t
    ),
}


@pytest.mark.parametrize("swap", SWAPS.values(), ids=SWAPS)
def test_nothing_jumps_at_a_swap(swap):
    """Swapped twice, the second in the midst of the first fade: each ms moves a little only."""
    map = map_of().edited(FOUR.dislike("1").like("2").remove("3"), None, 0.0)
    heard = []
    for ms in range(400):
        t = ms / 1000
        if ms == 100:
            map = swap(map, t)
        if ms == 130:
            map = map.choose(Choices("linear"), HERE, t)
        heard.append(map.sound(HERE, t))
    # A smoothstep over 100 ms is at its steepest 1.5 % a ms of what it has to go, at most 1.
    assert np.abs(np.diff(heard, axis=0)).max() <= 0.016
    assert (heard[-1] == map.sound(HERE, 9e9)).all()
    assert np.allclose(heard[-1], of(map.dataset, Choices("linear")).sound(HERE, 0.0))


def test_a_fade_is_a_pure_function_of_time():
    map = map_of().choose(Choices("nearest"), HERE, 5.0)
    late_first = [map.sound(HERE, t) for t in (5.2, 5.05, 5.0)]
    again = [map.sound(HERE, t) for t in (5.0, 5.05, 5.2)]
    assert np.array_equal(late_first[::-1], again)
    assert np.array_equal(again[0], map_of().sound(HERE, 0.0))


def test_a_network_plays_once_it_is_trained_and_knows_what_it_was_taught():
    map = map_of("network")
    assert map.wants_training
    assert np.array_equal(map.sound(HERE, 0.0), map_of("smooth").sound(HERE, 0.0))
    net = trained(map)
    taught = map.dataset
    map = map.edited(map.dataset.add((0.5, 0.5), (0, 0, 0)), None, 0.0)
    map = map.swap(net, taught, None, 0.0)
    assert map.wants_training
    assert np.allclose(map.sound(HERE, 0.0), np.clip(net.at(HERE), 0, 1))
    assert not map.swap(trained(map), map.dataset, None, 0.0).wants_training
    assert not blank(INPUTS, TARGETS, Choices("network")).wants_training


def test_the_fit_error_is_of_pairs_that_contradict_each_other():
    assert max(map_of().fit_error().values()) < 1e-9
    # The later wins: the first pair is off by 0.6 in one of five, in one target.
    error = of(FOUR.add((0, 0), (0.6, 0.5, 1))).fit_error()
    assert error == pytest.approx({TARGETS[0]: 0.6 / 5**0.5, TARGETS[1]: 0, TARGETS[2]: 0})
    assert set(blank(INPUTS, TARGETS).fit_error().values()) == {0.0}


def test_what_is_disliked_to_nothing_is_not_learned_from():
    dataset = FOUR.dislike("4").dislike("4").dislike("4").dislike("4")
    assert np.allclose(of(dataset).sound(HERE, 0), of(FOUR.remove("4")).sound(HERE, 0))


@pytest.mark.parametrize(
    ("do", "said"),
    [
        (lambda m: m.edited(Dataset(("a",), TARGETS), None, 0), "begin a new map"),
        (lambda m: m.swap(None, Dataset(INPUTS, ("a",)), None, 0), "trained for a map of other"),
        (lambda m: m.choose(Choices("magic", "huge", 0, -1, -1), None, 0), "kind is 'magic'.*seed"),
        (lambda m: m.edited(m.dataset.cleared(), None, 0).training(), "nothing to learn from"),
        (lambda m: blank((), TARGETS), "0 inputs"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(do, said):
    with pytest.raises(ControlError, match=said):
        do(map_of())


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_plays_as_it_was_left(kind):
    map = map_of(kind, scaling="robust", neighbours=2, fade_ms=50.0, seed=7)
    map = map.swap(trained(map), map.dataset, None, 0.0).enable("dry_wet", False)
    again = decode(json.loads(json.dumps(encode(map))))
    for pose in np.random.default_rng(1).uniform(-0.5, 1.5, (20, 2)):
        assert again.at(pose, 0.0) == map.at(pose, 0.0)
    assert (again.dataset, again.choices) == (map.dataset, map.choices)
    assert not again.wants_training
    assert encode(again) == encode(map)
    assert decode(encode(blank(INPUTS, TARGETS))).at(HERE, 0.0) == {}


def stored(**changes):
    map = map_of("network")
    return encode(map.swap(trained(map), map.dataset, None, 0.0)) | changes


def net(**changes):
    return stored(network=stored()["network"] | changes)


def layer(**changes):
    layers = stored()["network"]["layers"]
    return net(layers=[layers[0] | changes, *layers[1:]])


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (None, "learned map is NoneType"),
        (stored(format=2), "format is 2, not one of 1"),
        (stored(extra=1), "extra is unknown"),
        (stored(dataset=[]), "dataset is list"),
        (stored(choices={"kind": "magic"}), "kind is 'magic', not one of"),
        (stored(choices={"neighbours": 0}), "neighbours is 0"),
        (stored(choices={"fade_ms": 1e9}), "fade_ms is 1e\\+09"),
        (stored(disabled=["wet"]), "'wet', which is none of its targets"),
        (net(knows=1), "network.knows is 1, not one of present"),
        (net(offset=[0]), "network.offset is not a number for each"),
        (net(factor=["a", "b"]), "network.factor is not"),
        (net(layers=[]), "0 layers"),
        (net(layers=stored()["network"]["layers"][:2]), "48 values for 3 targets"),
        (layer(rows=3), r"layers\[0\] is 3 by 48"),
        (layer(cols=10**9), r"layers\[0\] is 2 by 1000000000"),
        (layer(weights="%%"), "not base64"),
        (layer(weights="AAAA"), "not base64 of as many finite"),
        (
            layer(weights=base64.b64encode(b"\0\0\xc0\x7f" * 96).decode()),
            "not base64 of as many finite",
        ),
    ],
)
def test_bad_files_are_refused_with_what_is_wrong(raw, said):
    with pytest.raises(ControlError, match=said):
        decode(raw)
