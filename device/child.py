"""The audio process, seen from control: started, heard out, told things, stopped, buried.

It writes one line when it plays, and one sentence to its error output when it cannot. It is put
in a session of its own, so that a Ctrl-C on the terminal reaches control alone, which then stops
audio in good order.
"""

import asyncio
import contextlib
import json
import os
import select
import signal
import socket
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from device.errors import AudioError, OndineError
from device.paths import RunFolder
from device.status import Status

START_S = 30.0
"""A large model on a slow card is read and warmed in less."""
STOP_S = 5.0


class AudioChild:
    """One run of `python -m device.audio.process` on the tables of a run folder."""

    def __init__(self, folder: RunFolder, arguments: Sequence[str]) -> None:
        self._folder = folder
        self._arguments = arguments
        self._process: asyncio.subprocess.Process | None = None
        self._errors: deque[str] = deque(maxlen=20)
        self._reading: list[asyncio.Task[None]] = []

    async def start(self) -> str:
        """Start it and wait until it plays; returns the line it then writes.

        Raises:
            AudioError: with its own sentence, if it ends before that or takes too long.
        """
        self._process = await asyncio.create_subprocess_exec(
            # -P: a folder `device` in the working folder is not ours.
            *[sys.executable, "-P", "-m", "device.audio.process", *self._arguments],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(),
            start_new_session=True,
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._reading = [asyncio.create_task(self._keep_errors(self._process.stderr))]
        try:
            line = await asyncio.wait_for(self._process.stdout.readline(), START_S)
        except TimeoutError:
            await self.stop()
            raise AudioError(f"the audio process did not start within {START_S:.0f} s") from None
        if not line:
            await self.ended()
            raise AudioError(self.sentence)
        self._reading.append(asyncio.create_task(_discard(self._process.stdout)))
        return line.decode(errors="replace").strip()

    async def ended(self) -> int:
        """Wait for its end; returns its exit status, negative for the signal that killed it."""
        assert self._process is not None
        code = await self._process.wait()
        await asyncio.gather(*self._reading)
        return code

    @property
    def sentence(self) -> str:
        """Why it ended, in its own words if it had any."""
        code = self._process.returncode if self._process else None
        if code is not None and code < 0:
            return f"the audio process was killed by {signal.Signals(-code).name}"
        if self._errors:
            return self._errors[-1].removeprefix("ondine: ").rstrip(".")
        return f"the audio process ended with status {code}"

    def reset(self) -> None:
        """Have the model's memory started afresh."""
        _send(self._folder.socket, "reset")

    async def stop(self) -> None:
        """End it: ask, then insist, then kill. Returns once it is gone."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        if not _send(self._folder.socket, "stop"):
            process.terminate()  # it does not listen yet, or no longer
        for insist in (process.terminate, process.kill):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), STOP_S)
                break
            with contextlib.suppress(ProcessLookupError):
                insist()
        await self.ended()

    async def _keep_errors(self, stream: asyncio.StreamReader) -> None:
        while line := await _line(stream):
            if text := line.decode(errors="replace").strip():
                self._errors.append(text)


def stop_stale(folder: RunFolder) -> None:
    """Stop an audio process that lost its control process and plays on in this folder."""
    if not _send(folder.socket, "stop"):
        return
    with contextlib.suppress(OndineError, OSError):
        pidfd = os.pidfd_open(int(Status(folder.status)["pid"]))
        try:
            select.select([pidfd], [], [], STOP_S)
        finally:
            os.close(pidfd)


def _send(path: Path, command: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        try:
            sender.sendto(json.dumps({"command": command}).encode(), str(path))
        except OSError:
            return False
    return True


async def _discard(stream: asyncio.StreamReader) -> None:
    while await _line(stream):
        pass


async def _line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:  # a line longer than the stream's limit; the rest of it follows
        return b"...\n"


def _environment() -> dict[str, str]:
    """Ours, with the folder of this very `device` first."""
    here = str(Path(__file__).parent.parent)
    old = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{here}{os.pathsep}{old}" if old else here}
