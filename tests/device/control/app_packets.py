"""What other apps send, made with python-osc from their documented formats."""

from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder


def osc(address, *arguments):
    """One message; whole numbers become `i`, others `f`, as python-osc and the apps do it."""
    builder = OscMessageBuilder(address=address)
    for argument in arguments:
        builder.add_arg(argument)
    return builder.build().dgram


def together(*messages):
    """One bundle."""
    builder = OscBundleBuilder(IMMEDIATELY)
    for message in messages:
        builder.add_content(OscMessage(message))
    return builder.build().dgram


def wekinator(*inputs):
    return osc("/wek/inputs", *map(float, inputs))


def hand_osc(side, points):
    """A hand of hand_osc: 21 messages in a bundle, points in lengths of the palm."""
    return together(*[osc("/hand", side, i, *map(float, p)) for i, p in enumerate(points)])


def handmate(side, points):
    """A hand of Handmate: a message of x and one of y, each on its own."""
    x, y = zip(*points, strict=True)
    return [osc(f"/{side}x/", *map(float, x)), osc(f"/{side}y/", *map(float, y))]


def face_osc(*, mouth_open=0.0, x=320.0, y=240.0, yaw=0.0):
    """A face of FaceOSC, as its version 1.1 bundles it."""
    return together(
        osc("/found", 1),
        osc("/pose/position", x, y),
        osc("/pose/scale", 4.5),
        osc("/pose/orientation", 0.0, yaw, 0.0),
        osc("/gesture/mouth/width", 14.0),
        osc("/gesture/mouth/height", mouth_open),
        osc("/gesture/eyebrow/left", 7.5),
        osc("/gesture/eyebrow/right", 7.5),
        osc("/gesture/eye/left", 3.25),
        osc("/gesture/eye/right", 3.25),
        osc("/gesture/jaw", 24.0),
        osc("/gesture/nostrils", 7.0),
    )


def mediapipe_hands(*hands):
    """Hands of mediapipe-osc: how many, then x, y, z, visibility of each of 21 landmarks."""
    numbers = [float(n) for hand in hands for p in hand for n in (*p, 0.0)]
    return osc("/mediapipe/hands", len(hands), *numbers)


def mediapipe_pose(points):
    numbers = [float(n) for p in points for n in (*p, 0.9)]
    return osc("/mediapipe/pose", 1, *numbers)


def mediapipe_faces(*boxes):
    return osc("/mediapipe/faces", len(boxes), *[float(n) for box in boxes for n in box])


def facemesh(points):
    return osc("/mediapipe/facemesh", *[float(n) for p in points for n in p])


def hand(x=0.5, y=0.5, size=0.1, axes=3):
    """21 landmarks on a small spiral round a place: no two are the same. z stays 0."""
    points = []
    for i in range(21):
        turn = (1, 0, -1, 0)[i % 4], (0, 1, 0, -1)[i % 4]
        away = size * (i + 1) / 21
        points.append((x + turn[0] * away, y + turn[1] * away, 0.0)[:axes])
    return points
