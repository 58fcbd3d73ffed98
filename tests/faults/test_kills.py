"""Kills in their short form, and what else must not end the sound: crashes, hangs, many loads."""

import os
import signal

import pytest

from device.params import SERIAL, ParamTable
from device.status import Status
from tests.device.stage import finish, open_stage, read_until
from tests.faults.kills import run_audio_kills, run_control_kills, run_kills

COUNT = 10


@pytest.fixture
def stage(tmp_path):
    with open_stage(tmp_path) as stage:
        yield stage


@pytest.mark.slow
@pytest.mark.parametrize("run", [run_audio_kills, run_control_kills, run_kills])
def test_either_process_may_be_killed(tmp_path, run):
    report = run(tmp_path, COUNT, seed=1)
    assert report.failures == ()
    assert report.worst["excused_by_a_stall"] <= COUNT // 3


@pytest.mark.slow
def test_a_killed_audio_process_is_started_again_each_time_with_the_last_values(stage):
    process = stage.playing("bells", "--card", "none")
    stage.send("/ondine/param/latent_bias_1", "f", 0.5)
    for _ in range(5):
        os.kill(stage.audio_pid(), signal.SIGKILL)
        said = read_until(process, "Playing again.")
        assert "killed by SIGKILL. Starting it again." in said
        status = stage.ask("/ondine/status")
        assert status["/ondine/status/playing"] == [1]
        assert status["/ondine/status/instrument"] == ["tiny decoder"]
        assert stage.ask("/ondine/params")["/ondine/params/latent_bias_1"][0] == 0.5
    values = ParamTable(stage.run / "params").values()
    assert values[SERIAL] == Status(stage.run / "status")["serial"] == 1


@pytest.mark.slow
def test_a_bundle_that_its_process_dies_of_gives_way_to_the_built_in_one(stage):
    process = stage.playing("bells", "--card", "none", "--set", "output_gain_db=-6")
    for _ in range(3):
        os.kill(stage.audio_pid(), signal.SIGSEGV)
        said = read_until(process, "Playing again.")
    assert "It died too often: drift, which is built in, plays instead." in said
    assert stage.ask("/ondine/status")["/ondine/status/instrument"] == ["drift"]
    answers = stage.ask("/ondine/params")
    assert answers["/ondine/params/output_gain_db"][0] == -6.0
    # And drift, too, is started again for ever.
    for _ in range(4):
        os.kill(stage.audio_pid(), signal.SIGSEGV)
        read_until(process, "Playing again.")
    assert stage.ask("/ondine/status")["/ondine/status/instrument"] == ["drift"]


@pytest.mark.slow
def test_an_audio_process_that_hangs_is_killed_and_started_again(stage):
    process = stage.playing("bells", "--card", "none")
    os.kill(stage.audio_pid(), signal.SIGSTOP)
    said = read_until(process, "Playing again.")
    assert "Sound stopped: the audio process hung: no block for a while." in said


@pytest.mark.slow
def test_of_many_loads_the_newest_wins(stage):
    stage.playing("bells", "--card", "none")
    asked = [stage.start("load", name) for name in ("chimes", "bells", "chimes", "bells", "chimes")]
    outcomes = [finish(process) for process in asked]
    assert any(code == 0 for code, _, _ in outcomes)
    for code, _, err in outcomes:
        assert code == 0 or "another was asked for after it" in err
    playing = stage.ask("/ondine/status")["/ondine/status/instrument"]
    assert playing == [Status(stage.run / "status").text("name")]
    assert stage.load("bells")[0] == 0
