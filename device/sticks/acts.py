"""What a player can do about instruments on a stick: as data."""

from device.play.acts import ActSpec, Argument

LIST = ActSpec("stick/list", "Which instruments are on the stick.", slow=True)
TAKE = ActSpec(
    "stick/take",
    "Copy an instrument from the stick, once it was checked.",
    (Argument("name", about="One of stick/list, or all."),),
    slow=True,
)
STICK_ACTS = (LIST, TAKE)
