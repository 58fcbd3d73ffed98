"""Other apps' OSC, one module each: a message becomes named numbers, landmarks or a command.

A dialect knows addresses, units and ranges, and no more: it has no socket, no clock and no state.
`docs/dialects.md` tells what comes out of each and how its app is set up.
"""

from device.control.dialects.face_osc import FaceOsc
from device.control.dialects.facemesh import Facemesh
from device.control.dialects.hand_osc import HandOsc
from device.control.dialects.handmate import Handmate
from device.control.dialects.heard import Dialect
from device.control.dialects.mediapipe_osc import MediapipeOsc
from device.control.dialects.wekinator import WekinatorControl, WekinatorInputs

DIALECTS: tuple[Dialect, ...] = (
    WekinatorInputs(),
    WekinatorControl(),
    HandOsc(),
    FaceOsc(),
    MediapipeOsc(),
    Facemesh(),
    Handmate(),
)
"""All of them with their usual ranges. No two share an address."""
