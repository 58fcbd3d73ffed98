"""Both processes of `ondine play` on a simulated card, to be killed one by one and started again.

The card hears the same second of noise round and round, and the instrument is a delay line. So what
comes out is what was heard `age` frames before, times the output gain: every frame tells whether it
is in its place, and how loud it was to be.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import numpy as np

from device.errors import AudioError
from device.paths import RunFolder
from device.play.adopted import stop_stale
from device.show.display import latency_frames
from device.status import Status
from tests.bundles import save, tiny_autoencoder
from tests.device.control.packets import message
from tests.faults.swaps import noise
from tests.simcard.simcard import SimCard

ROOT = Path(__file__).parents[2]
RATE_HZ = 48_000
TAPE_S = 20
"""Of the ring tapes: what is to be looked at has to be looked at before it is overwritten."""
HEADROOM_FRAMES = 9_472
"""0.2 s: it outlasts what a shared machine takes from everyone at times."""
BOUND_S = 30.0
LOUD = 0.1
"""Where the noise is louder, the gain is read from single samples."""


class Victims:
    """Control, audio, and the card that they play on. A context manager."""

    def __init__(self, folder: Path) -> None:
        # Not `folder`: a Unix socket's path has to be short.
        self._run = Path(tempfile.mkdtemp(prefix="ondine-"))
        self.folder = RunFolder(self._run / "ondine")
        self.card = SimCard(folder, frames=TAPE_S * RATE_HZ, ring=True, rate_hz=RATE_HZ)
        sound, self._heard = noise(RATE_HZ, seed=1)
        tape = np.resize((sound * 2.0**31).astype(np.int32), len(self.card.source))
        self.card.source[:] = tape[:, None]
        bundle = save(tiny_autoencoder(), folder / "line.ondine")
        self._environment = self.card.environment() | {
            "XDG_RUNTIME_DIR": str(self._run),
            "XDG_STATE_HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "200",
        }
        play = ["play", str(bundle), "--card", self.card.name, "--osc-port", "0"]
        self._command = [sys.executable, "-c", "from device.cli import main; main()", *play]
        self._command += ["--headroom", str(HEADROOM_FRAMES)]
        self._said = folder / "said"
        self._phone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.control: subprocess.Popen[bytes] | None = None
        self.gain_db = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.control is not None and self.control.poll() is None:
            self.control.kill()
            self.control.wait()
        with contextlib.suppress(AudioError):
            stop_stale(self.folder)
        self._phone.close()
        shutil.rmtree(self._run, ignore_errors=True)

    # --- control -------------------------------------------------------------------------------

    def start_control(self) -> None:
        """Start it and come back at once."""
        with self._said.open("w") as said:
            self.control = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            )

    def connect(self) -> None:
        """Wait until control plays, and hear which port it listens at."""
        self.wait_for(lambda: "ms from in to out" in self.said, "control played")
        port = re.search(r"OSC on 127\.0\.0\.1 port (\d+)", self.said)
        assert port, self.said
        self._phone.connect(("127.0.0.1", int(port[1])))

    def kill_control(self) -> None:
        """SIGKILL."""
        assert self.control is not None
        self.control.kill()
        self.control.wait()

    def stop(self) -> int:
        """Ctrl-C; control's exit status, once both have ended."""
        assert self.control is not None
        self.control.send_signal(signal.SIGINT)
        return self.control.wait(BOUND_S)

    def turn(self, gain_db: float) -> None:
        """Turn the output gain by OSC."""
        self._phone.send(message("/ondine/param/output_gain_db", "f", gain_db))
        self.gain_db = gain_db

    @property
    def said(self) -> str:
        """What the control process of now has printed so far."""
        return self._said.read_text(errors="replace")

    # --- audio ---------------------------------------------------------------------------------

    def status(self) -> Status:
        """The audio process's status."""
        return Status(self.folder.status)

    def audio_pid(self) -> int:
        """The audio process, as its status says; 0 if there is none yet."""
        try:
            return int(self.status()["pid"])
        except AudioError:
            return 0

    def kill_audio(self, but: int = 0) -> int:
        """SIGKILL, and not the one of number `but`; returns the card frame of its death."""
        self.wait_for(lambda: self.audio_pid() not in (0, but), "an audio process was started")
        pid = self.audio_pid()
        pidfd = os.pidfd_open(pid)
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        frame = self.card.frame_now()
        assert select.select([pidfd], [], [], BOUND_S)[0]
        os.close(pidfd)
        return frame

    # --- what is heard -------------------------------------------------------------------------

    @property
    def age(self) -> int:
        """How many frames after it was heard a frame comes out."""
        return sum(latency_frames(self.status()).values())

    def gains(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """The card frames of `first`..`last` whose noise was loud, and the gain each came out at.

        A frame that is not the one that belongs there has a gain that is none.
        """
        frames = np.arange(first, last)
        wanted = self._heard[(frames - self.age) % RATE_HZ]
        loud = np.abs(wanted) > LOUD
        sound = self.card.heard(first, last)[:, 0] / np.float32(2.0**31)
        return frames[loud], sound[loud] / wanted[loud]

    def sounding_since(self, frame: int) -> int | None:
        """The first frame since `frame` that was heard after a start later than that; None yet."""
        if min(self.card.starts) <= frame:
            return None
        first = max(self.card.starts)
        sound = np.abs(self.card.heard(first, self.card.frame_now())).max(axis=1)
        heard = np.flatnonzero(sound > 0.01 * 2**31)
        return first + int(heard[0]) if len(heard) else None

    def wait_for(self, condition: Callable[[], bool], what: str, limit_s: float = BOUND_S) -> None:
        """Return once `condition` holds; fail, naming `what`, if time is up."""
        ends_s = time.monotonic() + limit_s
        while not condition():
            if time.monotonic() > ends_s:
                raise AssertionError(f"{limit_s:.0f} s passed before {what}; it said {self.said}")
            select.select([], [], [], 0.005)
