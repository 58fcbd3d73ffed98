"""Each dialect, message by message: what comes out, in which range, and what is not taken."""

import math

import numpy as np
import pytest

from device.control.dialects import DIALECTS
from device.control.dialects.face_osc import FaceOsc
from device.control.dialects.facemesh import Facemesh
from device.control.dialects.frames import Frames
from device.control.dialects.hand_osc import HandOsc
from device.control.dialects.handmate import Handmate
from device.control.dialects.heard import Command, Number, Part
from device.control.dialects.mediapipe_osc import MediapipeOsc
from device.control.dialects.wekinator import COMMANDS, WekinatorControl, WekinatorInputs
from device.control.osc_guard import RefusedError
from device.errors import ControlError

KNOWN = {
    "/wek/inputs": (0.5,),
    **{f"/wekinator/control/{name}": () for name, takes in COMMANDS.items() if takes == "nothing"},
    "/wekinator/control/outputs": (0.5,),
    "/hand": ("left", 0, 0.0, 0.0, 0.0),
    "/found": (1,),
    "/pose/position": (320.0, 240.0),
    "/pose/scale": (4.0,),
    "/pose/orientation": (0.0, 0.0, 0.0),
    "/gesture/jaw": (20.0,),
    "/raw": (100.0,) * 132,
    "/mediapipe/hands": (0,),
    "/mediapipe/pose": (0,),
    "/mediapipe/faces": (0,),
    "/mediapipe/facemesh": (0.5,) * 936,
    "/lx/": (0.5,) * 21,
    "/ry": (0.5,) * 21,
}


@pytest.mark.parametrize("address", KNOWN)
def test_every_address_belongs_to_one_dialect(address):
    heard = [d.read(address, KNOWN[address]) for d in DIALECTS]
    assert len([h for h in heard if h is not None]) == 1


@pytest.mark.parametrize(
    "address", ["/", "/wek", "/wekinator/control/", "/train", "/wekinator/control/fly", "/hand/1"]
)
def test_an_unknown_address_is_nothing(address):
    assert [d.read(address, (1.0,)) for d in DIALECTS] == [None] * len(DIALECTS)


@pytest.mark.parametrize("address", [a for a in KNOWN if KNOWN[a] and "control" not in a])
@pytest.mark.parametrize("wrong", ["text", "none", "many", "nan", "inf"])
def test_arguments_that_the_app_never_sends_are_refused(address, wrong):
    arguments = KNOWN[address]
    numbers = {
        "text": ("half", *arguments[1:]),
        "none": (),
        "many": (*arguments, *(0.5,) * 300),
        "nan": (*arguments[:-1], math.nan),
        "inf": (*arguments[:-1], math.inf),
    }[wrong]
    if wrong == "many" and address == "/mediapipe/facemesh":
        numbers = numbers[:957]
    [dialect] = [d for d in DIALECTS if d.read(address, arguments) is not None]
    with pytest.raises(RefusedError, match=r"wrong arguments|not finite"):
        dialect.read(address, numbers)


@pytest.mark.parametrize("address", [a for a in KNOWN if "control" not in a])
@pytest.mark.parametrize("huge", [1e308, -1e308, -3.0, 2**63 - 1])
def test_what_comes_out_is_always_from_0_to_1(address, huge):
    for dialect in DIALECTS:
        arguments = tuple(huge if isinstance(a, float) else a for a in KNOWN[address])
        for thing in dialect.read(address, arguments) or ():
            values = thing.value if isinstance(thing, Number) else thing.values
            assert np.min(values) >= 0.0
            assert np.max(values) <= 1.0


def test_wekinator_inputs_are_numbered_from_1_and_keep_their_range():
    assert WekinatorInputs().read("/wek/inputs", (0.0, 0.25, 7)) == (
        Number("wek/1", 0.0),
        Number("wek/2", 0.25),
        Number("wek/3", 1.0),
    )
    declared = WekinatorInputs(minimum=-1.0, maximum=1.0)
    assert declared.read("/wek/inputs", (0.0,)) == (Number("wek/1", 0.5),)
    with pytest.raises(ControlError, match="the first must be the lower one"):
        WekinatorInputs(minimum=1.0, maximum=1.0)


