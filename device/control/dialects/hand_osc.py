"""hand_osc (Antoine Caillon): one hand or two, a bundle of 21 messages for each.

    /hand left|right, landmark 0–20, x, y, z     frame "hand/left" or "hand/right" [21, 3]

The app turns the hand into its own basis: the wrist is the origin, y points along the palm, and 1
is the palm's length. An outstretched finger ends near 2, so ±`reach` of 2 palms becomes 0..1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from device.control.dialects.arguments import counted, exactly, ranged
from device.control.dialects.heard import Argument, Heard, Part
from device.control.osc_guard import RefusedError
from device.errors import ControlError

LANDMARKS = 21


@dataclass(frozen=True)
class HandOsc:
    """`/hand`; `reach` in lengths of the palm."""

    reach: float = 2.0
    app: str = "hand_osc"
    port: int = 1893

    def __post_init__(self) -> None:
        if not self.reach > 0:
            raise ControlError(f"a hand's reach was declared as {self.reach}; it must be above 0")

    def read(self, address: str, arguments: Sequence[Argument]) -> Heard | None:
        if address != "/hand":
            return None
        if len(arguments) != 5 or arguments[0] not in ("left", "right"):
            raise RefusedError("wrong arguments")
        at = counted(arguments[1], LANDMARKS - 1)
        point = [ranged(value, -self.reach, self.reach) for value in exactly(arguments[2:], 3)]
        name = f"hand/{arguments[0]}"
        return (Part(name, (LANDMARKS, 3), slice(at, at + 1), slice(0, 3), np.array([point])),)
