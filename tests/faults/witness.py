"""A witness of the machine's own stalls: threads at audio's priority that only wake and look.

    python -m tests.faults.witness SECONDS      prints what it saw as JSON

A shared machine stops its guests for 20 to 100 ms at times, and whatever is late then is late for
a reason outside of it. One thread on each processor wakes every 2 ms; when it wakes late, nothing
of its priority ran there in the meantime, and audio could not have either.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from device.audio import realtime

ROOT = Path(__file__).parents[2]
WAKE_S = 0.002
STALL_S = 0.004
"""Less than the shortest deadline that is tried here, and ten times what a calm machine takes."""


RIPPLE_S = 0.1
"""For how long after a stall blocks may still be late: it takes the loop a few to catch up."""


@dataclass(frozen=True)
class Stall:
    """A stretch of CLOCK_MONOTONIC in which a processor ran nothing of ours."""

    began_s: float
    ended_s: float


@dataclass(frozen=True)
class Seen:
    """`worst_s` is the latest that a thread woke; `realtime`: whether it had audio's priority."""

    realtime: bool
    worst_s: float
    stalls: tuple[Stall, ...]

    def explains(self, began_s: float, ended_s: float) -> bool:
        """Whether the machine stalled somewhere between the two times."""
        return any(s.began_s <= ended_s and s.ended_s >= began_s for s in self.stalls)


class Counters(Protocol):
    """What a `Status` is here, or a dict."""

    def __getitem__(self, name: str, /) -> float: ...


class Missed:
    """When the counters of what went wrong have moved in a status."""

    def __init__(self, status: Counters) -> None:
        self._status = status
        self._now = self._first = status["late_blocks"], status["xruns"]
        self._looked_s = math.inf
        self.times: list[tuple[float, float]] = []
        """Stretches of time in which at least one block was late or an xrun came."""

    def look(self, now_s: float) -> None:
        """Take note of the counters as they are now; look often, to tell times apart."""
        now = self._status["late_blocks"], self._status["xruns"]
        if now != self._now:
            self.times.append((min(self._looked_s, now_s), now_s))
        self._now, self._looked_s = now, now_s

    def ours(self, seen: Seen) -> list[tuple[float, float]]:
        """Those of `times` at which the machine had not stalled shortly before."""
        return [when for when in self.times if not seen.explains(when[0] - RIPPLE_S, when[1])]

    @property
    def late(self) -> int:
        """Late blocks since the beginning."""
        return int(self._now[0] - self._first[0])

    @property
    def xruns(self) -> int:
        """Xruns since the beginning."""
        return int(self._now[1] - self._first[1])


class Witness:
    """The witness as a child; `seen` ends it, and so does the end of a `with`."""

    def __init__(self, seconds: float) -> None:
        command = [sys.executable, "-m", "tests.faults.witness", str(seconds)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def seen(self) -> Seen:
        """End it; what it saw."""
        out, _ = self._process.communicate("enough\n", timeout=20)
        told = json.loads(out)
        stalls = tuple(Stall(*pair) for pair in told["stalls"])
        return Seen(told["realtime"], told["worst_s"], stalls)


def look(seconds: float, enough: threading.Event) -> Seen:
    """Look for so long, or until there has been enough."""
    no_priority = realtime.take_priority()
    ends_s = time.monotonic() + seconds
    stalls: list[Stall] = []
    worst: list[float] = []

    def wake(cpu: int) -> None:
        os.sched_setaffinity(0, {cpu})
        latest_s, due_s = 0.0, time.monotonic()
        while due_s < ends_s and not enough.is_set():
            due_s += WAKE_S
            time.sleep(max(0.0, due_s - time.monotonic()))
            now_s = time.monotonic()
            latest_s = max(latest_s, now_s - due_s)
            if now_s - due_s > STALL_S:
                stalls.append(Stall(due_s, now_s))
                due_s = now_s
        worst.append(latest_s)

    threads = [
        threading.Thread(target=wake, args=(cpu,)) for cpu in sorted(os.sched_getaffinity(0))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Seen(not no_priority, max(worst), tuple(stalls))


def main() -> None:
    """Look until told that it is enough, and say what was seen."""
    enough = threading.Event()

    def wait_for_word() -> None:
        sys.stdin.readline()
        enough.set()

    threading.Thread(target=wait_for_word, daemon=True).start()
    seen = look(float(sys.argv[1]), enough)
    stalls = [(stall.began_s, stall.ended_s) for stall in seen.stalls]
    print(json.dumps({"realtime": seen.realtime, "worst_s": seen.worst_s, "stalls": stalls}))


if __name__ == "__main__":
    main()
