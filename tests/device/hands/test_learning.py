"""Learning routes by moving controls, with real hands, and a patch that is really stored."""

import dataclasses

import pytest

from device.control.signal import Signal
from device.errors import ControlError
from device.hands.learning import MOST_SHOWN
from device.mapping.macros import Macro, Move
from device.mapping.patch import MAX_CONTROLS, Patch
from device.mapping.routes import MAX_ROUTES, Route
from tests.device.hands.patch_stage import PATCH, TINY, Box


@pytest.fixture
def box(tmp_path):
    return Box(tmp_path)


def test_a_control_that_is_moved_moves_the_target_from_then_on_and_is_stored(box):
    assert box.do("control/learn dry_wet") == "Move the control for dry_wet."
    box.sweep("midi/cc/74")
    assert box.said == ["midi/cc/74 moves dry_wet now; it takes over where it comes past it."]
    box.taken.clear()
    box.sweep("midi/cc/74")
    assert {reading.param for reading in box.taken} == {"dry_wet"}
    assert {"source": "midi/cc/74", "target": "dry_wet"} in box.stored["routes"]
    assert "midi/cc/74" in box.stored["controls"]


def test_it_replaces_what_the_control_moved_before_and_keeps_its_settings(box):
    box.do("control/learn dry_wet")
    box.sweep("knob/1")
    assert box.routes == {("knob/1", "dry_wet")}
    assert "no longer latent_bias_0" in box.said[0]
    assert box.hands.patch.controls == PATCH.controls


def test_two_controls_of_one_parameter_are_told_as_they_add_up(box):
    box.do("control/learn latent_bias_0")
    box.sweep("knob/2")
    assert "What knob/1 says is added" in box.said[0]


def test_only_the_next_control_is_learned(box):
    box.do("control/learn dry_wet")
    box.sweep("knob/2")
    box.sweep("midi/cc/74")
    assert box.routes == {("knob/1", "latent_bias_0"), ("knob/2", "dry_wet")}


def test_noise_of_a_knob_is_not_learned_although_it_goes_one_way_for_long(box):
    box.turn("knob/2", 0.5)
    box.do("control/learn dry_wet")
    box.turn("knob/2", *(0.5 + i / 1023 for i in range(1, 20)))
    assert box.said == []
    box.turn("knob/2", 0.65)
    assert "knob/2 moves dry_wet now" in box.said[0]


def test_streams_are_learned_only_when_asked_for_and_the_furthest_wins(box):
    def frame(x, pinch):
        names = ("hand/left/x", "hand/left/pinch", "hand/found")
        signals = [
            Signal(name, value, 0.0) for name, value in zip(names, (x, pinch, 1.0), strict=True)
        ]
        box.hands.hear(signals)

    box.do("control/learn dry_wet")
    frame(0.1, 0.1)
    frame(0.9, 0.9)
    assert box.said == []
    assert box.do("control/learn dry_wet hand/left").endswith("Only hand/left is listened to.")
    box.sweep("knob/2")
    frame(0.55, 0.5)
    frame(0.5, 0.1)
    assert box.said == ["hand/left/pinch moves dry_wet now."]
    assert "hand/left/pinch" not in box.hands.patch.controls


@pytest.mark.parametrize("name", ["midi/note", "midi/gate", "hand/found", "button/1/long"])
def test_what_comes_by_itself_is_never_learned_even_when_asked_for(box, name):
    box.do(f"control/learn dry_wet {name}")
    box.turn(name, 0.0, 1.0, 0.0)
    assert box.said == []


def test_a_family_ends_where_its_name_does(box):
    box.do("control/learn dry_wet knob/1")
    box.sweep("knob/12")
    box.sweep("knob/2")
    assert box.said == []


def test_a_button_is_learned_but_not_the_one_that_presses_acts(tmp_path):
    presses = {"button/1/long": "control/learn dry_wet"}
    box = Box(tmp_path, dataclasses.replace(PATCH, presses=presses))
    box.turn("button/1", 0.0, 1.0)
    box.do("control/learn dry_wet")
    box.turn("button/1", 0.0)
    assert box.said == []
    free = Box(tmp_path)
    free.do("control/learn dry_wet")
    free.turn("button/1", 0.0, 1.0)
    assert "button/1 moves dry_wet now" in free.said[0]


