"""From one map to the next without a jump, however often it is swapped.

    sound(t) = new(pose) + left · (1 - s(t)),    left = sound just before the swap - new(pose then)

At the swap that is the old sound exactly, after `over_s` it is the new map's. While the pose rests
it is a crossfade of both; while it moves, the new map leads already. Only one map has to be
evaluated, and a swap in the midst of a fade begins from what sounds.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Fade:
    """What is `left` [targets] of the sound before, from `since_s` on, gone after `over_s`."""

    left: np.ndarray
    since_s: float
    over_s: float

    def at(self, sound: np.ndarray, when_s: float) -> np.ndarray:
        """The sound to be heard where the new map says `sound`; a pure function of time."""
        share = self.share(when_s)
        return sound if share >= 1.0 else sound + self.left * (1.0 - share)

    def share(self, when_s: float) -> float:
        """How far the fade is, 0..1: starts and ends gently (a smoothstep)."""
        if when_s >= self.since_s + self.over_s:
            return 1.0
        # A clock that was set back holds the fade at its start.
        x = max(when_s - self.since_s, 0.0) / self.over_s
        return x * x * (3.0 - 2.0 * x)
