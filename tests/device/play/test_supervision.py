"""When audio is started again, when it hangs, when memory is short: time and looks passed in."""

import pytest

from device.play.heart import Heart
from device.play.lookout import AMPLE, Memory
from device.play.patience import DEATHS, LONGEST_WAIT_S, STEADY_S, WITHIN_S, Patience


def test_after_a_good_run_it_is_started_again_at_once_for_ever():
    patience = Patience()
    for hour in range(1000):
        again = patience.died(3600.0 * hour, 3600.0, blamed=True)
        assert (again.wait_s, again.another) == (0.0, False)


def test_short_runs_are_met_later_and_later_and_never_later_than_a_second():
    patience = Patience()
    waits = [patience.died(100.0 * i, 0.1, blamed=True).wait_s for i in range(200)]
    assert waits[:6] == pytest.approx([0.0, 0.1, 0.2, 0.4, 0.8, 1.0])
    assert max(waits) == LONGEST_WAIT_S
    assert patience.died(1e6, STEADY_S, blamed=True).wait_s == 0.0


def test_what_it_dies_of_again_and_again_is_not_played_again():
    patience = Patience()
    deaths = [patience.died(10.0 * i, 9.0, blamed=True).another for i in range(DEATHS)]
    assert deaths == [False, False, True]
    patience.forgive()
    assert not patience.died(31.0, 1.0, blamed=True).another


def test_deaths_far_apart_or_by_another_s_hand_are_not_held_against_it():
    patience = Patience()
    for i in range(20):
        assert not patience.died(i * WITHIN_S, 20.0, blamed=True).another
    for i in range(20):
        assert not patience.died(1000.0 + i, 1.0, blamed=False).another


def test_a_heart_that_does_not_move_is_noticed_and_one_that_does_is_not():
    heart = Heart(look_s=0.5, limit_s=3.0)
    assert not any(heart.stopped(beat) for beat in range(100))
    looks = [heart.stopped(99.0) for _ in range(8)]
    assert looks == [False] * 6 + [True] * 2
    assert not heart.stopped(100.0)


def test_memory_is_short_below_the_limit_until_there_is_ample():
    memory = Memory(1000)
    seen = [(memory.look(free), memory.short) for free in (1000, 999, 500, 1001, 1249, 1250, 1249)]
    assert AMPLE == 1.25
    assert seen == [
        (False, False),
        (True, True),
        (False, True),
        (False, True),
        (False, True),
        (True, False),
        (False, False),
    ]
