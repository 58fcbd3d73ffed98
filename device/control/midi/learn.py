"""Learning a control by moving it: armed for a target, the next control that moves is taken.

    arm("dry_wet") ─► noise on midi/cc/11 … a turn of midi/cc/74 ─► Learned("midi/cc/74", "dry_wet")

A control has moved when it went more than a tenth of its way, or three steps on in one direction. A
worn potentiometer that flickers between two values does neither; one that is read in a thousand
steps drifts three of them by itself, so for such controls only the way counts (`Needed`). Of MIDI
not learned: bank select (0, 32), the fine halves 32..63 and the channel's orders from 120 on, as
players know it from other boxes; and notes and the beat, which come without anyone reaching for a
control.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from device.control.signal import Signal

MAX_NAMES = 4096

_MIDI = re.compile(r"midi/(?:\d+/)?(?:cc/(\d+)|bend|pressure)")


class Needed(NamedTuple):
    """How far a control has to go until it has moved: so much of its way, or so many steps."""

    travel: float = 0.1
    steps: int = 0
    """In one direction; 0: steps do not count."""


STEPPED = Needed(steps=3)
"""Controls with steps that one can feel or see: MIDI's 128, an encoder's detents."""


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
    needed: Needed
    steps: int = 0
    """In one direction since it last turned: positive upward, negative downward."""

    def put(self, value: float) -> float:
        """Note a reading; how often over the control has gone as far as is needed."""
        if value > self.last:
            self.steps = max(self.steps, 0) + 1
        elif value < self.last:
            self.steps = min(self.steps, 0) - 1
        self.last = value
        self.low, self.high = min(self.low, value), max(self.high, value)
        travel, steps = self.needed
        far = (self.high - self.low) / travel
        return max(far, abs(self.steps) / steps) if steps else far


class Learn:
    """Hears all signals all the time, so that it knows where controls stood when it was armed.

    `allowed` says which may be learned, `needed` how far each has to go.
    """

    def __init__(
        self,
        allowed: Callable[[str], bool] = learnable,
        needed: Callable[[str], Needed] = lambda name: STEPPED,
    ) -> None:
        self._allowed, self._needed = allowed, needed
        self._seen: dict[str, _Seen] = {}
        self._among: Callable[[str], bool] = lambda name: True
        self.target: str | None = None

    def arm(self, target: str, among: Callable[[str], bool] = lambda name: True) -> None:
        """Wait for a control for `target`, only `among` these; earlier moves do not count."""
        self.target, self._among = target, among
        for seen in self._seen.values():
            seen.low = seen.high = seen.last
            seen.steps = 0

    def cancel(self) -> None:
        """Wait no longer."""
        self.target = None

    def hear(self, signals: Sequence[Signal]) -> Learned | None:
        """What was learned from these signals, if anything; then nothing is armed any more.

        Of several that moved in one packet, as a hand's do, it is the one that went furthest.
        """
        furthest, source = 0.0, ""
        for name, value, _ in signals:
            seen = self._seen.get(name)
            if seen is None:
                if len(self._seen) < MAX_NAMES and self._allowed(name):
                    self._seen[name] = _Seen(value, value, value, self._needed(name))
                continue
            far = seen.put(value)
            if self.target is not None and far >= 1.0 and far > furthest and self._among(name):
                furthest, source = far, name
        if self.target is None or not source:
            return None
        learned, self.target = Learned(source, self.target), None
        return learned
