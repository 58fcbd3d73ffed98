"""An audio process that lost its control process, and plays on: found, and taken over.

    control 1 ──X        control 2 ── finds play.json, the status, and a heartbeat that moves
    audio     ────────────────────────────────────────────────────►  nobody touches the sound

It is no child of ours: its end is heard by a pidfd, which names the process and never another that
came to have the same number.
"""

import asyncio
import contextlib
import fcntl
import os
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path

from device.errors import AudioError
from device.paths import RunFolder
from device.play.child import START_S, STOP_S, End
from device.play.datagram import send
from device.status import Status

SILENT_S = 3.0
"""Longer than any block."""
_LOOK_S = 0.01


class Adopted:
    """A running audio process of this run folder, which somebody else has started."""

    def __init__(self, folder: RunFolder, status: Status, pidfd: int) -> None:
        """`pidfd` is closed when the process has ended."""
        self._folder, self._status, self._pidfd = folder, status, pidfd
        self._end: asyncio.Future[End] | None = None
        self._why = ""

    async def ended(self) -> End:
        """Wait for its end. We are no parent and not told how it was; the status says if good."""
        if self._end is None:
            loop = asyncio.get_running_loop()
            self._end = loop.create_future()
            loop.add_reader(self._pidfd, self._gone, loop, self._end)
        return await asyncio.shield(self._end)

    def kill(self, why: str) -> None:
        """End it at once."""
        self._why = why
        self._signal(signal.SIGKILL)

    async def stop(self) -> None:
        """End it: ask, then insist, then kill. Returns once it is gone."""
        ended = asyncio.ensure_future(self.ended())
        if not send(self._folder.socket, "stop"):
            self._signal(signal.SIGTERM)
        for number in (signal.SIGTERM, signal.SIGKILL):
            if (await asyncio.wait({ended}, timeout=STOP_S))[0]:
                return
            self._signal(number)
        await ended

    def _signal(self, number: int) -> None:
        if self._end is None or not self._end.done():
            _kill(self._pidfd, number)

    def _gone(self, loop: asyncio.AbstractEventLoop, end: asyncio.Future[End]) -> None:
        loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        good = bool(self._status["stopped"])
        # Nobody can say whether the music or somebody else killed it: give it the benefit.
        sentence = "stopped" if good else self._why or "the audio process has died"
        end.set_result(End(0 if good else 1, sentence, blamed=bool(self._why)))


def find_running(folder: RunFolder, now: Callable[[], float] = time.monotonic) -> Adopted | None:
    """The audio process that plays in this folder; None if there is none, or it hangs.

    Waits for one that is just being started. Call it under the folder's lock.
    """
    began_s = now()
    while True:
        if found := _open(folder):
            status, pidfd = found
            limit_s = SILENT_S if status["blocks"] else START_S
            if _beats(status, pidfd, now, limit_s):
                return Adopted(folder, status, pidfd)
            os.close(pidfd)
            return None
        # A process that was started a moment ago holds the lock and has no status yet.
        if not _held(folder.audio_lock) or now() - began_s > START_S:
            return None
        time.sleep(_LOOK_S)


def stop_stale(folder: RunFolder, now: Callable[[], float] = time.monotonic) -> None:
    """Stop whatever audio process runs here, or is being started. Returns once it is gone.

    Raises:
        AudioError: if it cannot be ended.
    """
    ends_s = now() + START_S
    while True:
        if found := _open(folder):
            _end(folder, *found, now)
        elif not _held(folder.audio_lock):
            return
        elif now() > ends_s:
            raise AudioError("an older audio process cannot be ended; restart the computer")
        else:
            time.sleep(_LOOK_S)


def _end(folder: RunFolder, status: Status, pidfd: int, now: Callable[[], float]) -> None:
    """Ask it to stop, then insist, then kill; at once if it hangs."""
    try:
        starting = not status["blocks"]
        if starting or _beats(status, pidfd, now, SILENT_S):
            asked = send(folder.socket, "stop")
            for number in (signal.SIGTERM, signal.SIGKILL):
                # One that does not listen is not given the time to answer.
                if asked and _gone(pidfd, STOP_S):
                    return
                _kill(pidfd, number)
                asked = True
        _kill(pidfd, signal.SIGKILL)
        if not _gone(pidfd, STOP_S):
            raise AudioError("an older audio process cannot be ended; restart the computer")
    finally:
        os.close(pidfd)


def _kill(pidfd: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(pidfd, number)


def _open(folder: RunFolder) -> tuple[Status, int] | None:
    """The folder's status and the process that writes it, if that lives."""
    try:
        status = Status(folder.status)
        pid = int(status["pid"])
        if pid <= 0 or status["stopped"]:
            return None
        pidfd = os.pidfd_open(pid)
    except (AudioError, OSError):
        return None
    # The number may have become another's: ours says which module it runs.
    if _gone(pidfd, 0.0) or not _is_audio(pid):
        os.close(pidfd)
        return None
    return status, pidfd


def _is_audio(pid: int) -> bool:
    try:
        return b"device.audio" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _beats(status: Status, pidfd: int, now: Callable[[], float], limit_s: float) -> bool:
    """Whether the heartbeat moves within `limit_s`, while the process lives."""
    before, ends_s = status["heartbeat_s"], now() + limit_s
    while now() < ends_s:
        if status["heartbeat_s"] != before:
            return True
        if _gone(pidfd, _LOOK_S):
            return False
    return False


def _gone(pidfd: int, limit_s: float) -> bool:
    """Whether the process has ended, or does within `limit_s`."""
    return bool(select.select([pidfd], [], [], limit_s)[0])


def _held(path: Path) -> bool:
    """Whether an audio process holds its lock."""
    try:
        with path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
