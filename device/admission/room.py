"""Where a worker works: in a process of one's own, or in the room that systemd keeps locked for it.

    desktop   OwnRoom      started here, ended here
    a box     LockedRoom   ondine-checker.socket: whoever connects gets a worker of their own

Both are spoken to alike: lines go in, lines come out.
"""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

SOCKET = "checker.sock"
_CONNECT_S = 2.0


class Room(Protocol):
    """A worker, from outside. Its methods may raise OSError, or ValueError once it is closed."""

    def fileno(self) -> int:
        """Where its answers can be waited for."""

    def write(self, line: bytes) -> None:
        """Hand a request in."""

    def read(self, most: int) -> bytes:
        """What it has answered; empty once it has ended."""

    def close(self) -> None:
        """End it, and with it whatever it is doing; calling it twice is allowed."""


class OwnRoom:
    """A process of one's own."""

    def __init__(self) -> None:
        # One thread: numpy's mathematics would start more, and forking does not copy them.
        alone = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        here = str(Path(__file__).parents[2])
        paths = [here, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            # -P: a folder `device` in the working folder is not ours.
            [sys.executable, "-P", "-m", "device.admission.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **alone, "PYTHONPATH": os.pathsep.join(paths)},
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._answers = self._process.stdin, self._process.stdout

    def fileno(self) -> int:
        """Where its answers can be waited for."""
        return self._answers.fileno()

    def write(self, line: bytes) -> None:
        """Hand a request in."""
        self._requests.write(line)
        self._requests.flush()

    def read(self, most: int) -> bytes:
        """What it has answered; empty once it has ended."""
        return os.read(self.fileno(), most)

    def close(self) -> None:
        """End it, and with it whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for stream in (self._requests, self._answers):
            with contextlib.suppress(OSError):  # a request that it never took
                stream.close()


class LockedRoom:
    """A connected Unix socket; hanging up ends the worker behind it."""

    def __init__(self, path: Path) -> None:
        """Connect. Raises OSError if nobody listens there."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(_CONNECT_S)
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """Where its answers can be waited for."""
        return self._socket.fileno()

    def write(self, line: bytes) -> None:
        """Hand a request in."""
        self._socket.sendall(line)

    def read(self, most: int) -> bytes:
        """What it has answered; empty once it has ended."""
        try:
            return self._socket.recv(most)
        except ConnectionError:
            return b""  # killed with a request unread: as good as ended

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def checker_socket(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Where systemd keeps the locked room, if it does here: in the run folder."""
    runtime = environment.get("XDG_RUNTIME_DIR")
    path = Path(runtime) / "ondine" / SOCKET if runtime else None
    return path if path is not None and path.is_socket() else None


def locked_room(path: Path | None) -> Room | None:
    """The locked room at `path`; None if there is none, or nobody is in."""
    try:
        return LockedRoom(path) if path is not None else None
    except OSError:
        return None
