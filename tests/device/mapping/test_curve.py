"""Curves: exact at both ends, falling nowhere, and bent as they say."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.mapping.curve import MAX_POINTS, Curve, problems_of
from tests.device.mapping.curves import CURVES, RAW


@given(CURVES)
def test_every_curve_is_exact_at_its_ends(curve):
    assert problems_of(curve, "curve") == []
    assert (curve.at(0.0), curve.at(1.0)) == (0.0, 1.0)


@given(CURVES, RAW, RAW)
def test_no_curve_falls(curve, a, b):
    low, high = sorted((a, b))
    # exp() of a C library is right to a unit in the last place, and need not be in order below it.
    assert 0.0 <= curve.at(low) <= curve.at(high) + 1e-15 <= 1.0 + 1e-15


@given(CURVES, st.floats(allow_subnormal=False))
def test_what_lies_beyond_the_ends_is_at_them(curve, x):
    if not 0.0 < x < 1.0:
        assert curve.at(x) == (1.0 if x >= 1.0 else 0.0)


def test_curves_bend_as_they_say():
    # (e^(b/2) - 1) / (e^b - 1) = 1 / (e^(b/2) + 1)
    assert Curve("exponential", 3.0).at(0.5) == pytest.approx(1 / (math.exp(1.5) + 1))
    assert Curve("exponential", -3.0).at(0.5) == pytest.approx(1 / (math.exp(-1.5) + 1))
    assert Curve("s", 3.0).at(0.5) == 0.5
    assert Curve("s", 3.0).at(0.25) == pytest.approx(0.5 / (math.exp(1.5) + 1))
    table = Curve("table", points=((0.25, 0.5), (0.75, 0.5)))
    assert [table.at(x) for x in (0.125, 0.25, 0.5, 0.75, 0.875)] == [0.25, 0.5, 0.5, 0.5, 0.75]


@given(st.sampled_from(["linear", "exponential", "s"]), RAW)
def test_without_a_bend_they_are_straight(kind, x):
    assert Curve(kind, 0.0).at(x) == x


@given(RAW, st.floats(-12.0, 12.0, allow_subnormal=False))
def test_an_s_is_the_same_from_both_ends(x, bend):
    curve = Curve("s", bend)
    assert curve.at(x) == pytest.approx(1.0 - curve.at(1.0 - x), abs=1e-9)


@pytest.mark.parametrize(
    ("curve", "sentence"),
    [
        (Curve("s", 13.0), "bend is 13, outside -12..12"),
        (Curve("s", math.nan), "bend is nan, outside -12..12"),
        (Curve("linear", points=((0.5, 0.5),)), "is linear and has points; only a table has them"),
        (Curve("table"), "is a table without points, such as"),
        (Curve("table", points=((0.5,),)), "point 1 has 1 numbers; give [x, y]"),
        (Curve("table", points=((0.0, 0.5),)), "point 1 is [0, 0.5]; points lie between the ends"),
        (Curve("table", points=((0.5, 1.5),)), "point 1 is [0.5, 1.5]; points lie between"),
        (Curve("table", points=((0.5, 0.5), (0.5, 0.6))), "point 2 is [0.5, 0.6], left of or"),
        (Curve("table", points=((0.5, 0.5), (0.6, 0.4))), "point 2 is [0.6, 0.4], left of or"),
        (Curve("table", points=((0.5, 0.5),) * 65), f"has 65 points; {MAX_POINTS} are allowed"),
    ],
)
def test_what_is_no_curve_is_refused(curve, sentence):
    [problem] = problems_of(curve, "curve")
    assert problem.startswith("curve")
    assert sentence in problem
