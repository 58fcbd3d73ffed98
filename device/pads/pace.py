"""The pace: when blocks begin by the machine's clock, without the jitter of being woken.

    woken      │    │      │   │     │      a loop is woken late, now a little, now more
    pace       │     │     │     │     │    smooth: a hit falls on its frame, whenever it was read

A delay-locked loop of second order (Fons Adriaensen, "Using a DLL to filter time", 2005). Hits of
the block before are played in this one, each at its own distance from the beginning, and so all of
them equally late: a block and `SLACK_S`.
"""

import math

SLACK_S = 0.001
"""Between a hit's time and its entry in the queue there is a moment; within it a hit is in time."""
_BANDWIDTH_HZ, _FAST_HZ, _FAST_BLOCKS = 0.2, 2.0, 100
_LOST_BLOCKS = 2.0
_LOST_S = 0.02


class Pace:
    """For one stream: call `block` once a block."""

    def __init__(self, sample_rate_hz: int, block_frames: int) -> None:
        self._rate_hz, self._frames = float(sample_rate_hz), block_frames
        self._period_s = block_frames / sample_rate_hz
        self._begin_s = self._next_s = 0.0
        self._each_s = self._period_s
        self._blocks = 0
        self._slow = self._factors(_BANDWIDTH_HZ)
        self._fast = self._factors(_FAST_HZ)

    def _factors(self, bandwidth_hz: float) -> tuple[float, float]:
        omega = min(2.0 * math.pi * bandwidth_hz * self._period_s, 0.3)
        return math.sqrt(2.0) * omega, omega * omega

    def block(self, now_s: float) -> None:
        """A block begins to be made, at `now_s` or a little before."""
        error_s = now_s - self._next_s
        if self._blocks == 0 or abs(error_s) > max(_LOST_BLOCKS * self._period_s, _LOST_S):
            # The first, or the stream has lost its place.
            self._each_s = self._period_s
            self._begin_s, self._next_s = now_s - self._period_s, now_s
            self._blocks, error_s = 0, 0.0
        proportional, integral = self._fast if self._blocks < _FAST_BLOCKS else self._slow
        self._begin_s = self._next_s
        self._next_s += proportional * error_s + self._each_s
        self._each_s += integral * error_s
        self._blocks += 1

    def frame(self, when_s: float) -> int:
        """Where in this block what happened at `when_s` is heard; `block_frames` or more: later.

        What is too old is heard at once.
        """
        since_s = when_s + SLACK_S - (self._begin_s - self._each_s)
        # Not a number, or years away, is now.
        if not since_s > 0.0 or since_s > 1e6:
            return 0
        return int(since_s * self._rate_hz + 0.5)
