"""Parts that are not there, die and come back: said once, their default holds, taken back."""

import logging

import pytest

from device.control.panel.absent import Guarded
from device.control.panel.profile import (
    AnalogProfile,
    ButtonProfile,
    DistanceProfile,
    EncoderProfile,
    MotionProfile,
    PanelProfile,
)
from device.control.signal import Signal
from tests.device.control.panel.stage import Stage

PANEL = PanelProfile(
    knobs=(AnalogProfile(0, default=0.3),),
    pedals=(AnalogProfile(0, chip="ads1115", default=0.1, lost="default"),),
    encoders=(EncoderProfile(event="rotary@5"), EncoderProfile(pin_a=17, pin_b=27)),
    buttons=(ButtonProfile(5, long_ms=300.0),),
    distances=(DistanceProfile(),),
    motions=(MotionProfile(),),
)
FAULTS = {
    "spi": ["knob/1"],
    "i2c": ["pedal/1", "distance/1", "motion/1/pitch", "motion/1/roll"],
    "pins": ["encoder/1", "encoder/2", "button/1"],
    "distance/1": ["distance/1"],
    "motion/1": ["motion/1/pitch"],
}


@pytest.fixture
def stage(caplog):
    caplog.set_level(logging.INFO, "ondine.panel")
    return Stage(PANEL)


def test_what_was_never_there_has_its_default_and_is_said_once(stage, caplog):
    for fault in ("spi", "i2c", "pins"):
        stage.wiring.move(f"fault/{fault}", 1)
    stage.play(30.0, 0.05)
    assert stage.values == {
        "knob/1": 0.3,
        "pedal/1": 0.1,
        "distance/1": 1.0,
        "motion/1/pitch": 0.5,
        "motion/1/roll": 0.5,
        "motion/1/energy": 0.0,
    }
    assert len(stage.heard) == len(stage.values)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == len(stage.parts)
    assert "the MCP3008 at SPI 0.0 does not answer: no MCP3008 answers. Trying on." in lines
    assert all("Trying on." in line for line in lines)


@pytest.mark.parametrize("fault", FAULTS)
def test_what_dies_is_taken_back_when_it_returns(stage, caplog, fault):
    stage.play(1.0)
    stage.wiring.move(f"fault/{fault}", 1)
    stage.play(12.0, 0.02)
    dead = [part for part in stage.parts if not part.answers]
    assert dead
    assert len(caplog.records) == len(dead)
    stage.wiring.move(f"fault/{fault}", 0)
    stage.play(9.0, 0.01)
    assert all(part.answers for part in stage.parts)
    again = [record.getMessage() for record in caplog.records[len(dead) :]]
    assert sorted(again) == sorted(f"{part.name} answers again" for part in dead)
    for name in FAULTS[fault]:
        to = 1.0 if name.startswith("button") else 3.0 if name.startswith("encoder") else 0.75
        stage.wiring.move(name, to)
    stage.play(3.0, 0.01)
    for name in FAULTS[fault]:
        wanted = 0.5 + 3 / 40 if name.startswith("encoder") else 1.0 if "button" in name else 0.75
        assert stage.values[name] == pytest.approx(wanted, abs=0.005), name


def test_a_dead_chip_does_not_disturb_the_others(stage):
    stage.play(1.0)
    stage.wiring.move("fault/distance/1", 1)
    stage.play(1.0)
    stage.wiring.move("knob/1", 0.9)
    stage.wiring.move("motion/1/roll", 0.6)
    stage.play(3.0)
    assert stage.values["knob/1"] == pytest.approx(0.9, abs=1e-3)
    assert stage.values["motion/1/roll"] == pytest.approx(0.6, abs=5e-3)


def test_a_knob_holds_its_last_value_and_a_sensor_its_default(stage):
    for name in ("knob/1", "pedal/1", "distance/1"):
        stage.wiring.move(name, 0.8)
    stage.play(1.0)
    stage.wiring.move("fault/spi", 1)
    stage.wiring.move("fault/i2c", 1)
    stage.play(10.0)
    assert not stage.said("knob/1")
    assert stage.said("pedal/1") == [0.1]
    assert stage.said("distance/1") == [1.0]


def test_it_is_asked_less_and_less_often():
    asked = []

    class Nothing:
        name, period_s = "nothing", 0.0

        def open(self):
            asked.append(now_s)
            raise OSError("it is not there")

        def read(self, now_s):
            raise AssertionError("read before it was opened")

        def lost(self, now_s):
            return [Signal("knob/1", 0.5, now_s)]

        def close(self):
            pass

    part, heard = Guarded(Nothing()), []
    for turn in range(26 * 4):
        now_s = turn / 4
        heard += part.turn(now_s)
    assert asked == [0.0, 1.0, 3.0, 7.0, 12.0, 17.0, 22.0]
    assert heard == [Signal("knob/1", 0.5, 0.0)]


def test_a_loose_plug_is_said_once(stage, caplog):
    stage.play(5.0)
    for _ in range(20):
        stage.wiring.move("fault/motion/1", 1)
        stage.play(0.3)
        stage.wiring.move("fault/motion/1", 0)
        stage.play(0.9)
    assert len(caplog.records) <= 6


def test_a_button_that_is_held_while_the_pins_die_is_let_go(stage):
    stage.play(0.5)
    stage.wiring.move("button/1", 1)
    stage.play(0.5)
    assert stage.said("button/1") == stage.said("button/1/long") == [1.0]
    stage.wiring.move("fault/pins", 1)
    stage.play(0.5)
    assert stage.said("button/1") == stage.said("button/1/long") == [0.0]
