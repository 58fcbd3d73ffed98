"""Time, passed in: the system's for playing, a virtual one for tests and faster-than-life runs."""

import time
from typing import Protocol


class Clock(Protocol):
    """A clock that can be waited on. Seconds, from an origin of its own, never backwards."""

    def now(self) -> float:
        """The time in seconds."""

    def wait_until(self, when_s: float) -> None:
        """Return at `when_s`, or at once if it has passed."""


class SystemClock:
    """The monotonic clock of the machine, shared by all its processes."""

    def now(self) -> float:
        """Seconds of CLOCK_MONOTONIC."""
        return time.monotonic()

    def wait_until(self, when_s: float) -> None:
        """Sleep until `when_s`."""
        delay_s = when_s - time.monotonic()
        if delay_s > 0.0:
            time.sleep(delay_s)


class VirtualClock:
    """A clock that moves only when it is waited on or pushed."""

    def __init__(self, start_s: float = 0.0) -> None:
        self._now_s = start_s

    def now(self) -> float:
        """Virtual seconds."""
        return self._now_s

    def wait_until(self, when_s: float) -> None:
        """Jump to `when_s`."""
        self._now_s = max(self._now_s, when_s)

    def advance(self, seconds: float) -> None:
        """Let time pass, as a slow step would."""
        self._now_s += seconds
