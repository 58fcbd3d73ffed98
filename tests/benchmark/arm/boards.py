"""What a count of instructions and bytes says of a board's time, and what is assumed for it.

Nobody has run this on a board yet, so the assumptions are few, cautious and here:

- the clock is the one it was sold with, not turned up (later Pi 4 run at 1.8 GHz);
- a Cortex-A72 decodes three instructions a cycle and an A76 four. One and one and a half of them
  are assumed to be done, as products are not all that a block is: most of it is small nodes and
  Python, which wait for branches and caches;
- every weight comes from memory in every block, at what one core was seen to read of it, and
  nothing is computed meanwhile. In truth what fits into the caches stays there, and loads and
  products overlap.
"""

from dataclasses import dataclass

from device.bench import FITS_LOAD


@dataclass(frozen=True)
class Board:
    """A board's processor: `per_cycle` are instructions done in a cycle."""

    name: str
    cpu: str
    clock_hz: float
    per_cycle: float
    bytes_per_s: float

    def seconds(self, instructions: float, weight_bytes: float = 0.0) -> float:
        """What they take, one after the other."""
        return instructions / (self.per_cycle * self.clock_hz) + weight_bytes / self.bytes_per_s

    def least_per_cycle(self, instructions: float, weight_bytes: float, deadline_s: float) -> float:
        """Instructions in a cycle below which a step would not fit its deadline any more."""
        left_s = FITS_LOAD * deadline_s - weight_bytes / self.bytes_per_s
        return instructions / (left_s * self.clock_hz) if left_s > 0.0 else float("inf")


BOARDS = (
    Board("Pi 4", "cortex-a72", 1.5e9, 1.0, 4e9),
    Board("Pi 5", "cortex-a76", 2.4e9, 1.5, 5e9),
)