def test_a_macro_can_be_learned(tmp_path):
    macro = Macro("far", (Move("dry_wet"),))
    box = Box(tmp_path, dataclasses.replace(PATCH, macros=(macro,)))
    box.do("control/learn macro/far")
    box.sweep("knob/2")
    assert ("knob/2", "macro/far") in box.routes


def test_it_can_be_cancelled(box):
    assert box.do("control/cancel") == "No control was being learned."
    box.do("control/learn dry_wet")
    assert "Waiting for the control for dry_wet" in box.do("control/list")
    assert box.do("control/cancel") == "No control is learned for dry_wet."
    box.sweep("knob/2")
    assert box.said == []


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("control/learn dry_wit", "no parameter or macro 'dry_wit'; did you mean dry_wet"),
        ("control/learn macro/none", "no parameter or macro 'macro/none'"),
        ("control/learn dry_wet KNOB/1", "no beginning of a signal's name"),
        ("control/learn dry_wet midi//cc", "no beginning of a signal's name"),
        ("control/learn", "was given 0 arguments"),
        ("control/learn a b c", "was given 3 arguments"),
        ("control/cancel now", "was given 1 arguments"),
        ("control/forget knob/2", "no route is from or to 'knob/2'; did you mean knob/1"),
        ("control/forget", "was given 0 arguments"),
    ],
)
def test_bad_orders_are_refused_with_the_nearest_name(box, line, sentence):
    with pytest.raises(ControlError, match=sentence):
        box.do(line)
    assert box.hands.patch == PATCH
    assert not box.path.exists()


@pytest.mark.parametrize("target", ["\x1b[2Jx", "é" * 4000, ""])
def test_strange_targets_are_refused_and_cannot_steer_a_terminal(box, target):
    with pytest.raises(ControlError) as caught:
        box.do("control/learn", target)
    assert "\x1b" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_forgetting_takes_the_routes_of_a_control_or_a_parameter(box):
    box.do("control/learn dry_wet")
    box.sweep("knob/2")
    assert box.do("control/forget dry_wet") == "Forgotten: knob/2 → dry_wet."
    assert box.do("control/forget knob/1") == "Forgotten: knob/1 → latent_bias_0."
    assert box.do("control/list") == "No control moves anything."
    box.taken.clear()
    box.sweep("knob/1")
    assert box.taken == []
    assert "routes" not in box.stored


def test_a_target_that_went_with_its_instrument_is_told(box):
    box.do("control/learn latent_bias_1")
    box.hands.play({id: spec for id, spec in TINY.items() if not id.startswith("latent_")})
    box.said.clear()
    box.sweep("knob/2")
    assert len(box.said) == 1
    assert box.said[0].startswith("Not learned:")
    assert box.hands.patch == PATCH


@pytest.mark.parametrize("what", ["routes", "controls"])
def test_a_full_patch_takes_no_more_and_plays_on(tmp_path, what):
    many = [Route(f"wek/{i}", "dry_wet") for i in range(MAX_ROUTES)] if what == "routes" else []
    controls = {f"wek/{i}": PATCH.controls["knob/1"] for i in range(MAX_CONTROLS)}
    patch = Patch(controls if what == "controls" else {}, tuple(many))
    box = Box(tmp_path, patch)
    box.do("control/learn latent_bias_0")
    box.sweep("knob/2")
    assert "are allowed" in box.said[0]
    assert box.hands.patch == patch


def test_questions_are_answered_and_never_with_a_flood(tmp_path):
    routes = tuple(Route(f"wek/{i}", "dry_wet") for i in range(MAX_ROUTES))
    box = Box(tmp_path, Patch({}, routes))
    box.do("control/learn dry_wet")
    answers = box.learning.answers()
    assert answers[0] == ("/ondine/control/learning", ["dry_wet"])
    assert answers[1] == ("/ondine/control/route", ["wek/0", "dry_wet", 1.0, "set"])
    assert answers[-1] == ("/ondine/control/routes", [MAX_ROUTES])
    assert len(answers) == MOST_SHOWN + 2
    assert f"and {MAX_ROUTES - MOST_SHOWN} more" in box.do("control/list")
