"""MIDI clock: 24 ticks to a beat, from which tempo and the place in the beat are estimated.

Ticks come late by a varying time: a wire carries other bytes first, USB delivers in bunches of a
millisecond or more. So the length of a tick is the median of lengths measured over half a beat
each, (t[i] - t[i-12]) / 12, within the last two beats: Theil-Sen slopes of one distance (Sen 1968).
Jitter is divided by 12, and a tick that is late or lost spoils too few of them to count. The place
within a tick comes from a first-order phase-locked loop.

    ticks    |  |   | |  |  |          as they come
    beat     ╱╱╱╱╱╱╱╱╱╱╱╱╱╱╱╱          steady, never backwards within a beat

Time is passed in, in seconds of any steady clock.
"""

from collections import deque
from statistics import median

TICKS_PER_BEAT = 24
TICKS_PER_SIXTEENTH = 6
LOST_S = 0.3
"""Longer than this between ticks (8 bpm) the clock has stopped and begins anew."""
LEAST_TICKS = 6
"""Before a tempo is told."""
_PULL = 0.15
"""Of a tick's error the loop takes this much; less is steadier, more follows faster."""
_FAR = 12
"""Ticks from one end of a length to the other."""
_RECENT = 6
_CHANGED = 0.12
"""A tempo this far from the estimate over the recent ticks is a new tempo, not jitter."""


class Clock:
    """One master's clock. Without a start ever heard its ticks run free: we came in mid-song."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=2 * TICKS_PER_BEAT + 1)
        self._tick_s: float | None = None
        self._anchor_s = 0.0
        self._count = -1
        self.running = True

    @property
    def tempo_bpm(self) -> float | None:
        """The tempo, or None while it is not known."""
        return None if self._tick_s is None else 60.0 / (TICKS_PER_BEAT * self._tick_s)

    @property
    def beats(self) -> float:
        """Where the song is, in beats from its beginning, at the last tick."""
        return max(self._count, 0) / TICKS_PER_BEAT

    def start(self) -> None:
        """From the beginning: the next tick is the first of the song."""
        self.position(0)
        self.running = True

    def resume(self) -> None:
        """Go on from where it is (the "continue" of the standard)."""
        self.running = True

    def stop(self) -> None:
        """The song stops; ticks that still come tell the tempo only."""
        self.running = False

    def position(self, sixteenths: int) -> None:
        """The next tick that counts is at so many sixteenths."""
        self._count = sixteenths * TICKS_PER_SIXTEENTH - 1

    def tick(self, when_s: float) -> None:
        """A tick came at `when_s`; times do not go back."""
        if self._times and when_s - self._times[-1] > LOST_S:
            self._times.clear()
            self._tick_s = None
        self._times.append(when_s)
        self._estimate()
        if self._tick_s is None:
            self._anchor_s = when_s
        else:
            expected_s = self._anchor_s + self._tick_s
            error_s = when_s - expected_s
            # A tick that is a whole one off was lost or doubled: there is nothing to smooth.
            locked = abs(error_s) < self._tick_s
            self._anchor_s = expected_s + _PULL * error_s if locked else when_s
        if self.running:
            self._count += 1

    def alive(self, now_s: float) -> bool:
        """Whether the song runs and ticks still come."""
        return self.running and bool(self._times) and now_s - self._times[-1] <= LOST_S

    def phase(self, now_s: float) -> float:
        """The place in the beat, 0 up to but not 1; between ticks it goes on at the tempo."""
        if self._count < 0:
            return 0.0
        within = 0.0
        if self._tick_s is not None and self.alive(now_s):
            # At most to the next tick: a late one holds the phase, and it never runs back.
            within = min(max((now_s - self._anchor_s) / self._tick_s, 0.0), 0.999)
        return (self._count % TICKS_PER_BEAT + within) / TICKS_PER_BEAT

    def _estimate(self) -> None:
        times = self._times
        if len(times) <= LEAST_TICKS:
            return
        if self._tick_s is not None:
            recent_s = (times[-1] - times[-1 - _RECENT]) / _RECENT
            first_s = (times[-1 - _RECENT // 2] - times[-1 - _RECENT]) / (_RECENT // 2)
            second_s = (times[-1] - times[-1 - _RECENT // 2]) / (_RECENT // 2)
            off = [abs(s / self._tick_s - 1.0) > _CHANGED for s in (recent_s, first_s, second_s)]
            if all(off) and (first_s > self._tick_s) == (second_s > self._tick_s):
                for _ in range(len(times) - 1 - _RECENT):
                    times.popleft()
        far = min(_FAR, len(times) // 2)
        lengths = [(times[i] - times[i - far]) / far for i in range(far, len(times))]
        length_s = median(lengths)
        self._tick_s = length_s if length_s > 0.0 else None
