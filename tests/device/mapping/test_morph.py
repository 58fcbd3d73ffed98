"""Morphs: exact at the scenes, octaves in between, each way in its own time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.errors import ControlError
from device.mapping.morph import (
    Line,
    Plane,
    Way,
    decode_morph,
    glide,
    prepare,
    readings,
    weights,
)
from device.mapping.scene import Scene
from device.params import ParamSpec

SPECS = {
    s.id: s
    for s in (
        ParamSpec("tone", "Tone", 100.0, 6400.0, 100.0, "Hz", "exponential"),
        ParamSpec("gain", "Gain", -60.0, 12.0, 0.0, "dB"),
        ParamSpec("mode", "Mode", 0.0, 3.0, 0.0),
        ParamSpec("same", "Same", 0.0, 1.0, 0.0),
        ParamSpec("mine", "Mine", 0.0, 1.0, 0.0),
        ParamSpec("only", "Only", 0.0, 1.0, 0.0),
    )
}


def scene(number, tone, gain, mode, mine=0.0, **more):
    values = {"tone": tone, "gain": gain, "mode": mode, "same": 0.3, "mine": mine, "gone": 1.0}
    return Scene(number, f"s{number}", "bells", values=values | more)


SCENES = {
    s.number: s
    for s in (
        scene(1, 100.0, 0.1, 0.0, only=1.0),
        scene(2, 400.0, -12.3, 3.0, 1.0),
        scene(3, 200.0, 3.7, 1.0, 0.5),
        scene(4, 6400.0, -60.0, 2.0),
    )
}


def at(morph, *place):
    blend = prepare(morph, SCENES, SPECS, steps=["mode"])
    return {r.param: r.value for r in readings(blend, place, 5.0)}


@pytest.mark.parametrize(
    ("morph", "places"),
    [
        (Line((1, 2)), [(0.0,), (1.0,)]),
        (Line((4, 1, 3), (Way(0.7), Way(-0.7))), [(0.0,), (0.5,), (1.0,)]),
        (Plane((1, 2)), [(0.0, 0.6), (1.0, 0.2)]),
        (Plane((1, 2, 3), Way(1.0), Way(-1.0)), [(0.0, 0.0), (1.0, 0.0), (0.3, 1.0)]),
        (Plane((1, 2, 3, 4), Way(0.4)), [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)]),
    ],
)
def test_at_a_scene_it_is_exactly_that_scene(morph, places):
    for number, place in zip(morph.scenes, places, strict=True):
        found = at(morph, *place)
        assert found.items() <= SCENES[number].values.items()
        assert {"tone", "gain", "mode"} <= found.keys()


def test_in_the_middle_it_is_the_middle_of_the_control_and_choices_switch():
    middle = at(Line((1, 2)), 0.5)
    assert middle["tone"] == pytest.approx(200.0)  # two octaves: one of them
    assert middle["gain"] == pytest.approx(-6.1)
    assert [at(Line((1, 2)), x)["mode"] for x in (0.49, 0.51)] == [0.0, 3.0]
    quarter = at(Plane((1, 2, 3, 4)), 0.5, 0.5)
    assert quarter["gain"] == pytest.approx((0.1 - 12.3 + 3.7 - 60.0) / 4)
    assert quarter["tone"] == pytest.approx(100.0 * 2 ** ((0 + 2 + 1 + 6) / 4))


def test_what_is_the_same_unknown_to_one_or_excluded_is_left_to_other_hands():
    assert at(Line((1, 2)), 0.2).keys() == {"tone", "gain", "mode", "mine"}
    assert at(Line((1, 4), exclude=("gain", "nothing")), 0.2).keys() == {"tone", "mode"}
    twins = {1: SCENES[1], 2: SCENES[1]}
    assert readings(prepare(Line((1, 2)), twins, SPECS), (0.5,), 0.0) == []


def test_a_reading_says_who_and_when():
    blend = prepare(Line((1, 2)), SCENES, SPECS)
    assert {(r.who, r.when_s, r.raw) for r in readings(blend, (0.1,), 5.0)} == {
        ("morph", 5.0, False)
    }


def test_curves_by_hand():
    late, early = Way(1 / 3), Way(-1 / 3)  # the power 2
    assert weights(Line((1, 2), (late,)), (0.5,)).tolist() == pytest.approx([0.75, 0.25])
    assert weights(Line((1, 2), (early,)), (0.5,)).tolist() == pytest.approx([0.25, 0.75])
    both = weights(Line((1, 2, 3), (late, early)), (0.75,))
    assert both.tolist() == pytest.approx([0.0, 0.25, 0.75])
    plane = weights(Plane((1, 2, 3, 4), late, early), (0.5, 0.5))
    assert plane.tolist() == pytest.approx([0.1875, 0.0625, 0.5625, 0.1875])


@given(
    st.sampled_from([Line((1, 2, 3, 4)), Plane((1, 2)), Plane((1, 2, 3)), Plane((1, 2, 3, 4))]),
    st.tuples(*[st.floats(-1, 2, allow_subnormal=False)] * 2),
)
def test_anywhere_the_shares_are_a_whole_and_values_stay_in_range(morph, place):
    place = place[: 1 if isinstance(morph, Line) else 2]
    shares = weights(morph, place)
    assert shares.min() >= 0.0
    assert shares.sum() == pytest.approx(1.0)
    for id, value in at(morph, *place).items():
        ends = [SCENES[n].values[id] for n in morph.scenes]
        assert min(ends) - 1e-9 * abs(min(ends)) <= value <= max(ends) + 1e-9 * abs(max(ends))


def test_a_small_movement_is_a_small_change():
    line = Line((4, 1, 3, 2), (Way(0.9), Way(-0.4), Way()))
    blend = prepare(line, SCENES, SPECS)
    raw = np.array([weights(line, (x,)) @ blend.raw for x in np.linspace(0, 1, 3001)])
    assert np.abs(np.diff(raw, axis=0)).max() < 3 * 6.5 / 3000


def test_each_way_takes_its_time_in_both_directions():
    line = Line((1, 2, 3), (Way(glide_s=2.0), Way(glide_s=8.0)))
    place = (0.0,)
    for passed_s, where in ((1.0, 0.25), (1.0, 0.5), (4.0, 0.75), (99.0, 1.0), (1.0, 1.0)):
        place = glide(line, place, (1.0,), passed_s)
        assert place[0] == pytest.approx(where)
    assert glide(line, (1.0,), (0.0,), 9.0)[0] == pytest.approx(0.25)
    assert glide(line, (1.0,), (0.0,), 10.0) == (0.0,)
    assert glide(line, (0.3,), (0.3,), 5.0) == (0.3,)
    assert glide(line, (0.3,), (0.8,), -5.0)[0] == pytest.approx(0.3)
    plane = Plane((1, 2, 3, 4), Way(glide_s=4.0))
    assert glide(plane, (0.0, 0.0), (1.0, 1.0), 1.0) == (0.25, 1.0)


@given(
    st.floats(0, 1, allow_subnormal=False),
    st.floats(0, 1, allow_subnormal=False),
    st.lists(st.floats(0, 9, allow_subnormal=False), max_size=20),
)
def test_it_arrives_and_never_passes_its_target_however_time_is_cut(start, target, pieces):
    line = Line((1, 2, 3, 4), (Way(glide_s=3.0), Way(), Way(glide_s=5.0)))
    place, low, high = (start,), min(start, target), max(start, target)
    for passed_s in [0.0, *pieces]:
        place = glide(line, place, (target,), passed_s)
        assert low - 1e-12 <= place[0] <= high + 1e-12
    whole = glide(line, (start,), (target,), sum(pieces))
    assert whole[0] == pytest.approx(place[0], abs=1e-9)
    assert glide(line, place, (target,), 9.0) == (target,)


def test_a_morph_is_read_from_json_and_what_is_wrong_is_told_at_once():
    line = {"scenes": [1, 2], "ways": [{"curve": 0.5, "glide_s": 2}], "exclude": ["gain"]}
    assert decode_morph(line) == Line((1, 2), (Way(0.5, 2.0),), ("gain",))
    assert decode_morph({"scenes": [1, 2, 3], "up": {}}) == Plane((1, 2, 3))
    for raw, say in (
        ({"scenes": [1], "ways": [{"curve": 2}, {"glide_s": -1}]},
         r"it has 1 scenes; give 2\.\.16; it has 2 ways for 1 scenes; give one fewer; "
         r"ways\[0\]\.curve is 2, outside -1\.\.1; ways\[1\]\.glide_s is -1, outside"),
        ({"scenes": [1, 2, 3, 4, 5], "across": {}}, r"it has 5 scenes; give 2\.\.4"),
        ({"scene": [1, 2]}, r"morph.scene is unknown \(did you mean scenes\?\); .* is missing"),
        ([], "morph is list, not an object"),
    ):  # fmt: skip
        with pytest.raises(ControlError, match=say):
            decode_morph(raw)


def test_scenes_that_are_gone_or_of_two_instruments_are_refused():
    with pytest.raises(ControlError, match="there is no scene 8; there is no scene 9"):
        prepare(Line((8, 1, 9)), SCENES, SPECS)
    with pytest.raises(ControlError, match="these are of bells and drift"):
        prepare(Line((1, 2)), SCENES | {2: Scene(2, "x", "drift")}, SPECS)
