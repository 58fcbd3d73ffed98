"""Datasets: every edit can be undone, scaling does not depend on units, files are read strictly."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.errors import ControlError
from device.mapping import explore
from device.mapping.dataset import MAX_PAIRS, WEIGHTS, Dataset
from device.mapping.dataset_json import MAX_BYTES, decode_dataset, encode_dataset, parse_json
from device.mapping.history import MAX_STEPS, History
from device.mapping.scaling import fit_scaling
from device.mapping.trajectory import paired

TWO = Dataset(("knob/1", "knob/2"), ("dry_wet",))
SQUARE = TWO.add((0, 0), (0.1,)).add((1, 0), (0.2,)).add((0, 10), (0.3,)).add((1, 10), (0.4,))


def ids(dataset):
    return [pair.id for pair in dataset.pairs]


def test_pairs_are_added_removed_and_named_once():
    assert ids(SQUARE) == ["1", "2", "3", "4"]
    assert ids(SQUARE.remove("4").add((0.5, 5), (0.5,))) == ["1", "2", "3", "5"]
    assert ids(SQUARE.cleared().add((0, 0), (0,))) == ["5"]
    assert ids(TWO.add((0, 0), (0,), "2").add((0, 1), (0,))) == ["2", "3"]
    assert TWO.pairs == ()


def test_near_is_a_share_of_what_was_paired():
    """Knob 2 went from 0 to 10: 2 of its units are 0.2."""
    assert ids(SQUARE.remove_near((0.1, 2), 0.2)) == ["2", "3", "4"]
    assert ids(SQUARE.remove_near((0.1, 2), 0.19)) == ["1", "2", "3", "4"]
    assert ids(SQUARE.remove_near((0.5, 5), 0.5)) == []
    assert SQUARE.nearest((0.9, 6)).id == "4"
    assert SQUARE.nearest((0.5, 0)).id == "2"  # As near as 1, and newer.
    assert TWO.nearest((0, 0)) is None


def test_an_input_that_never_moved_counts_as_it_is():
    one = TWO.add((0.5, 0.5), (0,))
    assert ids(one.remove_near((0.5, 0.9), 0.3)) == ["1"]
    assert ids(one.remove_near((0.5, 0.7), 0.3)) == []


def test_liking_goes_up_and_down_its_steps():
    seen = [SQUARE.like("1").pair("1").weight]
    low = SQUARE
    for _ in range(6):
        low = low.dislike("1")
        seen.append(low.pair("1").weight)
    assert seen == [2.0, 0.5, 0.25, 0.125, 0.0, 0.0, 0.0]
    assert len(low.learned_from()[0]) == 3
    assert low.like("1").pair("1").weight == WEIGHTS[1]


def test_a_pair_is_corrected_and_is_new_then():
    moved = SQUARE.like("1").change("1", target=(0.9,)).change("1", pose=(0.5, 5))
    assert ids(moved) == ["2", "3", "4", "1"]
    assert moved.pairs[-1].pose == (0.5, 5.0)
    assert (moved.pairs[-1].target, moved.pairs[-1].weight) == ((0.9,), 2.0)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda d: d.add((0,), (0,)), "the pose has 1 values for 2 names"),
        (lambda d: d.add((0, float("nan")), (0,)), "has nan for knob/2"),
        (lambda d: d.add((0, 2e6), (0,)), "outside -1e+06..1e+06"),
        (lambda d: d.add((0, 0), (1.5,)), "the target has 1.5 for dry_wet, outside 0..1"),
        (lambda d: d.add((0, 0), (0,), "3"), "a pair '3' already"),
        (lambda d: d.add((0, 0), (0,), "a\nb"), "its name is not"),
        (lambda d: d.remove("first"), "no pair 'first'"),
        (lambda d: d.remove_path(7), "no trajectory 7"),
        (lambda d: d.remove_near((0, 0), 2), "a radius of 2"),
        (lambda d: d.remove_near((0,), 0.5), "1 values for 2 names"),
        (lambda d: d.add_path([(0, 0)], []), "same number of steps"),
        (lambda d: Dataset((), ("a",)), "there are 0 inputs; 1 to 64"),
        (lambda d: Dataset(("a",), tuple(map(str, range(161)))), "161 targets; 1 to 160"),
        (lambda d: Dataset(("a", "a"), ("b",)), "'a' is twice"),
        (lambda d: Dataset(("a b",), ("b",)), "without blanks"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(edit, said):
    with pytest.raises(ControlError, match=said.replace("+", r"\+")):
        edit(SQUARE)


def test_there_is_a_most_pairs():
    full = Dataset(("a",), ("b",), tuple(SQUARE.pairs[:0]))
    for start in range(0, MAX_PAIRS, 250):
        full = full.add_path([(start + i,) for i in range(250)], [(0.5,)] * 250)
    with pytest.raises(ControlError, match="1001 pairs; 1000 is the most"):
        full.add((0.5,), (0.5,))


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove", "near", "like", "dislike", "path", "clear", "change"]),
        st.integers(0, 30),
        st.floats(0, 1, allow_subnormal=False),
    ),
    max_size=25,
)


def edited(dataset, edit):
    what, number, value = edit
    id = dataset.pairs[number % len(dataset.pairs)].id if dataset.pairs else ""
    if what == "add" or not id:
        return dataset.add((value, number), (value,))
    if what == "near":
        return dataset.remove_near((value, number), value)
    if what == "path":
        return dataset.add_path([(value, 0), (value, 1)], [(0,), (value,)])
    if what == "clear":
        return dataset.cleared()
    if what == "change":
        return dataset.change(id, target=(value,))
    return getattr(dataset, what)(id)


@settings(max_examples=60, deadline=None)
@given(EDITS)
def test_whatever_was_edited_is_undone_and_redone(edits):
    history = History(SQUARE)
    states = [SQUARE]
    for edit in edits:
        history = history.do(edited(history.now, edit))
        if history.now != states[-1]:
            states.append(history.now)
    end = history.now
    for state in reversed(states):
        assert history.now == state
        history = history.undo()
    assert history.now == SQUARE
    assert history.undo() is history
    for state in states:
        assert history.now == state
        history = history.redo()
    assert history.now == end
    assert decode_dataset(json.loads(json.dumps(encode_dataset(end)))) == end


def test_a_new_edit_forgets_what_was_undone_and_the_oldest_of_many_goes():
    history = History(0).do(1).undo().do(2)
    assert (history, history.redo()) == (History(2, (0,)), History(2, (0,)))
    for number in range(MAX_STEPS + 10):
        history = history.do(-number)
    assert len(history.past) == MAX_STEPS


def test_scaling_by_hand():
    poses = np.array([[0.0, 5], [1, 5], [2, 5], [3, 5], [100, 5]])
    assert fit_scaling(poses)(np.array([25.0, 9])).tolist() == [0.25, 0]
    robust = fit_scaling(poses, "robust")  # Median 2, the middle half from 1 to 3.
    assert robust(np.array([3.0, 9])).tolist() == [0.5, 0]
    assert fit_scaling(poses)(np.array([1e6, 9])).tolist() == [2, 0]


@pytest.mark.parametrize("kind", ["minmax", "robust"])
def test_scaling_does_not_depend_on_units(kind):
    chance = np.random.default_rng(3)
    poses, units, origin = chance.random((30, 6)), 10.0 ** np.arange(-3, 3), np.arange(6.0)
    plain = fit_scaling(poses, kind)(poses)
    turned = fit_scaling(-poses * units + origin, kind)(-poses * units + origin)
    ends = (plain.min(axis=0) + plain.max(axis=0)) if kind == "minmax" else 0.0
    assert np.allclose(ends - plain, turned, atol=1e-9)


def test_a_path_is_walked_in_equal_steps():
    """Half of the drawn points lie in its first tenth, yet the third of five steps is halfway."""
    poses, sounds = paired([[0], [0.05], [0.1], [1.0]], [[0.0], [1.0]], 5)
    assert np.allclose(poses, [[0], [0.25], [0.5], [0.75], [1]])
    assert np.allclose(sounds, [[0], [0.25], [0.5], [0.75], [1]])
    timed, _ = paired([[0], [0.1], [1.0]], [[0.0], [1.0]], 3, "time")
    assert np.allclose(timed, [[0], [0.1], [1.0]])
    assert paired([[2.0, 3.0]], [[0.5], [0.5]], 2) == ([[2, 3]] * 2, [[0.5]] * 2)
    path = TWO.add_path(*paired([[0, 0], [1, 1]], [[0], [1]], 3))
    assert ids(path) == ["1.1", "1.2", "1.3"]
    assert [pair.target for pair in path.along(1)] == [(0,), (0.5,), (1,)]
    assert path.remove_path(1).pairs == ()


@pytest.mark.parametrize(
    ("poses", "sounds", "steps", "said"),
    [
        ([[0]], [[0]], 1, "1 steps are not possible"),
        ([], [[0]], 2, "at least one pose"),
        ([[0], [0, 1]], [[0]], 2, "all of one size"),
        ([[0]], [[float("inf")]], 2, "a sound of the path is not finite"),
    ],
)
def test_bad_paths_are_refused(poses, sounds, steps, said):
    with pytest.raises(ControlError, match=said):
        paired(poses, sounds, steps)


def test_chance_is_passed_in_and_keeps_its_distance():
    known = np.array([[0.5, 0.5, 0.5], [0.0, 0.0, 0.0]])
    for seed in range(50):
        sound = np.random.default_rng(seed).random(3)
        near = explore.near(sound, 0.1, np.random.default_rng(seed))
        assert (np.abs(near - sound) <= 0.1).all()
        assert (np.clip(near, 0, 1) == near).all()
        far = explore.far(known, np.random.default_rng(seed))
        assert np.linalg.norm(far - known, axis=1).min() > 0.5
        assert (far == explore.far(known, np.random.default_rng(seed))).all()
    chosen = np.array([True, False, True])
    assert explore.only(np.ones(3), np.zeros(3), chosen).tolist() == [1, 0, 1]
    assert explore.anywhere(4, np.random.default_rng(1)).shape == (4,)
    assert explore.far(np.zeros((0, 2)), np.random.default_rng(1)).shape == (2,)
    with pytest.raises(ControlError, match="a reach of 2"):
        explore.near(known[0], 2, np.random.default_rng(0))


def changed(**changes):
    return encode_dataset(SQUARE) | changes


def one_pair(**changes):
    return changed(pairs=[encode_dataset(SQUARE)["pairs"][0] | changes])


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ([], "dataset is list, not an object"),
        (changed(format=2), "has format 2; this Ondine reads format 1"),
        (changed(input=1), "dataset.input is unknown .did you mean inputs"),
        ({"format": 1}, "dataset.pairs is missing"),
        (changed(inputs="knob"), "dataset.inputs is str"),
        (changed(inputs=[1, 2]), r"dataset.inputs\[0\] is int"),
        (changed(inputs=[]), "0 inputs"),
        (changed(targets=["\ud800"]), "no name for one of the targets"),
        (changed(made=-1), "made is -1"),
        (changed(pairs={}), "pairs is not a list"),
        (changed(pairs=[1] * 1001), "at most 1000"),
        (changed(pairs=[1]), "pair 1: it is int"),
        (changed(pairs=[{}]), "it.pose is missing"),
        (one_pair(pose=[1]), "pair 1: the pose has 1 values"),
        (one_pair(pose=["a", 1]), "pose is not a list of numbers"),
        (one_pair(pose=[True, 1]), "pose is not a list of numbers"),
        (one_pair(pose=[10**400, 1]), "pose is not a list of numbers"),
        (one_pair(target=[2]), "outside 0..1"),
        (one_pair(weight=9), "weight is 9"),
        (one_pair(path=-1), "path is -1"),
        (one_pair(path=9), "path is 9, more than the 4 ever made"),
        (one_pair(id=""), "its name is not"),
        (changed(pairs=encode_dataset(SQUARE)["pairs"][:1] * 2), "that of an earlier pair"),
        (changed(pairs=[1] * 100), "and 88 more"),
    ],
)
def test_bad_files_are_refused_with_what_is_wrong(raw, said):
    with pytest.raises(ControlError, match=said):
        decode_dataset(raw)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not readable JSON"),
        (b"\xff\xfe\x00", "not readable JSON"),
        (b"[NaN]", "NaN is no number"),
        (b'{"a": 1, "a": 2}', "'a' is there twice"),
        (b"[" * 200_000, "not readable JSON"),
        (b" " * (MAX_BYTES + 1), "larger than 16 MiB"),
    ],
)
def test_what_is_no_json_is_refused(data, said):
    with pytest.raises(ControlError, match=said):
        parse_json(data, "the file")
