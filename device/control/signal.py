"""What comes from a player's hands before it means anything: a named number between 0 and 1."""

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Signal(NamedTuple):
    """One movement of one control. `value` is finite, 0..1; `name` such as "knob/1" is its own.

    Names are lower case, their parts joined by "/", without blanks.
    """

    name: str
    value: float
    when_s: float


Hear = Callable[[Sequence[Signal]], None]
"""Where signals go: all of one call came together."""
