"""`ondine play` and its like as a player starts them: in a world of their own, with a phone."""

import contextlib
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pythonosc.osc_packet import OscPacket

from device.paths import RunFolder
from device.play.adopted import stop_stale
from device.status import Status
from tests.bundles import save, tiny_autoencoder, tiny_decoder, tiny_effect, tiny_prior
from tests.device.control.packets import message, padded

ROOT = Path(__file__).parents[2]
BOUND_S = 20.0


class Stage:
    """One run of `ondine play` in a world of its own, as its player and as its phone."""

    def __init__(self, state):
        self.state = state
        # Not pytest's folder: a Unix socket's path has to be short.
        self.folder = Path(tempfile.mkdtemp(prefix="ondine-"))
        self.run = self.folder / "ondine"
        save(tiny_autoencoder(), self.folder / "glass.ondine")
        save(tiny_decoder(), self.folder / "bells.ondine")
        save(tiny_prior(), self.folder / "chimes.ondine")
        save(tiny_effect(), self.folder / "fuzz.ondine")
        save(tiny_autoencoder(delay=4000, name="late"), self.folder / "late.ondine")
        whole = (self.folder / "bells.ondine").read_bytes()
        (self.folder / "damaged.ondine").write_bytes(whole[:900])
        self.lines = ""
        self.started: list[subprocess.Popen] = []
        self.phone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.phone.settimeout(BOUND_S)

    def play(self, *arguments):
        return self.start("play", *arguments)

    def load(self, *arguments):
        """`ondine load`: exit code, stdout, stderr."""
        return finish(self.start("load", *arguments))

    def start(self, *arguments):
        own = {"XDG_RUNTIME_DIR", "HOME"}
        process = subprocess.Popen(
            [sys.executable, "-c", "from device.cli import main; main()", *arguments],
            cwd=self.folder,
            env=os.environ
            | {name: str(self.folder) for name in own}
            | {"XDG_STATE_HOME": str(self.state), "XDG_DATA_HOME": str(self.folder / "data")}
            | {"ONDINE_SCENES": str(self.folder / "scenes")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def playing(self, *arguments):
        """Play, and wait until it does; connects the phone."""
        process = self.play(*arguments, "--osc-port", "0")
        self.lines = read_until(process, r"Playing .* ms from in to out")
        port = re.search(r"OSC on 127\.0\.0\.1 port (\d+)", self.lines)
        assert port, self.lines
        self.phone.connect(("127.0.0.1", int(port[1])))
        return process

    def send(self, address, tags="", *values):
        self.phone.send(message(address, tags, *values))

    def ask(self, address):
        self.phone.send(message(address))
        while True:
            messages = [timed.message for timed in OscPacket(self.phone.recv(65_536)).messages]
            answers = {answer.address: answer.params for answer in messages}
            # A sender is told of changes besides, at the parameters' own addresses.
            if any(answer.startswith(f"{address}/") for answer in answers):
                return answers

    def hang_up(self):
        """The next control process listens at another port."""
        self.phone.close()
        self.phone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.phone.settimeout(BOUND_S)

    def audio_pid(self):
        return int(Status(self.run / "status")["pid"])

    def close(self):
        for process in self.started:
            process.terminate()
            process.communicate(timeout=BOUND_S)
        stop_stale(RunFolder(self.run))
        self.phone.close()
        shutil.rmtree(self.folder)


@contextlib.contextmanager
def open_stage(state):
    """A stage, cleared afterwards; which bundles were admitted is remembered in `state`."""
    stage = Stage(state)
    try:
        yield stage
    finally:
        stage.close()


def read_until(process, beginning):
    lines = ""
    for line in process.stdout:
        lines += line
        if re.match(beginning, line):
            return lines
    raise AssertionError(f"it ended: {lines}{process.stderr.read()}")


def finish(process):
    """Wait for the end: exit code, the rest of stdout, stderr."""
    out, err = process.communicate(timeout=BOUND_S)
    assert "Traceback" not in err
    return process.returncode, out, err


def until(condition):
    ends_s = time.monotonic() + BOUND_S
    while not condition():
        assert time.monotonic() < ends_s, "it did not come to that"
        select.select([], [], [], 0.02)


def text(address, word):
    return padded(address.encode()) + padded(b",s") + padded(word.encode())


def until_gone(pidfd):
    assert select.select([pidfd], [], [], BOUND_S)[0]
    os.close(pidfd)
