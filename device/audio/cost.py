"""What an instrument costs, and whether the time there is will do.

Where an instrument's block is larger than the stream's, its step comes in one of several blocks.
That one may take longer than it lasts, since the headroom is there; all of them together may not.
"""

from dataclasses import dataclass

SHARE = 0.8
"""Of the time there is: what is left over is for the card, the loop and a bad day."""


@dataclass(frozen=True)
class Cost:
    """Seconds that a block of the stream takes: the dearest one, and one like another."""

    worst_s: float = 0.0
    mean_s: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.worst_s + other.worst_s, self.mean_s + other.mean_s)


@dataclass(frozen=True)
class Budget:
    """Seconds that there are: what is queued when a block is read, and what a block lasts."""

    headroom_s: float
    block_s: float

    def carries(self, cost: Cost) -> bool:
        """Whether it can be played, with something to spare."""
        return cost.worst_s <= SHARE * self.headroom_s and cost.mean_s <= SHARE * self.block_s
