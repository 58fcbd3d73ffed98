"""What an instrument of a stranger's stick is called here: a name that can be typed and shown.

    "Glass Harp (final).ONDINE"  ─►  Glass Harp (final)
    "..\\u202e evil\\n.ondine"      ─►  evil
    ".ondine"                    ─►  refused

A name never leads out of its folder, never hides a file, and never looks like an option.
"""

import unicodedata

from device.errors import ControlError
from device.paths import SUFFIX

MOST_BYTES = 96
"""With an ending, a number and what marks a partial file, far below the 255 that a disk takes."""
_NOT = '/\\:*?"<>|'
"""What some disk or some shell takes for more than a letter."""


def is_bundle(file: str) -> bool:
    """Whether a file of this name is offered: sticks from elsewhere shout, or hide their leavings.

    (A Mac leaves a `._glass.ondine` beside each `glass.ondine`.)
    """
    return file.lower().endswith(SUFFIX) and not file.startswith(".")


def name_of(file: str) -> str:
    """The name that a file of a stick gets here, without its ending.

    Raises:
        ControlError: if nothing is left of it.
    """
    stem = file[: -len(SUFFIX)] if file.lower().endswith(SUFFIX) else file
    # What is no text (a disk's bytes that are no UTF-8) came as half letters.
    plain = unicodedata.normalize("NFC", stem.encode(errors="ignore").decode(errors="ignore"))
    shown = "".join(c if c.isprintable() and c not in _NOT else " " for c in plain)
    name = " ".join(shown.split()).lstrip(".- ").rstrip(". ")
    while len(name.encode()) > MOST_BYTES:
        name = name[:-1].rstrip(". ")
    if not name:
        raise ControlError("a file on the stick has no name that can be shown. Give it another")
    return name
