"""A simulated panel: moved by a script, by keys, and by faults."""

import asyncio
import json
import os
import termios

import pytest

from device.control.panel.keyboard import Keyboard, Keys
from device.control.panel.profile import (
    AnalogProfile,
    ButtonProfile,
    EncoderProfile,
    MotionProfile,
    PanelProfile,
)
from device.control.panel.simulate import SimulatedWiring
from device.errors import ControlError
from tests.device.control.panel.stage import Stage

PANEL = PanelProfile(
    knobs=(AnalogProfile(0, default=0.0),),
    encoders=(EncoderProfile(pin_a=17, pin_b=27, detents=20),),
    buttons=(ButtonProfile(5),),
    motions=(MotionProfile(),),
)


def test_a_script_plays_a_panel(tmp_path):
    path = tmp_path / "script.json"
    path.write_text(
        json.dumps(
            [
                {"at_s": 0.5, "param": "knob/1", "to": 1.0, "over_s": 1.0},
                {"at_s": 0.2, "param": "encoder/1", "to": 6, "over_s": 0.3},
                {"at_s": 1.0, "param": "button/1", "to": 1},
                {"at_s": 1.1, "param": "button/1", "to": 0},
                {"at_s": 2.0, "param": "fault/spi", "to": 1},
                {"at_s": 2.1, "param": "knob/1", "to": 0.25},
                {"at_s": 3.0, "param": "fault/spi", "to": 0},
            ]
        )
    )
    stage = Stage(PANEL, path)
    stage.play(1.0)
    assert stage.values["knob/1"] == pytest.approx(0.5, abs=0.01)
    assert stage.said("encoder/1") == [i / 20 for i in range(11, 17)]
    stage.play(0.9)
    assert stage.said("button/1") == [1.0, 0.0]
    stage.play(0.6)
    assert stage.values["knob/1"] == 1.0
    stage.play(2.0)
    assert stage.values["knob/1"] == pytest.approx(0.25, abs=1e-3)


def test_a_script_that_names_nothing_there_is_refused(tmp_path):
    path = tmp_path / "script.json"
    path.write_text(
        '[{"at_s": 0, "param": "knob/11", "to": 0}, {"at_s": 0, "param": "knob/1", "to": 2}]'
    )
    with pytest.raises(ControlError) as error:
        Stage(PANEL, path)
    assert "there is no parameter 'knob/11'; did you mean knob/1?" in str(error.value)
    assert "the range of knob/1 is 0..1" in str(error.value)


def test_a_tilt_that_a_script_moves_is_followed(tmp_path):
    path = tmp_path / "script.json"
    path.write_text('[{"at_s": 0.5, "param": "motion/1/pitch", "to": 0.75, "over_s": 0.5}]')
    stage = Stage(PANEL, path)
    stage.play(0.75)
    assert stage.values["motion/1/pitch"] == pytest.approx(0.625, abs=0.02)
    stage.play(0.5)
    assert stage.values["motion/1/pitch"] == pytest.approx(0.75, abs=0.02)


def test_keys_play_a_panel():
    wiring = SimulatedWiring(PANEL, lambda: 0.0)
    keys = Keys(wiring)
    assert keys.press("=") == "knob/1 0.05"
    assert keys.press("\x1b[A") == "knob/1 0.1"
    assert keys.press("1") == "knob/1 1"
    assert keys.press("]") == "encoder/1 0"
    assert keys.press("-") == "encoder/1 -1"
    assert keys.press("]") == "button/1 0"
    assert keys.press(" ") == "button/1 1"
    assert keys.press(" ") == "button/1 0"
    assert keys.press("q") == ""
    for _ in range(3):
        keys.press("[")
    assert keys.chosen == "fault/motion/1"


def test_the_keys_of_a_terminal_are_read_and_it_is_left_as_it_was():
    async def played() -> None:
        ours, theirs = os.openpty()
        before = termios.tcgetattr(theirs)
        said: asyncio.Queue = asyncio.Queue()
        wiring = SimulatedWiring(PANEL, lambda: 0.0)
        keyboard = Keyboard(wiring, said.put_nowait, theirs)
        keyboard.start(asyncio.get_running_loop(), lambda readings: None)
        assert "knob/1" in await said.get()
        for typed, wanted in ((b"1", "knob/1 1"), (b"\x1b[B", "knob/1 0.95")):
            os.write(ours, typed)
            assert await asyncio.wait_for(said.get(), 10) == wanted
        keyboard.close()
        keyboard.close()
        assert termios.tcgetattr(theirs) == before
        os.close(ours)
        os.close(theirs)

    asyncio.run(played())


def test_keys_without_a_terminal_are_refused(tmp_path):
    with (tmp_path / "file").open("w") as file, pytest.raises(ControlError, match="give a script"):
        Keyboard(SimulatedWiring(PANEL, lambda: 0.0), print, file.fileno())


def test_a_panel_beyond_the_room_is_refused():
    knobs = tuple(AnalogProfile(i % 8, name=f"a/{i}", select=i // 8 % 4) for i in range(2000))
    with pytest.raises(ControlError, match="cannot be simulated"):
        SimulatedWiring(PanelProfile(knobs=knobs), lambda: 0.0)
