"""The audio process as a child of a test, with a bounded wait for everything."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from pathlib import Path

from device.params import ParamTable
from device.status import Status

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


class AudioChild:
    """`device.audio.process` with the dry engine, or (`dry=False`) with the bundle it is given."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        environment: dict[str, str] | None = None,
        dry: bool = True,
        rate_hz: int = 48_000,
        block: int = 512,
        channels_in: int = 1,
        delay: int = 0,
        stall_block: int = -1,
        stall_s: float = 0.0,
    ) -> None:
        self.folder = folder
        self.socket = folder / "socket"
        self._status = folder / "status"
        ParamTable(folder / "params", create=True)
        own = [rate_hz, block, channels_in, delay, stall_block, stall_s]
        program = [str(HERE / "dry_process.py"), *map(str, own), "--"]
        paths = {"params": folder / "params", "status": self._status, "socket": self.socket}
        command = [sys.executable, *(program if dry else ["-m", "device.audio.process"])]
        command += [part for name, path in paths.items() for part in (f"--{name}", str(path))]
        if "--bundle" not in options:
            command += ["--bundle", "none.ondine"]
        self._process = subprocess.Popen(
            [*command, *options],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._exit = os.pidfd_open(self._process.pid)
        # A test that fails half way leaves no process behind.
        weakref.finalize(self, self._process.kill)

    def wait_for(self, condition: Callable[[], bool], limit_s: float = 20.0) -> None:
        """Return once `condition` holds; fail if the child ends first or time is up."""
        ends_s = time.monotonic() + limit_s
        while not condition():
            ended, _, _ = select.select([self._exit], [], [], 0.02)
            if ended and not condition():
                raise AssertionError(f"the child ended early: {self.finish()}")
            assert time.monotonic() < ends_s, "the child did not get there in time"

    def wait_for_blocks(self, blocks: int) -> Status:
        """Return the child's status once it has played so many blocks."""
        self.wait_for(lambda: self._played() >= blocks)
        return self.status()

    def _played(self) -> float:
        try:
            return self.status()["blocks"]
        except OSError:
            return -1.0  # The child has not made its status yet.

    def status(self) -> Status:
        """The child's status."""
        return Status(self._status)

    def command(self, message: bytes) -> None:
        """Send one datagram to the child's socket."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(message, str(self.socket))

    def terminate(self) -> tuple[int, str, str]:
        """Send SIGTERM and wait: exit code, stdout, stderr."""
        self._process.send_signal(signal.SIGTERM)
        return self.finish()

    def finish(self) -> tuple[int, str, str]:
        """Wait for the end: exit code, stdout, stderr."""
        try:
            out, errors = self._process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        os.close(self._exit)
        return self._process.returncode, out, errors
