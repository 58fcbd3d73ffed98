"""`ondine play` as a player starts it: real processes, real time, no sound card.

Nothing sleeps: everything waits for a line, an answer over OSC, or the end of a process.
"""

import os
import re
import select
import signal
import socket

import numpy as np
import pytest
import soundfile

from device.control.control_socket import ask
from device.params import FIXED, SERIAL, ParamTable
from device.status import Status
from tests.device.stage import BOUND_S, finish, read_until, text, until, until_gone


def test_a_short_performance_without_a_card(stage):
    code, out, err = finish(
        stage.play("bells", "--card", "none", "--seconds", "0.5", "--osc-port", "0")
    )
    assert (code, err) == (0, "")
    assert "The sound goes nowhere, in real time." in out
    assert re.search(r"Playing tiny decoder, \d+\.\d ms from in to out\.", out)
    assert re.search(r"Played \d\.\d s in \d+ blocks, .* Load \d+%", out)
    assert Status(stage.run / "status")["stopped"] == 1.0


def test_osc_moves_the_table_that_audio_reads_and_is_answered(stage):
    process = stage.playing("glass", "--card", "none", "--set", "noise_amount=0.5")
    stage.send("/ondine/param/dry_wet", "f", 0.25)
    stage.send("/ondine/param/dry_wet", "f", float("nan"))
    stage.phone.send(b"#bundle\0" + b"\0" * 8 + b"\xff\xff\xff\xfc")
    answers = stage.ask("/ondine/params")
    assert answers["/ondine/params/dry_wet"][0] == 0.25
    values = ParamTable(stage.run / "params").values()
    assert values[FIXED["dry_wet"].slot] == 0.25
    assert values[FIXED["noise_amount"].slot] == 0.5
    status = stage.ask("/ondine/status")
    assert status["/ondine/status/instrument"] == ["tiny autoencoder"]
    assert status["/ondine/status/playing"] == [1]
    assert status["/ondine/status/latency_ms"] == [pytest.approx(12.0)]
    process.send_signal(signal.SIGINT)
    code, out, err = finish(process)
    assert (code, err) == (0, "")
    assert "Played " in out


def test_ctrl_c_ends_both_processes(stage):
    process = stage.playing("glass", "--card", "none")
    audio = os.pidfd_open(stage.audio_pid())
    process.send_signal(signal.SIGINT)
    assert finish(process)[0] == 0
    until_gone(audio)


@pytest.mark.slow
def test_a_sound_file_goes_in_and_comes_out_and_that_is_the_end(stage):
    tone = 0.25 * np.sin(np.arange(24_000) / 20.0)
    soundfile.write(stage.folder / "in.wav", tone, 48_000)
    code, out, err = finish(
        stage.play("glass", "--input", "in.wav", "--output", "out.wav", "--osc-port", "0")
    )
    assert (code, err) == (0, "")
    assert "goes nowhere" not in out
    heard, rate_hz = soundfile.read(stage.folder / "out.wav")
    assert rate_hz == 48_000
    assert len(heard) >= 24_000
    assert np.abs(heard).max() > 0.1


@pytest.mark.slow
def test_a_timeline_plays(stage):
    (stage.folder / "walk.json").write_text('[{"at_s": 0.0, "param": "dry_wet", "to": 0.125}]')
    stage.playing("bells", "--card", "none", "--timeline", "walk.json")
    assert stage.ask("/ondine/params")["/ondine/params/dry_wet"][0] == 0.125


@pytest.mark.slow
def test_a_killed_audio_process_is_said_and_started_again(stage):
    process = stage.playing("bells", "--card", "none")
    stage.send("/ondine/param/latent_bias_1", "f", 0.5)
    os.kill(stage.audio_pid(), signal.SIGKILL)
    said = read_until(process, "Playing again.")
    assert "Sound stopped: the audio process was killed by SIGKILL. Starting it again." in said
    assert stage.ask("/ondine/status")["/ondine/status/playing"] == [1]
    assert stage.ask("/ondine/params")["/ondine/params/latent_bias_1"][0] == 0.5


def test_a_recording_is_not_begun_again_over_itself(stage):
    process = stage.playing("bells", "--output", "out.wav")
    os.kill(stage.audio_pid(), signal.SIGKILL)
    code, _, err = finish(process)
    assert code == 1
    assert "the sound has stopped" in err


