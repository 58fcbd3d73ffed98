"""Settings of controls from outside: ranges by moving, the others by name."""

import dataclasses

import pytest

from device.errors import ControlError
from device.mapping.conditioning import Conditioning
from device.mapping.curve import Curve
from tests.device.hands.patch_stage import PATCH, Box


@pytest.fixture
def box(tmp_path):
    return Box(tmp_path)


@pytest.mark.parametrize("end", ["control/range knob/1", "control/ranged knob/1"])
def test_a_range_is_learned_by_moving_holds_at_once_and_is_stored(box, end):
    said = box.do("control/range knob/1")
    assert said == "Move knob/1 from end to end, then press again."
    box.turn("knob/1", 0.5, 0.25, 0.75)
    assert box.do(end) == "knob/1 goes from 0.250 to 0.750 of what it can tell."
    assert box.hands.patch.controls["knob/1"] == dataclasses.replace(
        PATCH.controls["knob/1"], low=0.25, high=0.75
    )
    assert box.stored["controls"]["knob/1"] == {"low": 0.25, "high": 0.75, "smoothing_ms": 0.0}
    box.taken.clear()
    box.turn("knob/1", 0.5, *[0.75] * 20)  # once it is picked up it gets there in small steps
    assert box.taken[-1].value == 1.0


def test_a_control_that_was_hardly_moved_keeps_its_range(box):
    box.do("control/range knob/1")
    box.turn("knob/1", 0.5, 0.505)
    with pytest.raises(ControlError, match="move it from end to end"):
        box.do("control/range knob/1")
    assert box.hands.patch == PATCH
    assert box.do("control/range knob/1").startswith("Move knob/1")


def test_a_stream_with_a_range_takes_over_at_once_as_before(box):
    box.turn("hand/left/x", 0.5)
    box.do("control/range hand/left/x")
    box.turn("hand/left/x", 0.25, 0.5)
    box.do("control/ranged hand/left/x")
    settings = box.hands.patch.controls["hand/left/x"]
    assert (settings.low, settings.high, settings.takeover) == (0.25, 0.5, "jump")
    assert settings.smoothing_ms == 0.0


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("smoothing_ms 20", {"smoothing_ms": 20.0}),
        ("direction down", {"direction": "down"}),
        ("deadband 0.1", {"deadband": 0.1}),
        ("takeover jump", {"takeover": "jump"}),
        ("low 0.25", {"low": 0.25}),
        ("high 0.5", {"high": 0.5}),
        ("curve linear", {"curve": Curve()}),
        ("curve s", {"curve": Curve("s")}),
        ("curve exponential -4", {"curve": Curve("exponential", -4.0)}),
        (
            "curve table 0.25 0.5 0.5 0.75",
            {"curve": Curve("table", points=((0.25, 0.5), (0.5, 0.75)))},
        ),
    ],
)
def test_each_setting_can_be_set(box, line, changed):
    before = PATCH.controls["knob/1"]
    assert box.do(f"control/set knob/1 {line}").startswith("knob/1.")
    assert box.hands.patch.controls["knob/1"] == dataclasses.replace(before, **changed)


def test_a_number_from_osc_is_a_value_too(box):
    box.do("control/set knob/1 smoothing_ms", 20.0)
    assert box.hands.patch.controls["knob/1"].smoothing_ms == 20.0


def test_a_control_of_the_panel_that_was_never_touched_can_be_set(box):
    box.do("control/set knob/2 direction down")
    assert box.hands.patch.controls["knob/2"] == Conditioning(direction="down")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("control/set knbo/1 low 0.1", "no control 'knbo/1'; did you mean knob/1"),
        ("control/set nothing low 0.1", "no control 'nothing'; move it once"),
        ("control/set knob/1 smoothing 20", "no setting 'smoothing'; did you mean smoothing_ms"),
        ("control/set knob/1 x 20", "there are low, high"),
        ("control/set knob/1 smoothing_ms -1", "outside 0..10000"),
        ("control/set knob/1 smoothing_ms soft", "'soft'; give a number"),
        ("control/set knob/1 smoothing_ms nan", "'nan'; give a number"),
        ("control/set knob/1 deadband inf", "'inf'; give a number"),
        ("control/set knob/1 deadband 0.5", "outside 0..0.25"),
        ("control/set knob/1 low 1", "low below high"),
        ("control/set knob/1 low 0.99", "less than 0.02"),
        ("control/set knob/1 high 0", "low below high"),
        ("control/set knob/1 low 0.1 0.2", "given 2 values; give one"),
        ("control/set knob/1 direction sideways", "up or down"),
        ("control/set knob/1 takeover soft", "pickup or jump"),
        ("control/set knob/1 curve exponentail", "did you mean exponential"),
        ("control/set knob/1 curve linear 3", "only a bend"),
        ("control/set knob/1 curve s 3 4", "only a bend"),
        ("control/set knob/1 curve s 13", "outside -12..12"),
        ("control/set knob/1 curve s steep", "'steep'; give a number"),
        ("control/set knob/1 curve table", "table without points"),
        ("control/set knob/1 curve table 0.5", "an x and a y"),
        ("control/set knob/1 curve table 0.5 2", "points lie between"),
        ("control/set knob/1 curve table 0.5 0.5 0.4 0.6", "a curve goes right"),
        ("control/set knob/1 low", "was given 2 arguments"),
        ("control/range nothing", "no control 'nothing'"),
        ("control/ranged knob/1", "is not being learned"),
    ],
)
def test_what_cannot_be_is_refused_and_the_old_settings_hold(box, line, sentence):
    with pytest.raises(ControlError, match=sentence):
        box.do(line)
    assert box.hands.patch == PATCH
    assert not box.path.exists()


def test_too_many_points_are_refused(box):
    points = [f"{i / 200}" for i in range(1, 200) for _ in "xy"]
    with pytest.raises(ControlError, match=r"given 130 numbers.*up to 64 points"):
        box.do("control/set knob/1 curve table", *points[:130])


def test_strange_names_cannot_steer_a_terminal(box):
    with pytest.raises(ControlError) as caught:
        box.do("control/set", "\x1b[2J", "low", "0.1")
    assert "\x1b" not in str(caught.value)


def test_questions_are_answered(box):
    box.do("control/range knob/1")
    assert box.settings.answers() == [
        ("/ondine/control/ranging", ["knob/1"]),
        (
            "/ondine/control/setting",
            ["knob/1", 0.0, 1.0, "up", "linear", pytest.approx(2 / 1023), 0.0, "pickup"],
        ),
    ]
