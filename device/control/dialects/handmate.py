"""Handmate OSC (Monica Lim): both hands from a browser, 21 numbers a message.

    /lx/ /ly/ x or y of the left hand's landmarks      frame "hand/left"  [21, 2]
    /rx/ /ry/ the same of the right hand               frame "hand/right" [21, 2]

x goes from the left edge of the mirrored picture to the right, y from the top to the bottom, 0..1
inside the picture. x is sent before y: a frame is whole when its y has come.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from device.control.dialects.arguments import exactly, ranged
from device.control.dialects.heard import Argument, Heard, Part

LANDMARKS = 21

ADDRESSES = {
    "/lx": ("hand/left", 0),
    "/ly": ("hand/left", 1),
    "/rx": ("hand/right", 0),
    "/ry": ("hand/right", 1),
}
"""Address without its last slash, which the app sends and its documentation leaves out."""


@dataclass(frozen=True)
class Handmate:
    """Has no settings: the app's numbers are 0..1 already."""

    app: str = "Handmate"
    port: int = 9129

    def read(self, address: str, arguments: Sequence[Argument]) -> Heard | None:
        found = ADDRESSES.get(address.removesuffix("/"))
        if found is None:
            return None
        name, axis = found
        column = np.array([[ranged(n, 0.0, 1.0)] for n in exactly(arguments, LANDMARKS)])
        return (Part(name, (LANDMARKS, 2), slice(0, LANDMARKS), slice(axis, axis + 1), column),)