@pytest.mark.slow
def test_only_one_plays_at_a_time(stage):
    stage.playing("bells", "--card", "none")
    code, _, err = finish(stage.play("glass"))
    assert (code, err) == (1, "ondine: Ondine is already playing; stop that one first.\n")


def left_behind(stage, process):
    """Kill control; returns a pidfd of the audio process, which plays on."""
    left = os.pidfd_open(stage.audio_pid())
    process.kill()
    finish(process)
    return left


@pytest.mark.slow
def test_a_new_control_process_takes_over_the_sound_that_runs(stage):
    process = stage.playing("glass", "--card", "none", "--set", "dry_wet=0.5")
    stage.send("/ondine/param/dry_wet", "f", 0.25)
    assert stage.ask("/ondine/params")["/ondine/params/dry_wet"][0] == 0.25
    pid = stage.audio_pid()
    left = left_behind(stage, process)
    stage.hang_up()
    process = stage.playing("glass", "--card", "none", "--set", "dry_wet=0.5")
    assert "Playing on: found the sound still running." in stage.lines
    assert stage.audio_pid() == pid
    # Settings were made when it began, and were turned since.
    assert stage.ask("/ondine/params")["/ondine/params/dry_wet"][0] == 0.25
    stage.send("/ondine/param/dry_wet", "f", 0.75)
    assert stage.ask("/ondine/params")["/ondine/params/dry_wet"][0] == 0.75
    # Nobody is its parent any more; that it died is noticed all the same.
    os.kill(pid, signal.SIGKILL)
    said = read_until(process, "Playing again.")
    assert "Sound stopped: the audio process has died. Starting it again." in said
    assert stage.ask("/ondine/params")["/ondine/params/dry_wet"][0] == 0.75
    until_gone(left)


@pytest.mark.slow
def test_a_control_process_that_took_over_ends_both(stage):
    left = left_behind(stage, stage.playing("bells", "--card", "none"))
    stage.hang_up()
    process = stage.playing("--card", "none")
    process.send_signal(signal.SIGINT)
    code, out, err = finish(process)
    assert (code, err) == (0, "")
    assert "Played " in out
    until_gone(left)
    assert not (stage.run / "play.json").exists()


@pytest.mark.slow
def test_another_instrument_is_brought_into_the_sound_that_runs(stage):
    left = left_behind(stage, stage.playing("bells", "--card", "none", "--set", "dry_wet=0.5"))
    stage.hang_up()
    process = stage.playing("chimes", "--card", "none", "--set", "latent_bias_0=0.5")
    read_until(process, "Now playing tiny prior.")
    assert not select.select([left], [], [], 0)[0]
    until(lambda: stage.ask("/ondine/params")["/ondine/params/latent_bias_0"][0] == 0.5)
    assert stage.ask("/ondine/params")["/ondine/params/dry_wet"][0] == 0.5
    os.close(left)


@pytest.mark.slow
def test_another_stream_ends_the_sound_that_runs(stage):
    left = left_behind(stage, stage.playing("bells", "--card", "none"))
    stage.hang_up()
    stage.playing("bells", "--card", "none", "--headroom", "1024")
    assert "Playing on" not in stage.lines
    until_gone(left)


@pytest.mark.slow
def test_if_both_were_killed_the_last_scene_comes_back(stage):
    process = stage.playing("bells", "--card", "none")
    stage.load("chimes")
    stage.send("/ondine/param/latent_bias_1", "f", 0.5)
    assert stage.ask("/ondine/params")["/ondine/params/latent_bias_1"][0] == 0.5
    left = left_behind(stage, process)
    os.kill(stage.audio_pid(), signal.SIGKILL)
    until_gone(left)
    stage.hang_up()
    stage.playing("bells", "--card", "none")
    assert "Ondine did not end in good order: playing on as it was." in stage.lines
    assert stage.ask("/ondine/status")["/ondine/status/instrument"] == ["tiny prior"]
    assert stage.ask("/ondine/params")["/ondine/params/latent_bias_1"][0] == 0.5


