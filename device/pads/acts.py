"""What a player can do with pads: the acts, as data."""

from device.play.acts import ActSpec, Argument

_PAD = Argument("pad", "number", "1 to 16.")
_KIND = "kick, snare, hat, tom, clap, cymbal or perc"

HIT = ActSpec(
    "pads/hit",
    "Strike a pad.",
    (_PAD, Argument("velocity", "number", "0..1; 0.8 if not said; 0 ends it.", optional=True)),
)
QUIET = ActSpec("pads/quiet", "All pads fall silent.")
RANDOM = ActSpec(
    "pads/random",
    "Another drum of its class on a pad, or on all.",
    (Argument("pad", "number", "1 to 16; none: every pad.", optional=True),),
    slow=True,
)
CLASS = ActSpec(
    "pads/class", "A drum of another class on a pad.", (_PAD, Argument("class", about=f"{_KIND}.")),
    slow=True,
)  # fmt: skip
VARY = ActSpec(
    "pads/vary",
    "A drum like the one on a pad.",
    (_PAD, Argument("amount", "number", "How unlike, 0..2; 0.3 if not said.", optional=True)),
    slow=True,
)
MIX = ActSpec(
    "pads/mix",
    "Mix pads onto a pad, by weights; a negative one takes away.",
    (_PAD, Argument("parts", "number", "Pads and weights in turn: 1 0.7 3 0.3.", many=True)),
    slow=True,
)
STROKE = ActSpec("pads/stroke", "The same drum on a pad, with other noise.", (_PAD,), slow=True)
UNDO = ActSpec("pads/undo", "What was on the pads before the last change.")
SIMILAR = ActSpec(
    "pads/similar", "The next most similar sound of your library on a pad.", (_PAD,), slow=True
)
FROM = ActSpec(
    "pads/from",
    "A sound file on a pad; of several hits in it, one.",
    (Argument("file", about="Its path."), _PAD,
     Argument("hit", "number", "Which, from 1; the first if not said.", optional=True)),
    local=True,
    slow=True,
)  # fmt: skip
COPY = ActSpec(
    "pads/copy", "A pad onto another.", (_PAD, Argument("to", "number", "1 to 16.")), slow=True
)
LEVEL = ActSpec(
    "pads/level", "How loud a pad is.", (_PAD, Argument("level_db", "number", "-60..12 dB."))
)
PAN = ActSpec(
    "pads/pan", "Where a pad is.", (_PAD, Argument("pan", "number", "-1..1: left..right."))
)
PITCH = ActSpec(
    "pads/pitch",
    "How high a pad is, as by the speed of a tape.",
    (_PAD, Argument("semitones", "number", "-24..24.")),
    slow=True,
)
CHOKE = ActSpec(
    "pads/choke",
    "Pads of one group end each other, as hats do.",
    (_PAD, Argument("group", "number", "1..8; 0 is none.")),
)
LIBRARY = ActSpec(
    "pads/library",
    "Listen to a folder of sounds, for pads/similar.",
    (Argument("file", about="The folder."),),
    local=True,
    slow=True,
)
SAVE = ActSpec("pads/save", "Keep the pads as a kit.", (Argument("name"),), slow=True)
LOAD = ActSpec("pads/load", "A kit that was kept.", (Argument("name"),), slow=True)

PADS_ACTS = (
    HIT, QUIET, RANDOM, CLASS, VARY, MIX, STROKE, SIMILAR, FROM, COPY, LEVEL, PAN, PITCH, CHOKE,
    UNDO, LIBRARY, SAVE, LOAD,
)  # fmt: skip
