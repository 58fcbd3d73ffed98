"""Drums, end to end: pads beside the instrument, struck from a phone, in the real audio process."""

import re

import numpy as np
import pytest
import soundfile

from device.status import Status
from tests.device.stage import finish, read_until, until
from tests.device.test_scenes import do, stop

QUIET = ("--card", "none", "--osc-port", "0")


def drumming(stage, *arguments):
    """`ondine drums`, playing; connects the phone."""
    process = stage.start("drums", *arguments, *QUIET)
    lines = read_until(process, r"Playing .* ms from in to out")
    port = re.search(r"OSC on 127\.0\.0\.1 port (\d+)", lines)
    assert port, lines
    stage.phone.connect(("127.0.0.1", int(port[1])))
    return process, lines


def peak(stage):
    return Status(stage.run / "status")["peak_out"]


@pytest.mark.slow
def test_a_struck_pad_sounds_and_its_sound_can_be_changed(stage):
    process, lines = drumming(stage, "--seed", "3")
    assert "Sixteen drums, made up" in lines

    def struck():
        stage.send("/ondine/pads/hit", "i", 1)
        return peak(stage) > 0.1

    # The renderer lays the sounds in the background, once there is a bank.
    until(struck)
    assert "another" in do(stage, "pads/random", "1")
    assert "varied" in do(stage, "pads/vary", "1", "0.2")
    until(struck)
    do(stage, "pads/quiet")
    until(lambda: peak(stage) < 0.05)
    assert Status(stage.run / "status")["repaired_blocks"] == 0
    stop(process)


@pytest.mark.slow
def test_a_folder_of_sounds_is_heard_once_and_played(stage):
    folder = stage.folder / "sounds"
    folder.mkdir()
    rng = np.random.default_rng(1)
    for number, hz in enumerate((55.0, 220.0, 3000.0)):
        fall = np.exp(-np.arange(24_000) / 3_000.0)
        tone = np.sin(2 * np.pi * hz * np.arange(24_000) / 48_000) * fall
        noise = rng.standard_normal(24_000) * fall**4
        soundfile.write(folder / f"{number}.wav", 0.5 * tone + 0.1 * noise, 48_000)
    process, lines = drumming(stage, str(folder))
    assert re.search(r"\d sounds in 3 files", lines)
    until(lambda: stage.send("/ondine/pads/hit", "i", 1) is None and peak(stage) > 0.1)
    stop(process)


@pytest.mark.parametrize("folder", ["nowhere", "glass.ondine"])
def test_what_is_no_folder_of_sounds_is_said(stage, folder):
    code, _, err = finish(stage.start("drums", folder, *QUIET))
    assert code == 1
    assert folder in err
