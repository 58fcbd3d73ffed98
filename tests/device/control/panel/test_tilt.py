"""Pitch, roll and energy: pure arithmetic."""

import math

import pytest

from device.control.panel.tilt import Motion, Tilt, followed, leaning


def gravity(pitch_deg, roll_deg, size=1.0):
    """What an accelerometer at rest measures."""
    p, r = math.radians(pitch_deg), math.radians(roll_deg)
    return Motion(
        -size * math.sin(p),
        size * math.cos(p) * math.sin(r),
        size * math.cos(p) * math.cos(r),
        0.0,
        0.0,
        0.0,
    )


@pytest.mark.parametrize("pitch", [-80, -20, 0, 45])
@pytest.mark.parametrize("roll", [-170, -90, 0, 30])
def test_at_rest_gravity_tells(pitch, roll):
    assert leaning(gravity(pitch, roll)) == pytest.approx((pitch, roll, 0.0), abs=1e-9)


def test_a_gyroscope_that_drifts_is_brought_back():
    tilt = None
    for _ in range(2000):
        tilt = followed(tilt, gravity(10, 20)._replace(gx=2.0, gy=-2.0), 0.005)
    # It ends where drift and trust are equal: rate times TRUST_S beside the truth.
    assert tilt[:2] == pytest.approx((9.0, 21.0), abs=0.05)


def test_a_turn_is_followed_at_once_and_a_knock_moves_little():
    tilt = Tilt(0.0, 0.0, 0.0)
    assert followed(tilt, gravity(5, 0)._replace(gy=500.0), 0.01).pitch_deg == pytest.approx(5.0)
    knocked = followed(tilt, Motion(0.8, 0.0, 1.0, 0, 0, 0), 0.005)
    assert abs(knocked.pitch_deg) < 0.5
    assert knocked.energy_g == pytest.approx(math.hypot(0.8, 1.0) - 1.0)


def test_roll_goes_the_short_way_over_the_edge():
    tilt = followed(Tilt(0.0, 179.0, 0.0), gravity(0, -179), 0.2)
    assert abs(tilt.roll_deg) > 179.0


def test_energy_falls_slowly_and_a_pause_forgets():
    tilt = followed(Tilt(0.0, 0.0, 1.0), gravity(0, 0), 0.2)
    assert tilt.energy_g == pytest.approx(math.exp(-1))
    assert followed(Tilt(80.0, 80.0, 1.0), gravity(0, 0), 1.0) == pytest.approx((0, 0, 0))
