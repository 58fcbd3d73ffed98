"""Soft takeover: a control waits for its parameter, and never jumps further than its tolerance."""

from hypothesis import given
from hypothesis import strategies as st

from device.mapping.pickup import TOLERANCE, Pickup
from tests.device.mapping.curves import RAW


def follow(stands, *wanted):
    pickup, path = Pickup(), []
    for w in wanted:
        stands = pickup.follow(w, stands)
        path.append(round(stands, 9))
    return path


def test_it_waits_until_the_control_comes_near():
    assert follow(0.5, 0.1, 0.3, 0.44, 0.46, 0.9) == [0.5, 0.5, 0.5, 0.46, 0.9]


def test_a_fast_hand_that_crosses_it_is_followed_by_steps():
    assert follow(0.5, 0.9, 0.62, 0.38, 0.38, 0.38, 0.38) == [0.5, 0.5, 0.45, 0.4, 0.38, 0.38]


def test_one_that_only_moves_away_is_left_alone():
    assert follow(0.5, 0.6, 0.8, 1.0, 0.7) == [0.5] * 4


@given(st.lists(st.tuples(RAW, st.none() | RAW), max_size=40), RAW)
def test_until_it_is_picked_up_it_never_jumps_more_than_the_tolerance(moments, stands):
    pickup = Pickup()
    for wanted, elsewhere in moments:
        if elsewhere is not None:
            stands = elsewhere
            pickup.wait()
        waited, before = pickup.waiting, stands
        stands = pickup.follow(wanted, stands)
        if waited:
            assert abs(stands - before) <= TOLERANCE + 1e-12
        else:
            assert stands == wanted
        assert 0.0 <= stands <= 1.0


@given(RAW, RAW)
def test_a_sweep_over_the_whole_range_always_picks_it_up(stands, end):
    pickup = Pickup()
    for wanted in (0.0, 1.0, *[end] * 21):
        stands = pickup.follow(wanted, stands)
    assert stands == end
    assert not pickup.waiting
    assert not pickup.following
