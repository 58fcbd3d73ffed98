"""Presses: what counts as one, of a hand that trembles, holds, or was there before."""

import math

import pytest

from device.control.press import Presses
from device.control.signal import Signal

ACTS = {"midi/note/60": "scene/next", "pedal/1": "scene/save", "wek/1": "panic"}
BUTTON = {"button/1": "scene/next", "button/1/long": "scene/save"}


class Pressed:
    def __init__(self, acts):
        self.acts = []
        self.presses = Presses(acts, self.acts.append)

    def hear(self, name, *values):
        """What these values, one after the other, have pressed."""
        self.acts.clear()
        for value in values:
            self.presses.hear([Signal(name, value, 0.0)])
        return list(self.acts)


def test_a_rise_past_the_middle_presses_once_until_it_has_fallen_back():
    pressed = Pressed(ACTS)
    assert pressed.hear("midi/note/60", 1.0, 1.0, 0.9) == ["scene/next"]
    assert pressed.hear("midi/note/60", 0.0) == []
    assert pressed.hear("midi/note/60", 0.51) == ["scene/next"]


def test_the_middle_itself_is_no_press():
    assert Pressed(ACTS).hear("midi/note/60", 0.5) == []


def test_a_hand_that_trembles_about_the_middle_presses_once():
    assert Pressed(ACTS).hear("midi/note/60", 0.6, 0.45, 0.6, 0.25, 0.6) == ["scene/next"]
    assert Pressed(ACTS).hear("midi/note/60", 0.6, 0.24, 0.6) == ["scene/next"] * 2


@pytest.mark.parametrize("name", ["pedal/1", "wek/1"])
def test_where_a_control_stands_when_it_is_first_heard_is_no_press(name):
    pressed = Pressed(ACTS)
    assert pressed.hear(name, 1.0, 0.9) == []
    assert pressed.hear(name, 0.0, 1.0) == [ACTS[name]]


def test_a_control_that_is_first_heard_at_rest_presses_with_its_first_rise():
    assert Pressed(ACTS).hear("pedal/1", 0.0, 1.0) == ["scene/save"]


def test_what_is_no_number_neither_presses_nor_lets_go():
    pressed = Pressed(ACTS)
    assert pressed.hear("midi/note/60", math.nan) == []
    assert pressed.hear("midi/note/60", 1.0, math.nan, 1.0) == ["scene/next"]


def test_signals_of_others_press_nothing():
    assert Pressed(ACTS).hear("midi/note/61", 1.0) == []
    assert Pressed({}).hear("midi/note/60", 1.0) == []


def test_a_storm_presses_as_often_as_it_rises():
    pressed = Pressed(ACTS)
    storm = [Signal("midi/note/60", float(i % 2), 0.0) for i in range(10_000)]
    pressed.presses.hear(storm)
    assert len(pressed.acts) == 5000


def test_a_button_that_is_held_does_what_holding_is_for_and_nothing_else():
    pressed = Pressed(BUTTON)
    assert pressed.hear("button/1", 1.0) == []
    assert pressed.hear("button/1/long", 1.0) == ["scene/save"]
    assert pressed.hear("button/1", 0.0) == []
    assert pressed.hear("button/1/long", 0.0) == []
    assert pressed.hear("button/1", 1.0, 0.0) == ["scene/next"]


def test_a_button_without_a_long_press_acts_at_once():
    assert Pressed({"button/1": "scene/next"}).hear("button/1", 1.0) == ["scene/next"]


def test_what_is_down_while_the_presses_change_does_not_press_again():
    pressed = Pressed(ACTS)
    pressed.hear("midi/note/60", 1.0)
    pressed.presses.change({"midi/note/60": "scene/previous", "pedal/2": "panic"})
    assert pressed.hear("midi/note/60", 0.9) == []
    assert pressed.hear("midi/note/60", 0.0, 1.0) == ["scene/previous"]
    assert pressed.hear("pedal/1", 0.0, 1.0) == []
    assert pressed.hear("pedal/2", 0.0, 1.0) == ["panic"]
