"""What a player can do about controls, about what is made of hands and faces, and MIDI: as data."""

from device.play.acts import ActSpec, Argument

_CONTROL = Argument("name", about="A control, such as knob/1.")
_FRAME = Argument("name", about="A frame, such as hand/left or face/mesh.")

LEARN = ActSpec(
    "control/learn",
    "The control that is moved next moves this.",
    (
        Argument("target", about="A parameter or a macro, such as dry_wet or macro/far."),
        Argument("from", about="Only what begins like this: midi, hand/left.", optional=True),
    ),
)
CANCEL = ActSpec("control/cancel", "Wait for no control any more.")
FORGET = ActSpec(
    "control/forget",
    "Take away what a control moves, or all that moves a parameter.",
    (Argument("name", about="A control such as knob/1, or a parameter such as dry_wet."),),
)
LIST = ActSpec("control/list", "Which control moves what.")
RANGE = ActSpec(
    "control/range",
    "Learn a control's range: once before it is moved from end to end, once after.",
    (_CONTROL,),
)
RANGED = ActSpec("control/ranged", "The control was moved from end to end.", (_CONTROL,))
SET = ActSpec(
    "control/set",
    "Change a setting of a control.",
    (
        _CONTROL,
        Argument("key", about="low, high, direction, curve, deadband, smoothing_ms or takeover."),
        Argument("value", about="Such as 20, down, jump; of a curve: s 3.", many=True),
    ),
)
CONTROL_ACTS = (LEARN, CANCEL, FORGET, LIST, RANGE, RANGED, SET)

BEGIN = ActSpec("reduce/begin", "Capture a hand or a face while it moves.", (_FRAME,))
REDUCE = ActSpec(
    "reduce/learn",
    "Make few signals of what was captured: the ways in which it moved most.",
    (_FRAME, Argument("components", "number", "1 to 8; 2 if left out.", optional=True)),
    slow=True,
)
UNLEARN = ActSpec("reduce/forget", "Take the learned signals away.", (_FRAME,), slow=True)
REDUCE_ACTS = (BEGIN, REDUCE, UNLEARN)

PORTS = ActSpec("midi/list", "Which MIDI ports are open, and the tempo of the clock.")
MIDI_ACTS = (PORTS,)
