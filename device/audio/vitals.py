"""Vitals: whether the audio process does what it is there for, read off its status.

    blocks move, one of them was whole, peaks are finite   alive
    no block, but the heart beats                          alive: it waits for a card
    neither                                                not alive: the watchdog is not fed

A block is made for every block that was read, so blocks that move are an input that moves: a card
whose playback runs on without its capture makes none. A step that hangs under the watch's cover
makes none either. Time and numbers are passed in; nothing is read or sent here.
"""

import math
from dataclasses import dataclass
from typing import Protocol


class _Table(Protocol):
    def __getitem__(self, name: str) -> float: ...


@dataclass(frozen=True)
class Vitals:
    """One look at the numbers that tell."""

    blocks: float
    repaired: float
    heartbeat_s: float
    peaks: tuple[float, float]

    def alive_since(self, before: "Vitals") -> bool:
        """Whether it did its work from `before` until now."""
        made = self.blocks - before.blocks
        if made > 0:
            # A block that held NaN or infinity was muted; where all were, nothing is heard.
            whole = made - (self.repaired - before.repaired)
            return whole > 0 and all(math.isfinite(peak) for peak in self.peaks)
        return made == 0 and self.heartbeat_s != before.heartbeat_s


def vitals_of(status: _Table) -> Vitals:
    """What a status table says now."""
    return Vitals(
        status["blocks"],
        status["repaired_blocks"],
        status["heartbeat_s"],
        (status["peak_in"], status["peak_out"]),
    )