@pytest.mark.slow
def test_load_by_name_file_and_osc(stage):
    process = stage.playing("bells", "--card", "none", "--set", "latent_bias_1=0.5")
    pid = stage.audio_pid()
    code, out, err = stage.load("chimes")
    assert (code, out, err) == (0, "Now playing tiny prior.\n", "")
    status, table = Status(stage.run / "status"), ParamTable(stage.run / "params")
    assert status["serial"] == table.values()[SERIAL] == 2
    assert status["swaps"] == 1
    assert status.text("name") == "tiny prior"
    # The player's own parameters stay, the new instrument's start at their defaults.
    assert stage.ask("/ondine/params")["/ondine/params/latent_bias_1"][0] == 0.0
    assert stage.ask("/ondine/status")["/ondine/status/instrument"] == ["tiny prior"]
    stage.phone.send(text("/ondine/load", "bells"))
    read_until(process, "Now playing tiny decoder.")
    code, out, _ = stage.load("chimes.ondine", "--latency", "free", "--precision", "fp32")
    assert (code, out) == (0, "Now playing tiny prior.\n")
    assert stage.audio_pid() == pid
    assert status["serial"] == 4


@pytest.mark.slow
def test_osc_knows_the_parameters_of_what_was_loaded(stage):
    stage.playing("glass", "--card", "none", "--input", "silence")
    stage.send("/ondine/param/drive", "f", 7.0)
    assert "/ondine/params/drive" not in stage.ask("/ondine/params")
    assert stage.load("fuzz")[0] == 0
    stage.send("/ondine/param/drive", "f", 7.0)
    until(lambda: stage.ask("/ondine/params")["/ondine/params/drive"][0] == 7.0)


@pytest.mark.slow
def test_what_cannot_be_loaded_leaves_everything_as_it_was(stage):
    stage.playing("glass", "--card", "none", "--input", "silence", "--set", "latent_bias_1=0.5")
    for arguments, sentence in (
        (["bels"], "there is no instrument 'bels'; did you mean bells?"),
        (["none.ondine"], "there is no file none.ondine"),
        (["damaged.ondine"], "damaged.ondine"),
        (["late"], "--latency free"),
        (["chimes", "--precision", "int8"], "tiny prior has no int8 graphs; choose fp32"),
    ):
        code, out, err = stage.load(*arguments)
        assert (code, out) == (1, "")
        assert sentence in err
        assert err.startswith("ondine: ")
        assert err.count("\n") == 1
        assert stage.ask("/ondine/status")["/ondine/status/instrument"] == ["tiny autoencoder"]
        assert stage.ask("/ondine/params")["/ondine/params/latent_bias_1"][0] == 0.5
    assert Status(stage.run / "status")["swaps"] == 0


def test_a_path_over_osc_is_not_loaded(stage):
    process = stage.playing("bells", "--card", "none")
    stage.phone.send(text("/ondine/load", "../glass.ondine"))
    assert "is not a name" in read_until(process, "Not loaded")


def test_load_when_nothing_plays(stage):
    code, _, err = stage.load("bells")
    assert (code, err) == (1, "ondine: nothing is playing here. Start with: ondine play.\n")


def test_keep_and_stop_over_the_control_socket(stage):
    process = stage.playing("bells", "--card", "none")
    until(lambda: Status(stage.run / "status")["blocks"] > 40)
    answer = ask(
        stage.run / "control.sock", {"command": "keep", "folder": str(stage.folder)}, BOUND_S
    )
    assert answer["ok"], answer
    assert answer["say"].startswith("Kept ")
    [wav] = stage.folder.glob("*.wav")
    assert soundfile.info(wav).samplerate == 48_000
    assert ask(stage.run / "control.sock", {"command": "stop"}, BOUND_S)["ok"]
    assert finish(process)[0] == 0


@pytest.mark.slow
def test_a_port_in_use_costs_osc_and_not_the_sound(stage):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = str(other.getsockname()[1])
        code, out, _ = finish(
            stage.play("bells", "--card", "none", "--seconds", "0.2", "--osc-port", port)
        )
    assert code == 0
    assert f"Playing without OSC: cannot listen for OSC on 127.0.0.1 port {port}" in out
    assert "Played " in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["glass", "--input", "none.wav"], "there is no sound file none.wav"),
        (["glass", "--card", "NoSuchCard"], "there is no sound card NoSuchCard"),
        (["glass", "--precision", "int8"], "no int8 graphs"),
        (["glass", "--output", "no/out.wav"], "no/out.wav"),
    ],
)
def test_what_audio_cannot_do_it_says_in_its_own_words(stage, arguments, sentence):
    code, _, err = finish(stage.play(*arguments, "--osc-port", "0"))
    assert code == 1
    assert sentence in err
    assert err.startswith("ondine: ")
    assert err.count("\n") == 1
