"""`ondine keep` and `ondine status`, with a control process that answers, hangs, or is gone."""

import asyncio
import io
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from rich.console import Console

from device.audio.tape import Tape
from device.cli import cli
from device.control.control_socket import ControlSocket
from device.errors import AudioError
from device.paths import run_folder
from device.show.page import show_status
from device.status import Status

BOUND_S = 20.0


@pytest.fixture
def here(tmp_path, monkeypatch):
    # Not pytest's folder: a Unix socket's path has to be short.
    with tempfile.TemporaryDirectory(prefix="ondine-") as short:
        monkeypatch.setenv("XDG_RUNTIME_DIR", short)
        monkeypatch.setenv("ONDINE_TAKES", str(tmp_path / "takes"))
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.chdir(tmp_path)
        yield tmp_path


def ondine(*arguments):
    return CliRunner().invoke(cli, list(arguments))


def record(seconds=3.0):
    """A tape of three seconds, and a status that names what played."""
    folder = run_folder()
    status = Status(folder.status, create=True)
    status.say("name", "drift")
    tape = Tape(folder.tape, channels=1, sample_rate_hz=1000, seconds=60.0, create=True)
    audio = np.random.default_rng(0).uniform(-1, 1, (1, int(1000 * seconds))).astype(np.float32)
    for at in range(0, audio.shape[1], 100):
        tape.put(audio[:, at : at + 100], 50.0 + at / 1000)
    return audio


def test_without_a_control_process_the_tape_is_kept_all_the_same(here):
    audio = record()
    result = ondine("keep", "--minutes", "0.035")
    assert result.exit_code == 0, result.stderr
    (wav,) = (here / "takes").glob("* drift.wav")
    assert result.stdout == (
        f"Kept 2.1 s as {wav}, without the moves: the control process is gone.\n"
    )
    kept, rate_hz = soundfile.read(wav)
    assert rate_hz == 1000
    assert np.abs(kept - audio[0, -2100:]).max() <= 2.0**-23
    assert json.loads(wav.with_suffix(".json").read_text())["events"] == []
    other = ondine("keep", "-o", "sub/folder")
    assert len(list((here / "sub/folder").iterdir())) == 2, other.stderr


def test_a_tape_is_kept_even_if_its_status_is_gone_or_another(here):
    record()
    run_folder().status.write_bytes(b"old")
    assert ondine("keep").exit_code == 0
    run_folder().status.unlink()
    assert ondine("keep").exit_code == 0
    assert len(list((here / "takes").glob("*.wav"))) == 2


class Control(threading.Thread):
    """The real control socket on a loop of its own, with answers of the test's."""

    def __init__(self, answer):
        super().__init__(daemon=True)
        self.asked, self._answer = [], answer
        self.ready = threading.Event()
        self.start()
        assert self.ready.wait(BOUND_S)

    def run(self):
        async def obey(request):
            self.asked.append(request)
            return self._answer()

        async def main():
            self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
            server = ControlSocket(run_folder().control, obey)
            server.start(self._loop, lambda readings: None)
            self.ready.set()
            await self._over.wait()
            server.close()

        asyncio.run(main())

    def stop(self):
        self._loop.call_soon_threadsafe(self._over.set)
        self.join(BOUND_S)


def test_the_control_process_is_asked_first(here):
    record()
    control = Control(lambda: "Kept 2 min 0 s as /takes/x.wav.")
    result = ondine("keep", "--minutes", "2", "-o", "sub")
    control.stop()
    assert (result.exit_code, result.stdout) == (0, "Kept 2 min 0 s as /takes/x.wav.\n")
    assert control.asked == [{"command": "keep", "seconds": 120.0, "folder": str(here / "sub")}]
    assert not (here / "takes").exists()


def test_its_refusal_is_the_players_sentence(here):
    record()

    def refuse():
        raise AudioError("the take needs 17 MB and there are 1")

    control = Control(refuse)
    result = ondine("keep")
    control.stop()
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "ondine: the take needs 17 MB and there are 1.\n"
    assert control.asked == [{"command": "keep"}]


def test_the_status_for_machines(here):
    status = Status(run_folder().status, create=True)
    status["blocks"], status["heartbeat_s"] = 3, time.monotonic()
    told = json.loads(ondine("status", "--json").stdout)
    assert (told["state"], told["blocks"]) == ("playing", 3)
    page = ondine("status").stdout
    assert page.startswith("state ")
    assert "loads" in page


def test_the_table_folds_on_a_narrow_terminal(here):
    status = Status(run_folder().status, create=True)
    status.say("trouble", "word " * 60)
    file = io.StringIO()
    show_status(Console(file=file, width=40), run_folder().status)
    assert all(len(text) <= 40 for text in file.getvalue().splitlines())


@pytest.mark.slow
def test_watching_outlives_what_it_watches_until_ctrl_c(here):
    """Nothing plays, then something does, then the file is another version's, then Ctrl-C."""
    path = run_folder().status
    process = subprocess.Popen(
        [sys.executable, "-c", "from device.cli import main; main()", "status", "--watch"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
    )

    def until(state):
        while True:
            assert select.select([process.stdout], [], [], BOUND_S)[0]
            if state in json.loads(process.stdout.readline())["state"]:
                return

    try:
        until("nothing is playing here")
        status = Status(path, create=True)
        status["blocks"], status["heartbeat_s"] = 3, time.monotonic()
        until("playing")
        status["stopped"] = 1.0
        until("stopped")
        path.unlink()
        path.write_bytes(b"old")
        until("no status of this version")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=BOUND_S)
        assert (process.returncode, err) == (0, "")
    finally:
        process.kill()
        process.wait()
