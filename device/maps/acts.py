"""What a player can do with a learned map: the acts, as data."""

from device.play.acts import ActSpec, Argument

_PRESS = Argument("on", "number", "1, or 0 to end it; without it: the other.", optional=True)
_FILE = Argument("file", about="The name of a file.")

BEGIN = ActSpec(
    "map/begin",
    "Begin a map of these controls; of none: sensors and pedals, or two knobs.",
    (Argument("inputs", about="Signals, such as knob/1.", optional=True, many=True),),
)
TARGETS = ActSpec(
    "map/targets",
    "Move these parameters; none: the latents, or what the instrument has.",
    (Argument("targets", about="Ids of parameters or macros.", optional=True, many=True),),
)
PAIR = ActSpec("map/pair", "Pair the pose that is held with the sound that stands, and play on.")
PLAY = ActSpec("map/play", "The controls play the map; it takes back what hands had corrected.")
TEACH = ActSpec("map/teach", "The controls move nothing: the sound stays while a pose is found.")
OFF = ActSpec("map/off", "The controls do what the patch says, as without a map.")
TOGGLE = ActSpec("map/toggle", "Play, or off if it plays.")
RANDOM = ActSpec("map/random", "A sound from anywhere, to be paired.")
NEAR = ActSpec(
    "map/near",
    "A sound near this one.",
    (Argument("reach", "number", "How near, 0..1; 0.1 if not said.", optional=True),),
)
FAR = ActSpec("map/far", "A sound far from every paired one.")
SOUND = ActSpec(
    "map/sound",
    "Put all targets at once, for a program that sends them.",
    (Argument("values", "number", "0..1 for each target, in their order.", many=True),),
)
REMOVE = ActSpec(
    "map/remove",
    "Take away the pair nearest to the pose, or all within a radius.",
    (Argument("radius", "number", "0..1 of the paired range.", optional=True),),
)
LIKE = ActSpec("map/like", "The nearest pair counts more (kinds nearest and network).")
DISLIKE = ActSpec("map/dislike", "The nearest pair counts less, at last not at all.")
UNDO = ActSpec("map/undo", "One step back; also to the map before this one.")
REDO = ActSpec("map/redo", "What was undone, again.")
KIND = ActSpec(
    "map/kind",
    "How it goes from pair to pair.",
    (Argument("kind", about="One of smooth, linear, nearest, network."),),
)
SCALING = ActSpec(
    "map/scaling",
    "How controls of different ranges are compared.",
    (Argument("scaling", about="One of minmax, robust."),),
)
NEIGHBOURS = ActSpec(
    "map/neighbours",
    "How many pairs the kind nearest mixes.",
    (Argument("count", "number", "1..50."),),
)
FADE = ActSpec(
    "map/fade",
    "How long the sound glides when the map has changed.",
    (Argument("ms", "number", "0..10000."),),
)
ENABLE = ActSpec(
    "map/enable",
    "Let the map move a target, or leave it to hands.",
    (Argument("target", about="Its id."), Argument("on", "number", "1, or 0.")),
)
ONLY = ActSpec(
    "map/only",
    "Let chance find new values for these targets alone; none: for all.",
    (Argument("targets", about="Ids.", optional=True, many=True),),
)
PATH_POSE = ActSpec("map/path/pose", "Record a path of the pose, to be paired.", (_PRESS,))
PATH_SOUND = ActSpec("map/path/sound", "Record a path of the sound, to be paired.", (_PRESS,))
CLEAR = ActSpec("map/clear", "Take away every pair.")
EXPORT = ActSpec(
    "map/export",
    "Write the map to a file, or its pairs to two FluCoMa DataSets.",
    (_FILE, Argument("format", about="Format: ondine, or flucoma.", optional=True)),
    local=True,
    slow=True,
)
IMPORT = ActSpec(
    "map/import",
    "Read a map, or pairs from two FluCoMa DataSets.",
    (Argument("file", about="A map; or the DataSet of poses and that of sounds.", many=True),),
    local=True,
    slow=True,
)
SEED = ActSpec(
    "map/seed",
    "Chance finds the same sounds again, and the network learns the same again.",
    (Argument("seed", "number", "0..4294967295."),),
)

MAP_ACTS = (
    BEGIN,
    TARGETS,
    RANDOM,
    NEAR,
    FAR,
    ONLY,
    SOUND,
    PAIR,
    PLAY,
    TEACH,
    OFF,
    TOGGLE,
    REMOVE,
    CLEAR,
    LIKE,
    DISLIKE,
    UNDO,
    REDO,
    KIND,
    SCALING,
    NEIGHBOURS,
    FADE,
    ENABLE,
    PATH_POSE,
    PATH_SOUND,
    EXPORT,
    IMPORT,
    SEED,
)
"""In the order of the manual."""
