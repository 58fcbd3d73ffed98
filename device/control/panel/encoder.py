r"""Rotary encoders: two pins in quadrature, counted in detents whatever the contacts do.

The pins are pulled up and a detent leaves them open. Turned one way they go through

    A ▔▔\___/▔▔      position in the ring   0    1    2    3    0
    B ▔▔▔▔\___/▔▔    (A, B)                11 ─► 01 ─► 00 ─► 10 ─► 11

and turned back, back. A contact that bounces goes forth and back between two neighbours, which adds
up to nothing; so no time is waited, and a detent is counted where the ring comes to rest again.
A jump to the far side of the ring (two changes between two looks) has no direction and counts as
none: a detent of which at least half was seen still counts.
"""

from typing import NamedTuple

_RING = {(True, True): 0, (False, True): 1, (False, False): 2, (True, False): 3}
_QUARTERS = (0, 1, 0, -1)
"""By how far the ring went on: nothing, one forth, a jump, one back."""


class Turn(NamedTuple):
    """Where an encoder is between two detents."""

    ring: int = 0
    """0..3, as drawn above."""
    quarters: int = 0
    """Changes since the last detent, forth positive."""


def turned(turn: Turn, a: bool, b: bool, quarters: int = 4) -> tuple[Turn, int]:
    """The state after a look at the pins, and the detents turned: -1, 0 or 1.

    `quarters` is how many changes lie between two detents: 4, 2 or 1.
    """
    ring = _RING[a, b]
    moved = turn.quarters + _QUARTERS[(ring - turn.ring) % 4]
    if ring % quarters:
        return Turn(ring, moved), 0
    if 2 * abs(moved) < quarters:
        return Turn(ring, 0), 0
    return Turn(ring, 0), 1 if moved > 0 else -1


def resting(a: bool, b: bool) -> Turn:
    """The state of an encoder that is looked at for the first time."""
    return Turn(_RING[a, b])


def stepped(at: int, by: int, detents: int, wrap: bool) -> int:
    """Where an encoder that stood at `at` stands after `by` detents, 0..detents.

    It stops at both ends, or with `wrap` goes on at the other, which is then the same place.
    """
    return (at + by) % detents if wrap else min(max(at + by, 0), detents)
