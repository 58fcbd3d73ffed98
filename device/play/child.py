"""The audio process, seen from control: started, heard out, stopped, buried.

It writes one line when it plays, and one sentence to its error output when it cannot. It is put
in a session of its own, so that a Ctrl-C on the terminal reaches control alone, which then stops
audio in good order. Nothing ends it but that: when control dies, it plays on.
"""

import asyncio
import contextlib
import fcntl
import os
import signal
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from device.errors import AudioError
from device.paths import RunFolder
from device.play.datagram import send
from device.status import Status

START_S = 30.0
"""A large model on a slow card is read and warmed in less."""
STOP_S = 5.0
_LOCK_POLL_S = 0.01


@dataclass(frozen=True)
class End:
    """How an audio process ended. `code` is its exit status, negative for the signal."""

    code: int
    sentence: str
    blamed: bool = True
    """Whether what it played may have killed it; not if somebody else did."""


class Audio(Protocol):
    """An audio process that runs: one that was started here, or one that was found."""

    async def ended(self) -> End:
        """Wait for its end; may be waited for by several."""

    def kill(self, why: str) -> None:
        """End it at once, because of `why`, which becomes its end's sentence."""

    async def stop(self) -> None:
        """End it in good order. Returns once it is gone."""


class FreshAudio(Audio, Protocol):
    """One that is yet to start."""

    async def start(self) -> str:
        """Wait until it plays; returns what it says then. Raises AudioError if it cannot."""


class AudioChild:
    """One run of `python -m device.audio` on the tables of a run folder."""

    def __init__(self, folder: RunFolder, arguments: Sequence[str]) -> None:
        self._folder = folder
        self._arguments = arguments
        self._process: asyncio.subprocess.Process | None = None
        self._errors: deque[str] = deque(maxlen=20)
        self._reading: list[asyncio.Task[None]] = []
        self._why = ""
        self._played = False
        self._memory_ran_out = 0

    async def start(self) -> str:
        """Start it and wait until it plays; returns the line it then writes.

        Raises:
            AudioError: with its own sentence, if it ends before that or takes too long.
        """
        self._memory_ran_out = _out_of_memory_kills()
        try:
            with await _only_audio(self._folder.audio_lock) as lock:
                self._process = await self._spawn(lock)
        except OSError as error:
            if isinstance(error, AudioError):
                raise
            raise AudioError(f"cannot start the audio process ({error.strerror})") from None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._reading = [asyncio.create_task(self._keep_errors(self._process.stderr))]
        try:
            line = await self._first_line(self._process.stdout)
        except TimeoutError:
            self.kill(f"the audio process did not start within {START_S:.0f} s")
            raise AudioError((await self.ended()).sentence) from None
        if not line:
            raise AudioError((await self.ended()).sentence)
        self._played = True
        self._reading.append(asyncio.create_task(_discard(self._process.stdout)))
        return line.decode(errors="replace").strip()

    async def ended(self) -> End:
        """Wait for its end."""
        if self._process is None:
            return End(1, "the audio process could not be started", blamed=False)
        code = await self._process.wait()
        await asyncio.gather(*self._reading)
        return End(code, self._sentence(code), self._blamed(code))

    def kill(self, why: str) -> None:
        """End it at once."""
        self._why = why
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def stop(self) -> None:
        """End it: ask, then insist, then kill. Returns once it is gone."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        if not send(self._folder.socket, "stop"):
            process.terminate()  # it does not listen yet, or no longer
        for insist in (process.terminate, process.kill):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), STOP_S)
                break
            with contextlib.suppress(ProcessLookupError):
                insist()
        await self.ended()

    def _sentence(self, code: int) -> str:
        """Why it ended, in its own words if it had any."""
        if self._why:
            return self._why
        if code < 0:
            return f"the audio process was killed by {_signal_name(-code)}"
        if self._errors:
            return self._errors[-1].removeprefix("ondine: ").rstrip(".")
        return f"the audio process ended with status {code}"

    def _blamed(self, code: int) -> bool:
        if code > 0:
            return self._played  # before that, what fails in an orderly way is a card or a file
        # SIGKILL comes from outside. Where the kernel sent it because memory ran out, that may be
        # the model's doing, and where we sent it because the process hung, it is.
        outside = code == -signal.SIGKILL and not self._why
        return not outside or _out_of_memory_kills() > self._memory_ran_out

    async def _spawn(self, lock: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            # -P: a folder `device` in the working folder is not ours.
            *[sys.executable, "-P", "-m", "device.audio", *self._arguments],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(),
            start_new_session=True,
            pass_fds=[lock],
        )

    async def _first_line(self, stdout: asyncio.StreamReader) -> bytes:
        """What it writes when it plays. While it waits for a card, its heart beats."""
        reading = asyncio.ensure_future(stdout.readline())
        try:
            while True:
                before = self._heartbeat()
                if (await asyncio.wait({reading}, timeout=START_S))[0]:
                    return reading.result()
                if self._heartbeat() == before:
                    raise TimeoutError
        finally:
            reading.cancel()

    def _heartbeat(self) -> float:
        try:
            return Status(self._folder.status)["heartbeat_s"]
        except AudioError:
            return 0.0

    async def _keep_errors(self, stream: asyncio.StreamReader) -> None:
        while line := await _line(stream):
            if text := line.decode(errors="replace").strip():
                self._errors.append(text)


@contextlib.contextmanager
def _closing(fd: int) -> Iterator[int]:
    try:
        yield fd
    finally:
        os.close(fd)


async def _only_audio(path: Path) -> contextlib.AbstractContextManager[int]:
    """The lock that an audio process holds: inherited, so that it lives exactly as long as that.

    Raises:
        AudioError: if another audio process has it and does not end.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    ends_s = (now := asyncio.get_running_loop().time)() + STOP_S
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return _closing(fd)
        except BlockingIOError:
            if now() > ends_s:
                os.close(fd)
                raise AudioError("another audio process plays here and does not end") from None
            await asyncio.sleep(_LOCK_POLL_S)


def _out_of_memory_kills() -> int:
    """How many processes the kernel has killed because memory ran out, since it was started."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/vmstat").read_text().splitlines():
            name, _, number = line.partition(" ")
            if name == "oom_kill":
                return int(number)
    return 0


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


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
    here = str(Path(__file__).parents[2])
    old = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{here}{os.pathsep}{old}" if old else here}