@pytest.mark.parametrize(
    ("name", "arguments", "becomes"),
    [
        ("startRecording", (), (Command("startRecording"),)),
        ("startRecording", (1,), (Command("startRecording"),)),
        ("train", (True,), (Command("train"),)),
        ("stopRunning", (0.0,), ()),
        ("deleteExamplesForOutput", (2,), (Command("deleteExamplesForOutput", (2,)),)),
        ("enableModelRecording", (1.0, 3), (Command("enableModelRecording", (1, 3)),)),
        ("setInputNames", ("left", "right"), (Command("setInputNames", ("left", "right")),)),
        ("outputs", (0.5, 2), (Command("outputs", (0.5, 2.0)),)),
    ],
)
def test_wekinator_control_gives_commands(name, arguments, becomes):
    assert WekinatorControl().read(f"/wekinator/control/{name}", arguments) == becomes


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("train", ("now",)),
        ("train", (math.nan,)),
        ("startDtwRecording", ()),
        ("startDtwRecording", (1, 2)),
        ("enableModelRunning", (0,)),
        ("enableModelRunning", (1.5,)),
        ("enableModelRunning", (math.inf,)),
        ("enableModelRunning", ("all",)),
        ("setOutputNames", ("pitch", 2)),
        ("outputs", ("loud",)),
        ("outputs", (math.nan,)),
    ],
)
def test_wekinator_commands_with_wrong_arguments_are_refused(name, arguments):
    with pytest.raises(RefusedError):
        WekinatorControl().read(f"/wekinator/control/{name}", arguments)


def test_hand_osc_gives_one_point_of_a_hand_at_a_time():
    [part] = HandOsc().read("/hand", ("right", 8, 0.0, 2.0, -1.0))
    assert (part.name, part.shape) == ("hand/right", (21, 3))
    assert (part.points, part.axes) == (slice(8, 9), slice(0, 3))
    assert part.values.tolist() == [[0.5, 1.0, 0.25]]
    for wrong in [("both", 8, 0.0, 0.0, 0.0), ("left", 21, 0.0, 0.0, 0.0), ("left", 1.5, 0, 0, 0)]:
        with pytest.raises(RefusedError):
            HandOsc().read("/hand", wrong)
    with pytest.raises(ControlError, match="above 0"):
        HandOsc(reach=0.0)


def test_handmate_gives_an_axis_of_a_hand_at_a_time_with_or_without_the_last_slash():
    for address, name, axis in [("/lx/", "hand/left", 0), ("/ry", "hand/right", 1)]:
        [part] = Handmate().read(address, [i / 20 for i in range(21)])
        assert (part.name, part.shape) == (name, (21, 2))
        assert (part.points, part.axes) == (slice(0, 21), slice(axis, axis + 1))
        assert part.values[10].tolist() == [0.5]


@pytest.mark.parametrize(
    ("address", "arguments", "becomes"),
    [
        ("/found", (1,), {"face/found": 1.0}),
        ("/pose/position", (160.0, 360.0), {"face/x": 0.25, "face/y": 0.75}),
        ("/pose/position", (-50.0, 900.0), {"face/x": 0.0, "face/y": 1.0}),
        ("/pose/scale", (4.5,), {"face/size": 0.5}),
        (
            "/pose/orientation",
            (0.0, 0.5, -0.25),
            {"face/pitch": 0.5, "face/yaw": 1.0, "face/roll": 0.25},
        ),
        ("/gesture/mouth/width", (14.0,), {"face/mouth_width": 0.5}),
        ("/gesture/mouth/height", (2.0,), {"face/mouth_open": 0.25}),
        ("/gesture/eyebrow/left", (7.5,), {"face/brow_left": 0.5}),
        ("/gesture/eye/right", (2.0,), {"face/eye_right": 0.0}),
        ("/gesture/jaw", (30.0,), {"face/jaw": 1.0}),
        ("/gesture/nostrils", (7.0,), {"face/nostrils": 0.5}),
    ],
)
def test_face_osc(address, arguments, becomes):
    assert {n.name: n.value for n in FaceOsc().read(address, arguments)} == becomes


def test_face_osc_measures_in_the_picture_that_is_declared():
    x, y = FaceOsc(width=1280.0, height=720.0).read("/pose/position", (320.0, 180.0))
    assert (x.value, y.value) == (0.25, 0.25)
    [part] = FaceOsc().read("/raw", (320.0, 120.0) * 66)
    assert part.name == "face/raw"
    assert part.values.tolist() == [[0.5, 0.25]] * 66
    with pytest.raises(ControlError, match="pixels"):
        FaceOsc(width=0.0)


