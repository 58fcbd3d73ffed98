"""Facemesh over OSC: a face as a net of points, one message a frame.

    /mediapipe/facemesh n × (x, y)     frame "face/mesh" [n, 2]

n is 468, 478 with the irises, or what a patch has picked of them (3 or more). x and y are 0..1
inside the picture, y downwards. The form with x, y, z and visibility of all 468 points is longer
than a packet that is let in (8192 bytes); such a sender has to pick, or to leave z out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from device.control.dialects.arguments import floats, points_ranged
from device.control.dialects.heard import Argument, Heard, whole
from device.control.osc_guard import RefusedError

FEWEST_POINTS = 3
MOST_POINTS = 478


@dataclass(frozen=True)
class Facemesh:
    """Has no settings: its numbers are shares of the picture."""

    app: str = "facemesh"
    port: int = 7500

    def read(self, address: str, arguments: Sequence[Argument]) -> Heard | None:
        if address != "/mediapipe/facemesh":
            return None
        points, odd = divmod(len(arguments), 2)
        if odd or not FEWEST_POINTS <= points <= MOST_POINTS:
            raise RefusedError("wrong arguments")
        net = np.array(floats(arguments)).reshape(points, 2)
        return (whole("face/mesh", points_ranged(net, (0.0, 0.0), (1.0, 1.0))),)
