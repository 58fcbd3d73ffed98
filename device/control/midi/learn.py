"""Learning a control by moving it: armed for a target, the next control that moves is taken.

    arm("dry_wet") ─► noise on midi/cc/11 … a turn of midi/cc/74 ─► Learned("midi/cc/74", "dry_wet")

A control has moved when it went more than a tenth of its way, or three steps on in one direction. A
worn potentiometer that flickers between two values does neither. Not learned: bank select (0, 32),
the fine halves 32..63 and the channel's orders from 120 on, as players know it from other boxes;
and notes and the beat, which come without anyone reaching for a control.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from device.control.signal import Signal

TRAVEL = 0.1
STEPS = 3
MAX_NAMES = 4096

_MIDI = re.compile(r"midi/(?:\d+/)?(?:cc/(\d+)|bend|pressure)")


class Learned(NamedTuple):
    """The signal `source` was moved while `target` was armed."""

    source: str
    target: str


def learnable(name: str) -> bool:
    """Whether a MIDI signal is a control that a player may choose for a route."""
    if (found := _MIDI.fullmatch(name)) is None:
        return False
    return found[1] is None or _control(int(found[1]))


def _control(number: int) -> bool:
    return 0 < number < 32 or 64 <= number < 120


@dataclass(slots=True)
class _Seen:
    last: float
    low: float
    high: float
    steps: int = 0
    """In one direction since it last turned: positive upward, negative downward."""


class Learn:
    """Hears all signals all the time, so that it knows where controls stood when it was armed.

    `allowed` says which may be learned.
    """

    def __init__(self, allowed: Callable[[str], bool] = learnable) -> None:
        self._allowed = allowed
        self._seen: dict[str, _Seen] = {}
        self.target: str | None = None

    def arm(self, target: str) -> None:
        """Wait for a control for `target`; what was moved before does not count."""
        self.target = target
        for seen in self._seen.values():
            seen.low = seen.high = seen.last
            seen.steps = 0

    def cancel(self) -> None:
        """Wait no longer."""
        self.target = None

    def hear(self, signals: Sequence[Signal]) -> Learned | None:
        """What was learned from these signals, if anything; then nothing is armed any more."""
        for signal in signals:
            if self._moved(signal) and self.target is not None:
                learned = Learned(signal.name, self.target)
                self.target = None
                return learned
        return None

    def _moved(self, signal: Signal) -> bool:
        name, value = signal.name, signal.value
        seen = self._seen.get(name)
        if seen is None:
            if len(self._seen) < MAX_NAMES and self._allowed(name):
                self._seen[name] = _Seen(value, value, value)
            return False
        if value > seen.last:
            seen.steps = max(seen.steps, 0) + 1
        elif value < seen.last:
            seen.steps = min(seen.steps, 0) - 1
        seen.last = value
        seen.low, seen.high = min(seen.low, value), max(seen.high, value)
        return seen.high - seen.low > TRAVEL or abs(seen.steps) >= STEPS
