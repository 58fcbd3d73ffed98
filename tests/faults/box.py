"""`ondine play` as a player starts it, on the simulated card, in a world of its own."""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from device.status import Status
from tests.simcard.simcard import SimCard

ROOT = Path(__file__).parents[2]
DRIFT = ROOT / "models" / "bundles" / "drift.ondine"
BOUND_S = 30.0


class Box:
    """Both processes, playing through the card `sim` at its own speed 1; a context manager.

    `headroom_frames` has to outlast what a shared machine takes from everyone at times.
    """

    def __init__(self, bundle: Path, *options: str, headroom_frames: int, seconds: float) -> None:
        # Not pytest's folder: a Unix socket's path has to be short.
        self.folder = Path(tempfile.mkdtemp(prefix="ondine-"))
        # Past the end of its tape the card hears silence and plays on.
        self.card = SimCard(self.folder, frames=round(48_000 * seconds))
        own = {"XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_STATE_HOME"}
        environment = self.card.environment() | {name: str(self.folder) for name in own}
        environment |= {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
        command = [sys.executable, "-c", "from device.cli import main; main()", "play"]
        command += [str(bundle), "--card", "sim", "--headroom", str(headroom_frames)]
        self._said = self.folder / "said"
        with self._said.open("w") as said:
            self.process = subprocess.Popen(
                [*command, "--osc-port", "0", *options],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        self._ended = os.pidfd_open(self.process.pid)

    def __enter__(self) -> Box:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def said(self) -> str:
        """What it has printed so far."""
        return self._said.read_text(errors="replace")

    @property
    def osc_port(self) -> int:
        """Where it listens for OSC on 127.0.0.1."""
        found = re.search(r"OSC on 127\.0\.0\.1 port (\d+)", self.said)
        assert found, self.said
        return int(found[1])

    def status(self) -> Status:
        """The audio process's status."""
        return Status(self.folder / "ondine" / "status")

    def playing(self, blocks: int = 50) -> Status:
        """Wait until it plays and so many blocks have passed."""
        self.wait_for(lambda: "Playing " in self.said)
        status = self.status()
        self.wait_for(lambda: status["blocks"] >= blocks)
        return status

    def wait_for(self, condition: Callable[[], bool], limit_s: float = BOUND_S) -> None:
        """Return once `condition` holds; fail if the box ends first or time is up."""
        ends_s = time.monotonic() + limit_s
        while not condition():
            ended, _, _ = select.select([self._ended], [], [], 0.02)
            assert not ended or condition(), f"it ended early: {self.said}"
            assert time.monotonic() < ends_s, f"it did not get there in time: {self.said}"

    def stop(self) -> str:
        """Ctrl-C; wait for the end; returns all it said."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(BOUND_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return self.said

    def close(self) -> None:
        """Stop it and take its world away."""
        try:
            self.stop()
        finally:
            os.close(self._ended)
            shutil.rmtree(self.folder, ignore_errors=True)
