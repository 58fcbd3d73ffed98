"""mediapipe-osc (Florian Bruggisser): MediaPipe's hands, body or faces, one message a frame.

    /mediapipe/hands n, n × 21 × (x, y, z, visibility)     "hand/found", frames "hand/1" … [21, 3]
    /mediapipe/pose  n, 25 or 33 × (x, y, z, visibility)   "pose/found", frame "pose" [25 or 33, 3]
    /mediapipe/faces n, n × (left, top, width, height, score)
                                                           "face/found", "face/1/x" … "face/1/score"

x and y are 0..1 inside the mirrored picture, y downwards. z is 0 at the wrist or between the hips,
less when nearer, in widths of the picture: −0.5 to 0.5 becomes 0..1, so that all axes have the same
scale. A face's x and y are the middle of its box. The app does not say which hand is which:
"hand/1" is the one it found first. Visibility is not used.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from device.control.dialects.arguments import counted, exactly, points_ranged, ranged
from device.control.dialects.heard import Argument, Heard, Number, Part, whole
from device.control.osc_guard import RefusedError

HAND_POINTS = 21
POSE_POINTS = (33, 25)
"""The whole body, or its upper half."""
MOST_HANDS = 4
MOST_FACES = 8
_FACE = 5
_LOW = (0.0, 0.0, -0.5)
_HIGH = (1.0, 1.0, 0.5)


@dataclass(frozen=True)
class MediapipeOsc:
    """Has no settings: MediaPipe's numbers are shares of the picture."""

    app: str = "mediapipe-osc"
    port: int = 7500

    def read(self, address: str, arguments: Sequence[Argument]) -> Heard | None:
        match address:
            case "/mediapipe/hands":
                count = _count(arguments, MOST_HANDS)
                hands = _landmarks(arguments, count, HAND_POINTS, "hand/{}")
                return (_found("hand", count), *hands)
            case "/mediapipe/pose":
                count = _count(arguments, 1)
                size = next((n for n in POSE_POINTS if len(arguments) == 1 + 4 * n), 0)
                return (_found("pose", count), *_landmarks(arguments, count, size, "pose"))
            case "/mediapipe/faces":
                count = _count(arguments, MOST_FACES)
                return (_found("face", count), *_faces(arguments, count))
        return None


def _count(arguments: Sequence[Argument], most: int) -> int:
    if not arguments:
        raise RefusedError("wrong arguments")
    return counted(arguments[0], most)


def _found(what: str, count: int) -> Number:
    return Number(f"{what}/found", float(count > 0))


def _landmarks(arguments: Sequence[Argument], count: int, size: int, name: str) -> list[Part]:
    if count and not size:
        raise RefusedError("wrong arguments")
    numbers = np.array(exactly(arguments[1:], count * size * 4)).reshape(count, size, 4)
    frames = points_ranged(numbers[..., :3], _LOW, _HIGH)
    return [whole(name.format(i), frame) for i, frame in enumerate(frames, 1)]


def _faces(arguments: Sequence[Argument], count: int) -> list[Number]:
    numbers = exactly(arguments[1:], count * _FACE)
    found: list[Number] = []
    for i in range(count):
        left, top, width, height, score = numbers[i * _FACE : (i + 1) * _FACE]
        for what, value in (
            ("x", left + width / 2),
            ("y", top + height / 2),
            ("width", width),
            ("height", height),
            ("score", score),
        ):
            found.append(Number(f"face/{i + 1}/{what}", ranged(value, 0.0, 1.0)))
    return found
