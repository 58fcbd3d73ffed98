"""FaceOSC (Kyle McDonald, ofxFaceTracker): a face's place, turn and expression, a bundle a frame.

    /found                     "face/found"
    /pose/position x y         "face/x" "face/y"                    pixels of the camera's picture
    /pose/scale                "face/size"                          larger when nearer
    /pose/orientation x y z    "face/pitch" "face/yaw" "face/roll"  radians, 0 straight ahead
    /gesture/…                 "face/mouth_open" and others         in the tracker's mesh units
    /raw 66 × (x, y)           frame "face/raw" [66, 2]             pixels

Mesh units have no defined range. Those declared here are what people's sketches for FaceOSC map
from; learning the range of a face is for conditioning.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from device.control.dialects.arguments import exactly, points_ranged, ranged
from device.control.dialects.heard import Argument, Heard, Number, whole
from device.errors import ControlError

ONE: dict[str, tuple[str, float, float]] = {
    "/found": ("face/found", 0.0, 1.0),
    "/pose/scale": ("face/size", 1.0, 8.0),
    "/gesture/mouth/width": ("face/mouth_width", 8.0, 20.0),
    "/gesture/mouth/height": ("face/mouth_open", 0.0, 8.0),
    "/gesture/eyebrow/left": ("face/brow_left", 5.0, 10.0),
    "/gesture/eyebrow/right": ("face/brow_right", 5.0, 10.0),
    "/gesture/eye/left": ("face/eye_left", 2.0, 4.5),
    "/gesture/eye/right": ("face/eye_right", 2.0, 4.5),
    "/gesture/jaw": ("face/jaw", 18.0, 30.0),
    "/gesture/nostrils": ("face/nostrils", 4.0, 10.0),
}
"""Addresses with one number: its name, and what becomes 0 and 1."""
TURN_RADIANS = 0.5
RAW_POINTS = 66


@dataclass(frozen=True)
class FaceOsc:
    """`width` and `height` of the camera's picture in pixels."""

    width: float = 640.0
    height: float = 480.0
    app: str = "FaceOSC"
    port: int = 8338

    def __post_init__(self) -> None:
        if not (self.width > 0 and self.height > 0):
            raise ControlError(
                f"FaceOSC's picture was declared as {self.width} × {self.height} pixels; "
                "both must be above 0"
            )

    def read(self, address: str, arguments: Sequence[Argument]) -> Heard | None:
        if address in ONE:
            name, low, high = ONE[address]
            return (Number(name, ranged(exactly(arguments, 1)[0], low, high)),)
        if address == "/pose/position":
            x, y = exactly(arguments, 2)
            return (
                Number("face/x", ranged(x, 0.0, self.width)),
                Number("face/y", ranged(y, 0.0, self.height)),
            )
        if address == "/pose/orientation":
            turns = exactly(arguments, 3)
            return tuple(
                Number(f"face/{name}", ranged(turn, -TURN_RADIANS, TURN_RADIANS))
                for name, turn in zip(("pitch", "yaw", "roll"), turns, strict=True)
            )
        if address == "/raw":
            points = np.array(exactly(arguments, 2 * RAW_POINTS)).reshape(RAW_POINTS, 2)
            size = (self.width, self.height)
            return (whole("face/raw", points_ranged(points, (0.0, 0.0), size)),)
        return None
