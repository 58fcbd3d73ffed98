"""What is done about a part that is not there, dies, or comes back.

    answers ──raises──► lost: said once, its default holds ──┐
       ▲                                                     │ asked again after 1, 2, 4, 5, 5 … s
       └────── answers: played at once, said when steady ◄───┘

A loose plug that comes and goes is said once, not at every turn.
"""

import logging
from collections.abc import Sequence
from typing import Protocol

from device.control.signal import Signal

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 5.0
STEADY_S = 2.0

log = logging.getLogger("ondine.panel")


class Part(Protocol):
    """One part of a panel: a chip, or all pins."""

    name: str
    period_s: float
    """How often it is read; 0: at every turn."""

    def open(self) -> None:
        """Find it and set it up. Raises OSError if it is not there."""

    def read(self, now_s: float) -> Sequence[Signal]:
        """What has changed. Raises OSError if it is gone. Must not wait."""

    def lost(self, now_s: float) -> Sequence[Signal]:
        """What holds from now on, since it is gone."""

    def close(self) -> None:
        """Let go of it; calling it twice is allowed."""


class Guarded:
    """A part that may be absent; `turn` never raises."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self.name = part.name
        self.answers = False
        self._due_s = 0.0
        self._wait_s = FIRST_WAIT_S
        self._said = False
        self._since_s = 0.0

    def turn(self, now_s: float) -> Sequence[Signal]:
        """What it has to say now, if it is its time."""
        if now_s < self._due_s:
            return ()
        opening = not self.answers
        try:
            if opening:
                self._part.open()
            found = self._part.read(now_s)
        except Exception as error:  # drivers raise what they like, and sound must go on
            return self._gone(error, now_s)
        if opening:
            self.answers, self._since_s = True, now_s
        self._due_s = now_s + self._part.period_s
        if now_s - self._since_s >= STEADY_S:
            self._wait_s = FIRST_WAIT_S
            if self._said:
                self._said = False
                log.warning("%s answers again", self.name)
        return found

    def close(self) -> None:
        """Let go of it."""
        self.answers = False
        try:
            self._part.close()
        except Exception as error:
            log.debug("%s does not close: %s", self.name, error)

    def _gone(self, error: Exception, now_s: float) -> Sequence[Signal]:
        first = self.answers or not self._said
        self.close()
        if not self._said:
            self._said = True
            reason = getattr(error, "strerror", None) or error
            log.warning("%s does not answer: %s. Trying on.", self.name, reason)
        self._due_s = now_s + self._wait_s
        self._wait_s = min(2.0 * self._wait_s, LONGEST_WAIT_S)
        return self._part.lost(now_s) if first else ()
