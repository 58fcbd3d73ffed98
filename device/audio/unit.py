"""The audio process as a service: `python -m device.audio.unit`, started and kept by systemd.

    waits for a part ──► takes it ──► plays (`process.py`, as ever) ──► ends, is started again
                                        │
                         pulse: READY at the first block, then WATCHDOG while it does its work

Nobody has to be there for it: what it played last still lies in the run folder, and the values of
the parameters in their table. The pulse is a thread that sleeps most of the time and reads the
status' numbers where the loop writes them; the loop itself knows nothing of it.
"""

import contextlib
import fcntl
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from device.audio.vitals import Vitals, vitals_of
from device.errors import AudioError, OndineError
from device.notify import Notify, notify_of
from device.part import (
    Part,
    Taken,
    end_file,
    last_end_file,
    read_part,
    read_taken,
    write_taken,
)
from device.paths import RunFolder, run_folder
from device.status import Status

_LOOK_S = 0.02
_PULSE_S = 1.0
_FEEDS = 4
"""How often the watchdog is fed within its time."""


class Pulse:
    """Tells systemd how the process of one status is. Time is the caller's: `look` is one look."""

    def __init__(self, path: Path, notify: Notify, pid: int) -> None:
        """`path` is where the status will be; one that another process left there is not ours."""
        self._path, self._notify, self._pid = path, notify, pid
        self._status: Status | None = None
        self._before: Vitals | None = None
        self._said = ""
        self.ready = False

    def look(self) -> bool:
        """Look once, and tell; whether the watchdog was to be fed."""
        status = self._found()
        if status is None:
            return False
        now, before = vitals_of(status), self._before
        self._before = now
        if not self.ready and now.blocks > 0:
            self.ready = True
            self._notify.ready()
        # The name comes when somebody has the time to write it down: after the first blocks.
        name = status.text("name") if self.ready else ""
        said = status.text("trouble") or (f"Playing {name}." if name else "")
        if said and said != self._said:
            self._said = said
            self._notify.status(said)
        alive = before is not None and now.alive_since(before)
        if alive:
            self._notify.alive()
        return alive

    def _found(self) -> Status | None:
        if self._status is None:
            with contextlib.suppress(AudioError):
                status = Status(self._path)
                if int(status["pid"]) == self._pid:
                    self._status = status
        return self._status


def wait_for_part(folder: RunFolder, sleep: Callable[[float], object] = time.sleep) -> Part:
    """Wait until a part lies there, for as long as that takes."""
    while (part := read_part(folder)) is None:
        sleep(_LOOK_S)
    return part


@contextlib.contextmanager
def taking(folder: RunFolder, sleep: Callable[[float], object] = time.sleep) -> Iterator[Part]:
    """Hold the audio lock, with a part in hand; both waited for, for as long as that takes."""
    wait_for_part(folder, sleep)
    with open(os.open(folder.audio_lock, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                sleep(_LOOK_S)
        # Read again: another may lie there since.
        part = wait_for_part(folder, sleep)
        with contextlib.suppress(FileNotFoundError):
            end_file(folder).replace(last_end_file(folder))
        write_taken(folder, Taken(part.token, read_taken(folder).count + 1))
        yield part


def _beat(pulse: Pulse, period_s: float) -> None:
    from device.audio.realtime import step_behind

    step_behind()
    while True:
        time.sleep(period_s if pulse.ready else min(period_s, _LOOK_S))
        pulse.look()


def main() -> int:
    """Take a part and play it; returns the process's exit code."""
    # Now, while control is still busy finding out what to play: most of a start is reading these.
    from device.audio import process

    notify = notify_of()
    notify.status("Waiting for control to say what to play.")
    try:
        folder = run_folder()
        with taking(folder) as part:
            notify.status("Starting.")
            period_s = _PULSE_S if notify.watchdog_s is None else notify.watchdog_s / _FEEDS
            pulse = Pulse(folder.status, notify, os.getpid())
            threading.Thread(
                target=_beat, args=(pulse, period_s), name="pulse", daemon=True
            ).start()
            code = process.main(part.arguments)
    except (OndineError, OSError) as error:
        print(f"ondine: {error}", file=sys.stderr, flush=True)
        return 1
    notify.stopping()
    return code


if __name__ == "__main__":
    # As in `__main__.py`: before the libraries are read, so that it sounds again within a second.
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    sys.exit(main())
