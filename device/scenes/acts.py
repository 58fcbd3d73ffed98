"""What a player can do with scenes: the acts, as data."""

from device.play.acts import ActSpec, Argument

_WHICH = Argument("scene", about="Its number, 0..127, or its name.")
_PLACE = Argument("place", about="A number, 0..127, or a name, old or new.", optional=True)
_NAME = Argument("name", about="A name with a letter in it.", optional=True)

SAVE = ActSpec(
    "scene/save",
    "Save what plays: under the next free number, or the one given.",
    (_PLACE, _NAME),
    slow=True,
)
OVER = ActSpec("scene/over", "Save over the scene that is on.", slow=True)
FREEZE = ActSpec(
    "scene/freeze",
    "Save as scene/save does, with what the model remembers.",
    (_PLACE, _NAME),
    slow=True,
)
RECALL = ActSpec("scene/recall", "Put everything back as it was in a scene.", (_WHICH,))
NEXT = ActSpec("scene/next", "The next scene.")
PREVIOUS = ActSpec("scene/previous", "The one before.")
RENAME = ActSpec(
    "scene/rename", "Give a scene another name.", (_WHICH, Argument("name")), slow=True
)
DELETE = ActSpec("scene/delete", "Take a scene away.", (_WHICH,), slow=True)
RESTORE = ActSpec(
    "scene/restore",
    "Bring back what a number's scene was before.",
    (Argument("number", "number"),),
    slow=True,
)

SCENE_ACTS = (SAVE, OVER, FREEZE, RECALL, NEXT, PREVIOUS, RENAME, DELETE, RESTORE)

_SCENES = Argument("scenes", about="Numbers or names.", many=True)

LINE = ActSpec(
    "morph/line", "Move between scenes by morph/x, evenly along it.", (_SCENES,), slow=True
)
PLANE = ActSpec(
    "morph/plane", "Move between two to four scenes by morph/x and morph/y.", (_SCENES,), slow=True
)
GLIDE = ActSpec(
    "morph/glide", "How long each way takes at least.", (Argument("seconds", "number"),), slow=True
)
CURVE = ActSpec(
    "morph/curve",
    "-1..1: above 0 the change comes late, below it early.",
    (Argument("curve", "number"),),
    slow=True,
)
WITHOUT = ActSpec(
    "morph/without",
    "Leave these parameters to other hands; none: morph all.",
    (Argument("parameters", optional=True, many=True),),
    slow=True,
)
OFF = ActSpec("morph/off", "Move between scenes no more.", slow=True)

MORPH_ACTS = (LINE, PLANE, GLIDE, CURVE, WITHOUT, OFF)
