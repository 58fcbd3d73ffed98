"""Time, passed in: the system's for playing, a virtual one for tests and faster-than-life runs."""

import math
import time
from typing import Protocol

from device.errors import ConfigError


class Clock(Protocol):
    """A clock that can be waited on. Seconds, from an origin of its own, never backwards."""

    def now(self) -> float:
        """The time in seconds."""

    def wait_until(self, when_s: float) -> None:
        """Return at `when_s`, or at once if it has passed."""


class SystemClock:
    """The monotonic clock of the machine, shared by all its processes, in seconds of the card.

    A simulated card may run at several times the speed of life, or a fraction of it. Whoever plays
    through it lives in its time: everything that lasts a second lasts a second of the card.
    """

    def __init__(self, speed: float = 1.0) -> None:
        """`speed` is card seconds per second: 1 for every real card.

        Raises:
            ConfigError: if it is not above 0.
        """
        if not 0.0 < speed < math.inf:
            raise ConfigError(f"a clock of speed {speed} does not run: give one above 0")
        self._speed = speed

    def now(self) -> float:
        """Seconds of CLOCK_MONOTONIC, times the speed."""
        return time.monotonic() * self._speed

    def wait_until(self, when_s: float) -> None:
        """Sleep until `when_s`."""
        delay_s = when_s / self._speed - time.monotonic()
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
