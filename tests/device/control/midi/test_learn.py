"""Learning a control: the one that moves, not the one that flickers."""

import pytest

from device.control.midi.learn import Learn, Learned, Needed, learnable
from device.control.signal import Signal


def moves(name, *values):
    return [Signal(name, value / 127, 0.0) for value in values]


@pytest.mark.parametrize(
    "values", [(64, 65, 66, 67), (64, 63, 62, 61), (0, 127), (64, 78), (127, 0)]
)
def test_a_control_that_moves_is_learned_once(values):
    learn = Learn()
    learn.arm("dry_wet")
    assert learn.hear(moves("midi/cc/74", *values)) == Learned("midi/cc/74", "dry_wet")
    assert learn.target is None
    assert learn.hear(moves("midi/cc/74", 0, 127, 0)) is None


def test_noise_does_not_win_against_a_turn():
    learn = Learn()
    learn.arm("dry_wet")
    assert learn.hear(moves("midi/cc/11", *[63, 64] * 500)) is None
    assert learn.hear(moves("midi/cc/11", *[60, 61, 62, 60, 61, 62] * 100)) is None
    turn = [
        signal
        for pair in zip(
            moves("midi/cc/11", 62, 61, 62, 61), moves("midi/cc/74", 5, 6, 7, 8), strict=True
        )
        for signal in pair
    ]
    assert learn.hear(turn) == Learned("midi/cc/74", "dry_wet")


def test_what_was_moved_before_it_was_armed_does_not_count_but_where_it_stood_is_known():
    learn = Learn()
    assert learn.hear(moves("midi/cc/20", *range(128))) is None
    learn.hear(moves("midi/cc/80", 0))
    learn.arm("a")
    assert learn.hear(moves("midi/cc/20", 127)) is None
    assert learn.hear(moves("midi/cc/80", 127)) == Learned("midi/cc/80", "a")


def test_it_can_be_cancelled_and_armed_for_another():
    learn = Learn()
    learn.arm("a")
    learn.cancel()
    assert learn.hear(moves("midi/cc/1", 0, 127)) is None
    learn.arm("b")
    learn.arm("c")
    assert learn.hear(moves("midi/cc/1", 0)) == Learned("midi/cc/1", "c")


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("midi/cc/1", True),
        ("midi/2/cc/31", True),
        ("midi/cc/64", True),
        ("midi/cc/119", True),
        ("midi/bend", True),
        ("midi/16/pressure", True),
        ("midi/cc/0", False),
        ("midi/cc/32", False),
        ("midi/cc/63", False),
        ("midi/3/cc/32", False),
        ("midi/cc/120", False),
        ("midi/cc/127", False),
        ("midi/note", False),
        ("midi/gate", False),
        ("midi/beat", False),
        ("knob/1", False),
    ],
)
def test_which_are_learned(name, may):
    assert learnable(name) is may
    learn = Learn()
    learn.arm("a")
    assert (learn.hear(moves(name, 0, 127)) is not None) is may


def test_other_controls_are_learned_if_they_may_and_names_are_bounded():
    learn = Learn(allowed=lambda name: name.startswith("knob/"))
    learn.arm("a")
    learn.hear([Signal(f"knob/{i}", 0.0, 0.0) for i in range(100_000)])
    assert learn.hear(moves("knob/5", 127)) == Learned("knob/5", "a")
    learn.arm("a")
    assert learn.hear(moves("knob/99999", 0, 127)) is None


def test_where_steps_do_not_count_only_the_way_does():
    learn = Learn(allowed=lambda name: True, needed=lambda name: Needed(travel=0.25))
    learn.arm("a")
    assert learn.hear(moves("knob/1", *range(60, 91))) is None
    assert learn.hear(moves("knob/1", 92)) == Learned("knob/1", "a")


def test_of_those_that_move_together_the_one_that_went_furthest_is_taken():
    learn = Learn(allowed=lambda name: True)
    learn.hear([*moves("x", 0), *moves("y", 0), *moves("z", 0)])
    learn.arm("a")
    assert learn.hear([*moves("x", 20), *moves("y", 60), *moves("z", 40)]) == Learned("y", "a")


def test_only_those_that_are_asked_for_are_taken():
    learn = Learn()
    learn.arm("a", among=lambda name: name == "midi/bend")
    assert learn.hear(moves("midi/cc/1", 0, 127)) is None
    assert learn.hear(moves("midi/bend", 64, 127)) == Learned("midi/bend", "a")
    learn.arm("b")
    assert learn.hear(moves("midi/cc/1", 0)) == Learned("midi/cc/1", "b")


def test_what_is_no_number_moves_nothing():
    learn = Learn()
    learn.arm("a")
    nan = Signal("midi/cc/1", float("nan"), 0.0)
    assert learn.hear([*moves("midi/cc/1", 64), nan, nan, *moves("midi/cc/1", 64, 65)]) is None
    assert learn.hear(moves("midi/cc/1", 127)) == Learned("midi/cc/1", "a")
