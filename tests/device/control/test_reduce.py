"""Reducers: by hand, and what must not change when the hand moves, turns or is renumbered."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from device.control.reduce import Centre, Distance, Pick, Scale
from device.errors import ControlError

SQUARE = np.array([[0.2, 0.2], [0.4, 0.2], [0.4, 0.4], [0.2, 0.4]])

frames = arrays.arrays(
    np.float64,
    st.tuples(st.integers(2, 30), st.integers(2, 3)),
    elements=st.floats(0.0, 1.0, allow_subnormal=False),
)


def turned(points, degrees):
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turn = np.eye(points.shape[1])
    turn[:2, :2] = [[c, -s], [s, c]]
    return points @ turn.T


def test_by_hand():
    assert Pick((2, 0), "y").reduce(SQUARE).tolist() == [0.4, 0.2]
    assert Pick((1,)).reduce(SQUARE).tolist() == [0.4, 0.2]
    assert Centre().reduce(SQUARE) == pytest.approx([0.3, 0.3])
    assert Scale(full=1.0).reduce(SQUARE) == pytest.approx([0.1 * math.sqrt(2)])
    assert Distance(0, 1, full=0.4).reduce(SQUARE) == pytest.approx([0.5])
    assert Distance(0, 2, full=0.1).reduce(SQUARE).tolist() == [1.0]


def test_they_are_called_after_what_they_are():
    assert Pick((4, 8), "xz").suffixes == ("4_x", "4_z", "8_x", "8_z")
    assert Centre("xyz").suffixes == ("centre_x", "centre_y", "centre_z")
    assert Scale().suffixes == ("scale",)
    assert Distance(4, 8).suffixes == ("distance_4_8",)


@given(frames)
def test_as_many_numbers_as_names_from_0_to_1(frame):
    for reducer in (Pick((1, 0), "xy"), Centre("xy"), Scale(), Distance(0, 1), Scale(1e-9)):
        numbers = reducer.reduce(frame)
        assert numbers.shape == (len(reducer.suffixes),)
        assert ((numbers >= 0) & (numbers <= 1)).all()


@given(
    frames, st.floats(-3.0, 3.0, allow_subnormal=False), st.floats(-3.0, 3.0, allow_subnormal=False)
)
def test_scale_and_distance_do_not_see_where_the_hand_is(frame, x, y):
    moved = frame + np.array([x, y, x])[: frame.shape[1]]
    assert Scale(4.0).reduce(moved) == pytest.approx(Scale(4.0).reduce(frame), abs=1e-12)
    assert Distance(0, 1, 4.0).reduce(moved) == pytest.approx(
        Distance(0, 1, 4.0).reduce(frame), abs=1e-12
    )


@given(frames, st.floats(0.0, 360.0, allow_subnormal=False))
def test_scale_and_distance_do_not_see_how_the_hand_is_turned(frame, degrees):
    for reducer in (Scale(4.0), Distance(0, 1, 4.0)):
        assert reducer.reduce(turned(frame, degrees)) == pytest.approx(
            reducer.reduce(frame), abs=1e-12
        )


@given(frames, st.floats(0.1, 1.0, allow_subnormal=False))
def test_scale_grows_with_the_hand(frame, times):
    assert Scale(4.0).reduce(frame * times) == pytest.approx(
        Scale(4.0).reduce(frame) * times, abs=1e-12
    )


@given(frames, st.randoms(use_true_random=False))
def test_scale_and_centre_do_not_see_the_order_of_the_points(frame, chance):
    order = list(range(len(frame)))
    chance.shuffle(order)
    for reducer in (Scale(), Centre()):
        assert reducer.reduce(frame[order]) == pytest.approx(reducer.reduce(frame), abs=1e-12)


@given(frames, st.data())
def test_pick_follows_a_point_to_its_new_number(frame, data):
    order = data.draw(st.permutations(range(len(frame))))
    at = data.draw(st.integers(0, len(frame) - 1))
    assert (Pick((order.index(at),)).reduce(frame[order]) == Pick((at,)).reduce(frame)).all()


@given(frames)
def test_distance_is_the_same_both_ways(frame):
    assert Distance(0, 1).reduce(frame) == Distance(1, 0).reduce(frame)


def test_aspect_makes_a_turned_hand_as_large_in_a_wide_picture():
    across = np.array([[0.4, 0.5], [0.6, 0.5]])
    upright = np.array([[0.5, 0.5 - 0.1 * 16 / 9], [0.5, 0.5 + 0.1 * 16 / 9]])
    for reducer in (Scale(1.0, aspect=16 / 9), Distance(0, 1, 1.0, aspect=16 / 9)):
        assert reducer.reduce(upright) == pytest.approx(reducer.reduce(across))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Pick(()), "whole, from 0 on"),
        (lambda: Pick((-1,)), "whole, from 0 on"),
        (lambda: Pick((True,)), "whole, from 0 on"),
        (lambda: Pick(("8",)), "whole, from 0 on"),
        (lambda: Pick((8, 8)), "once"),
        (lambda: Distance(4, 4), "once"),
        (lambda: Pick((1,), "yx"), "in this order"),
        (lambda: Centre("w"), "in this order"),
        (lambda: Scale(0.0), "full was given as 0.0"),
        (lambda: Scale(math.nan), "full was given as nan"),
        (lambda: Distance(1, 2, aspect=-1.0), "aspect was given as -1.0"),
    ],
)
def test_settings_that_cannot_be_are_refused(make, says):
    with pytest.raises(ControlError, match=says):
        make()


@pytest.mark.parametrize(
    ("reducer", "says"),
    [
        (Pick((4,)), "point 4 was asked for; this frame has points 0 to 3"),
        (Distance(0, 99), "point 99"),
        (Pick((0,), "z"), "this frame has xy only"),
        (Centre("xyz"), "this frame has xy only"),
    ],
)
def test_a_frame_without_what_is_asked_for_is_refused(reducer, says):
    with pytest.raises(ControlError, match=says):
        reducer.reduce(SQUARE)
