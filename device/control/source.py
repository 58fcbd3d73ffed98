"""What a source of control is: something that hands readings to the desk.

A reading says which parameter, how much, who says so and when. Readings that arrive together (one
OSC bundle, one tick of a timeline) are handed over together, so that audio sees all or none.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop  # nothing sounds sooner for reading all of asyncio


class Reading(NamedTuple):
    """One wish for one parameter. `value` is in units, or 0..1 where `raw` is true."""

    param: str
    value: float
    raw: bool
    who: str
    when_s: float


Take = Callable[[Sequence[Reading]], None]
"""Where readings go: all of one call are applied at once."""


class Source(Protocol):
    """Knobs, OSC, MIDI, a timeline: started once on the control loop, closed once."""

    name: str

    def start(self, loop: "AbstractEventLoop", take: Take) -> None:
        """Begin to hand readings to `take`, always from `loop`'s thread. Must not block."""

    def close(self) -> None:
        """Stop and let go of sockets and devices; calling it twice is allowed."""
