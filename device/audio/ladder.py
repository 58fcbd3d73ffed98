"""The ladder's rules: when to go down a rung, and when to try the one above again.

Trouble is counted in seconds of sound, so that a block's size does not matter: a block in trouble
adds its length, a good one takes a tenth of it away. At half a second it is enough. One stall of
the machine is no reason to leave an instrument; being late one time in five is.

    trouble  0 ──╱╲───────╱╱╱╱╱▏ 0.5 s: down; after 5 s without trouble: up again
                                       in trouble once more: down; then after 10 s, 20 s, … 300 s

It holds no player and no sound: the deck asks it once a block, and does as it says.
"""

import enum

ENOUGH_S = 0.5
_FORGIVEN = 0.1
"""What a good block takes away, as a share of what a bad one adds."""
FIRST_RETURN_S = 5.0
LAST_RETURN_S = 300.0
TRUSTED_S = 60.0
"""After so long without trouble a rung has proved itself, and old failures are forgotten."""


class Move(enum.Enum):
    """What the ladder wants; made once, so that a block compares and allocates nothing."""

    STAY = "stay"
    DOWN = "down"
    UP = "up"


class Ladder:
    """Counts trouble on the rung that plays, and the time until the one above may try again."""

    def __init__(self, block_s: float) -> None:
        self._block_s = block_s
        self._trouble_s = 0.0
        self._good_s = 0.0
        self._return_s = FIRST_RETURN_S

    @property
    def trusted(self) -> bool:
        """Whether what plays has played without trouble for `TRUSTED_S`."""
        return self._good_s >= TRUSTED_S

    def block(self, troubled: bool, above: bool) -> Move:
        """One block was played; `above`: whether there is a rung to go back up to."""
        if troubled:
            self._good_s = 0.0
            self._trouble_s += self._block_s
            return Move.DOWN if self._trouble_s >= ENOUGH_S else Move.STAY
        self._good_s += self._block_s
        self._trouble_s = max(0.0, self._trouble_s - _FORGIVEN * self._block_s)
        if above:
            return Move.UP if self._good_s >= self._return_s else Move.STAY
        if self._good_s >= TRUSTED_S:
            self._return_s = FIRST_RETURN_S
        return Move.STAY

    def went_down(self) -> None:
        """A lower rung plays now; the next return will take longer."""
        self._trouble_s = self._good_s = 0.0

    def went_up(self) -> None:
        """A higher rung tries again; should it fail, it waits twice as long."""
        self._trouble_s = self._good_s = 0.0
        self._return_s = min(2.0 * self._return_s, LAST_RETURN_S)

    def renew(self) -> None:
        """Something new plays, of which nothing bad is known."""
        self._trouble_s = self._good_s = 0.0
        self._return_s = FIRST_RETURN_S
