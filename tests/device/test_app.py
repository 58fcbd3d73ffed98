"""`ondine play` as a player starts it: real processes, real time, no sound card.

Nothing sleeps: everything waits for a line, an answer over OSC, or the end of a process.
"""

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pythonosc.osc_packet import OscPacket

from device.params import FIXED, ParamTable
from device.status import Status
from tests.bundles import save, tiny_autoencoder, tiny_decoder
from tests.device.control.packets import message

BOUND_S = 20.0


class Stage:
    """One run of `ondine play` in a world of its own, as its player and as its phone."""

    def __init__(self):
        # Not pytest's folder: a Unix socket's path has to be short.
        self.folder = Path(tempfile.mkdtemp(prefix="ondine-"))
        self.run = self.folder / "ondine"
        save(tiny_autoencoder(), self.folder / "glass.ondine")
        save(tiny_decoder(), self.folder / "bells.ondine")
        self.started: list[subprocess.Popen] = []
        self.phone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.phone.settimeout(BOUND_S)

    def play(self, *arguments):
        own = {"XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_STATE_HOME"}
        process = subprocess.Popen(
            [sys.executable, "-c", "from device.cli import main; main()", "play", *arguments],
            cwd=self.folder,
            env=os.environ | {name: str(self.folder) for name in own},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def playing(self, *arguments):
        """Play, and wait until it does; connects the phone."""
        process = self.play(*arguments, "--osc-port", "0")
        lines = read_until(process, "Playing ")
        port = re.search(r"OSC on 127\.0\.0\.1 port (\d+)", lines)
        assert port, lines
        self.phone.connect(("127.0.0.1", int(port[1])))
        return process

    def ask(self, address):
        self.phone.send(message(address))
        answers = OscPacket(self.phone.recv(65_536)).messages
        return {answer.message.address: answer.message.params for answer in answers}

    def audio_pid(self):
        return int(Status(self.run / "status")["pid"])

    def close(self):
        for process in self.started:
            process.terminate()
            process.communicate(timeout=BOUND_S)
        self.phone.close()
        shutil.rmtree(self.folder)


@pytest.fixture
def stage():
    stage = Stage()
    yield stage
    stage.close()


def read_until(process, beginning):
    lines = ""
    for line in process.stdout:
        lines += line
        if line.startswith(beginning):
            return lines
    raise AssertionError(f"it ended: {lines}{process.stderr.read()}")


def finish(process):
    """Wait for the end: exit code, the rest of stdout, stderr."""
    out, err = process.communicate(timeout=BOUND_S)
    assert "Traceback" not in err
    return process.returncode, out, err


def until_gone(pidfd):
    assert select.select([pidfd], [], [], BOUND_S)[0]
    os.close(pidfd)


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
    stage.phone.send(message("/ondine/param/dry_wet", "f", 0.25))
    stage.phone.send(message("/ondine/param/dry_wet", "f", float("nan")))
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


def test_a_timeline_plays(stage):
    (stage.folder / "walk.json").write_text('[{"at_s": 0.0, "param": "dry_wet", "to": 0.125}]')
    stage.playing("bells", "--card", "none", "--timeline", "walk.json")
    assert stage.ask("/ondine/params")["/ondine/params/dry_wet"][0] == 0.125


def test_a_killed_audio_process_is_said_and_started_again_until_it_is_too_much(stage):
    process = stage.playing("bells", "--card", "none")
    for attempt in (1, 2, 3):
        os.kill(stage.audio_pid(), signal.SIGKILL)
        said = read_until(process, "Playing again.")
        assert f"killed by SIGKILL. Starting it again ({attempt} of 3)." in said
        assert stage.ask("/ondine/status")["/ondine/status/playing"] == [1]
    os.kill(stage.audio_pid(), signal.SIGKILL)
    code, _, err = finish(process)
    assert code == 1
    assert err == "ondine: the audio process was killed by SIGKILL; the sound has stopped.\n"


def test_a_recording_is_not_begun_again_over_itself(stage):
    process = stage.playing("bells", "--output", "out.wav")
    os.kill(stage.audio_pid(), signal.SIGKILL)
    code, _, err = finish(process)
    assert code == 1
    assert "the sound has stopped" in err


def test_only_one_plays_at_a_time(stage):
    stage.playing("bells", "--card", "none")
    code, _, err = finish(stage.play("glass"))
    assert (code, err) == (1, "ondine: Ondine is already playing; stop that one first.\n")


def test_audio_left_behind_by_a_killed_control_plays_on_until_the_next_play(stage):
    process = stage.playing("bells", "--card", "none")
    left = os.pidfd_open(stage.audio_pid())
    process.kill()
    finish(process)
    assert not select.select([left], [], [], 0)[0]
    code, out, _ = finish(
        stage.play("glass", "--card", "none", "--seconds", "0.2", "--osc-port", "0")
    )
    assert code == 0
    assert "Played " in out
    until_gone(left)


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