def test_mediapipe_hands_counts_them_and_leaves_visibility_out():
    found, one, two = MediapipeOsc().read(
        "/mediapipe/hands", (2, *(0.25, 0.5, -0.25, 0.0) * 21, *(2.0, -2.0, 0.0, 0.0) * 21)
    )
    assert found == Number("hand/found", 1.0)
    assert (one.name, one.shape, two.name) == ("hand/1", (21, 3), "hand/2")
    assert one.values[20].tolist() == [0.25, 0.5, 0.25]
    assert two.values[0].tolist() == [1.0, 0.0, 0.5]
    assert MediapipeOsc().read("/mediapipe/hands", (0,)) == (Number("hand/found", 0.0),)


@pytest.mark.parametrize("points", [25, 33])
def test_mediapipe_pose_of_the_whole_body_or_half_of_it(points):
    found, part = MediapipeOsc().read("/mediapipe/pose", (1, *(0.5, 0.5, 0.5, 1.0) * points))
    assert found == Number("pose/found", 1.0)
    assert (part.name, part.shape) == ("pose", (points, 3))


def test_mediapipe_faces_are_boxes():
    heard = MediapipeOsc().read("/mediapipe/faces", (1, 0.25, 0.5, 0.5, 0.25, 0.75))
    assert {n.name: n.value for n in heard} == {
        "face/found": 1.0,
        "face/1/x": 0.5,
        "face/1/y": 0.625,
        "face/1/width": 0.5,
        "face/1/height": 0.25,
        "face/1/score": 0.75,
    }


@pytest.mark.parametrize(
    ("address", "arguments"),
    [
        ("/mediapipe/hands", (1, *(0.5,) * 83)),
        ("/mediapipe/hands", (5, *(0.5,) * 420)),
        ("/mediapipe/hands", (-1,)),
        ("/mediapipe/hands", (0, 0.5)),
        ("/mediapipe/pose", (1,)),
        ("/mediapipe/pose", (2, *(0.5,) * 132)),
        ("/mediapipe/pose", (1, *(0.5,) * 120)),
        ("/mediapipe/faces", (2, *(0.5,) * 5)),
    ],
)
def test_mediapipe_counts_that_do_not_add_up_are_refused(address, arguments):
    with pytest.raises(RefusedError, match="wrong arguments"):
        MediapipeOsc().read(address, arguments)


@pytest.mark.parametrize("points", [9, 468, 478])
def test_facemesh_of_all_points_or_some(points):
    [part] = Facemesh().read("/mediapipe/facemesh", (0.25, 0.75) * points)
    assert (part.name, part.shape) == ("face/mesh", (points, 2))
    assert part.values[-1].tolist() == [0.25, 0.75]


def hand_axis(axis, value):
    return Part("h", (2, 2), slice(0, 2), slice(axis, axis + 1), np.full((2, 1), value))


def test_a_frame_is_whole_when_all_has_come_and_only_then():
    frames = Frames()
    assert frames.put(hand_axis(0, 0.1)) is None
    assert frames.put(hand_axis(1, 0.1)).tolist() == [[0.1, 0.1]] * 2
    assert frames.put(hand_axis(1, 0.2)) is None


def test_after_a_loss_x_and_y_of_different_moments_are_never_one_frame():
    """Moments 0 to 29; some x, some y and some of both are lost on the way."""
    frames = Frames()
    whole = []
    for moment in range(30):
        for axis in (0, 1):
            if (moment * 2 + axis) % 7 not in (2, 5):
                frame = frames.put(hand_axis(axis, moment / 30))
                whole += [] if frame is None else [frame]
    assert len(whole) > 10
    assert all(len(set(frame.ravel().tolist())) == 1 for frame in whole)


def test_a_frame_of_another_shape_takes_the_place_of_one_that_never_became_whole():
    frames = Frames()
    frames.put(hand_axis(0, 0.1))
    whole = Part("h", (1, 3), slice(0, 1), slice(0, 3), np.full((1, 3), 0.5))
    assert frames.put(whole).tolist() == [[0.5] * 3]
