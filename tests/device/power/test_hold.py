"""The button that is held from power-on: hand-worked times."""

import pytest

from device.power.hold import HELD_S, WITHIN_S, Hold, heard


def after(*moves, began_s=100.0):
    """A hold that began at 100 s, after (seconds from then, down) moves."""
    hold = Hold(began_s)
    for at_s, down in moves:
        hold = heard(hold, down, began_s + at_s)
    return hold


def test_held_from_the_beginning_for_long_enough():
    hold = after((0.2, True))
    assert hold.counts
    assert not hold.held(100.0 + HELD_S)
    assert hold.held(100.2 + HELD_S)


def test_it_may_begin_until_ten_seconds_and_no_later():
    assert after((WITHIN_S, True)).held(100.0 + WITHIN_S + HELD_S)
    late = after((WITHIN_S + 0.1, True))
    assert late.over
    assert not late.held(1e6)


@pytest.mark.parametrize("let_go_s", [0.3, HELD_S - 0.1])
def test_let_go_earlier_it_is_a_button_like_others_from_then_on(let_go_s):
    hold = after((0.2, True), (let_go_s, False), (let_go_s + 0.1, True))
    assert hold.over
    assert not hold.counts
    assert not hold.held(1e6)


def test_never_touched_it_never_counts():
    assert not after().held(1e6)
    assert not after((1.0, False)).counts


def test_said_twice_it_does_not_begin_again():
    assert after((1.0, True), (9.0, True)).held(100.0 + 1.0 + HELD_S)
