"""Whether a process that lives still plays: its heartbeat has to move.

The value's meaning does not matter, nor whose clock it is read from. Silence is added up from short
looks, so that a computer that slept, or a control process that was held up, is not taken for an
audio process that hangs.
"""

LIMIT_S = 3.0
"""Longer than any block. Where a card is away, the audio process keeps its heart beating."""


class Heart:
    """One process's heartbeat, looked at every `look_s` seconds or so."""

    def __init__(self, look_s: float, limit_s: float = LIMIT_S) -> None:
        self._look_s, self._limit_s = look_s, limit_s
        self._last = float("nan")
        self._silent_s = 0.0

    def stopped(self, beat: float) -> bool:
        """Look once: whether `beat` has been the same for longer than the limit."""
        self._silent_s = self._silent_s + self._look_s if beat == self._last else 0.0
        self._last = beat
        return self._silent_s > self._limit_s
