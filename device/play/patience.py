"""How often an audio process that dies is started again: for ever, and how fast.

    dies                        ✗         ✗  ✗ ✗ ✗
    started again     at once   │ at once │0.1 0.2 0.4 … 1 s at most, until it runs for a while
    of the bundle's doing       1         2  3 → another instrument is tried

Time is passed in, in seconds of any steady clock.
"""

from collections import deque
from dataclasses import dataclass

DEATHS = 3
WITHIN_S = 30.0
"""A bundle that its process died of `DEATHS` times within `WITHIN_S` is not played again."""
STEADY_S = 0.5
"""A run of so long was a good one, and its end is met at once."""
FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 1.0


@dataclass(frozen=True)
class Again:
    """What to do after a death: wait so long, and whether to play something else."""

    wait_s: float
    another: bool


class Patience:
    """Counts the deaths of the audio process."""

    def __init__(self) -> None:
        self._blamed_s: deque[float] = deque(maxlen=DEATHS)
        self._short_runs = 0

    def died(self, now_s: float, ran_s: float, *, blamed: bool) -> Again:
        """Count a death at `now_s`, after `ran_s`; `blamed`: what was played may be the cause."""
        if blamed:
            self._blamed_s.append(now_s)
        self._short_runs = 0 if ran_s >= STEADY_S else self._short_runs + 1
        wait_s = FIRST_WAIT_S * 2 ** min(self._short_runs - 2, 8) if self._short_runs > 1 else 0.0
        full = len(self._blamed_s) == DEATHS
        another = full and blamed and now_s - self._blamed_s[0] <= WITHIN_S
        return Again(min(wait_s, LONGEST_WAIT_S), another)

    def forgive(self) -> None:
        """Something else is played from now on: its deaths are counted afresh."""
        self._blamed_s.clear()
