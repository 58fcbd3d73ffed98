"""Reductions as data: names, JSON there and back, and everything that is refused in it."""

import json

import numpy as np
import pytest

from device.control.reduce import Centre, Distance, Pick, Scale
from device.control.reduction import USUAL, Reduction, from_json, to_json
from device.errors import ControlError


def test_numbers_are_named_after_the_frame_or_as_chosen():
    frame = np.full((21, 2), 0.5)
    frame[8] = 0.25, 0.75
    named = Reduction("hand/left", Pick((8,)), ("index/x", "index/y"))
    assert named.numbers(frame) == [("index/x", 0.25), ("index/y", 0.75)]
    plain = Reduction("hand/left", Pick((8,)))
    assert plain.signals == ("hand/left/8_x", "hand/left/8_y")


def test_json_there_and_back():
    made = (
        Reduction("hand/left", Pick((4, 8), "xyz")),
        Reduction("pose", Centre("x"), ("pose/where",)),
        Reduction("face/mesh", Scale(0.3, 1.5)),
        Reduction("hand/1", Distance(4, 8, 0.2)),
        *USUAL,
    )
    assert from_json(json.loads(json.dumps(to_json(made)))) == made
    assert from_json(to_json(made)) == made


def test_the_usual_ones_have_names_of_their_own():
    names = [name for reduction in USUAL for name in reduction.signals]
    assert len(set(names)) == len(names)


def test_what_is_left_out_is_as_usual():
    [read] = from_json([{"of": "pose", "by": {"kind": "pick", "points": [0]}}])
    assert read == Reduction("pose", Pick((0,), "xy"))


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({}, "reductions are dict, not a list"),
        ([3], r"reductions\[0\].by.kind is None, not one of pick, centre"),
        ([{"of": "pose"}], "by.kind is None"),
        ([{"of": "pose", "by": {"kind": "centr"}}], "did you mean centre"),
        ([{"of": "pose", "by": {"kind": ["pick"]}}], "by.kind is"),
        ([{"of": "pose", "by": {"kind": "pick"}}], r"reductions\[0\].by.points is missing"),
        ([{"of": "pose", "by": {"kind": "scale", "ful": 1}}], r"by.ful is unknown \(did you mean"),
        (
            [{"of": "pose", "by": {"kind": "scale", "full": "1"}}],
            r"reductions\[0\]: full was given as '1'",
        ),
        ([{"of": "pose", "by": {"kind": "scale", "full": 0}}] * 2, r"\[0\]: full .*\[1\]: full"),
        ([{"of": "pose", "by": {"kind": "pick", "points": [0.5]}}], r"points \(0.5,\)"),
        ([{"of": "pose", "by": {"kind": "pick", "points": 8}}], r"points 8"),
        ([{"of": "pose", "by": {"kind": "scale"}, "name": "x"}], "name is unknown"),
        ([{"by": {"kind": "scale"}}], "of is missing"),
        ([{"of": 3, "by": {"kind": "scale"}}], "of is int, not str"),
        ([{"of": "pose", "by": {"kind": "scale"}, "names": "x"}], "names is str"),
        ([{"of": "pose", "by": {"kind": "scale"}, "names": ["Large"]}], "cannot be the name"),
        ([{"of": "hand left", "by": {"kind": "scale"}}], "cannot be the name"),
        ([{"of": "pose", "by": {"kind": "scale"}, "names": ["a", "b"]}], "2 names; it needs 1"),
        ([{"of": "pose", "by": {"kind": "centre"}, "names": ["a", "a"]}], "a name twice"),
        ([{"of": "pose", "by": {"kind": "pca"}}], "by.shape is missing; .*mean is missing"),
    ],
)
def test_json_that_cannot_be_used_is_refused_with_its_place(raw, says):
    with pytest.raises(ControlError, match=says):
        from_json(raw)
