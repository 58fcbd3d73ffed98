"""Back to the first day: what a player made is moved aside, and never deleted.

    /var/lib/ondine/scenes            ─►  /var/lib/ondine/before-2026-11-21-2130/scenes
    /etc or /var/lib …/patch.json     ─►                                        /patch.json
    models, takes, measurements           stay where they are

Each is one rename. A power cut in between leaves some here and some there, and nothing nowhere:
the button, held once more, moves the rest into another folder.
"""

import contextlib
import datetime
import errno
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from device.errors import ControlError
from device.hands.patching import patch_file
from device.hands.reducing import FILE as REDUCTIONS
from device.mapping.store import scenes_folder

MOST_OF_A_MINUTE = 100
_DONE = ".first-day"


def belongings(environment: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """What makes a box this player's: scenes with the log of starts, the patch, learned signals."""
    patch = patch_file(environment)
    return scenes_folder(environment), patch, patch.with_name(REDUCTIONS)


def go_back(things: Sequence[Path], state: Path, now: datetime.datetime) -> str:
    """Set aside what is there of `things`, unless the start before this one did; a sentence.

    A button that sticks would otherwise do it at every start, and start the box again for ever.

    Raises:
        ControlError: if it did, or something cannot be moved.
    """
    if (state / _DONE).exists():
        raise ControlError(
            "the button was held at the last start, too, so it is taken to be stuck; let go of it"
        )
    said = set_aside(things, state, now)
    with contextlib.suppress(OSError):
        (state / _DONE).touch()
    return said


def spared(state: Path) -> None:
    """A start has passed without it: the next may be asked to again."""
    with contextlib.suppress(OSError):
        (state / _DONE).unlink(missing_ok=True)


def set_aside(things: Sequence[Path], state: Path, now: datetime.datetime) -> str:
    """Move what is there of `things` into a new folder in `state`; returns a sentence.

    Raises:
        ControlError: if something cannot be moved; what was moved by then is named.
    """
    there = [path for path in things if os.path.lexists(path)]
    if not there:
        return "There is nothing to set aside: this is its first day"
    moved: list[str] = []
    try:
        aside = _new_folder(state, now)
        for path in there:
            path.rename(aside / path.name)
            _sync(path.parent)
            moved.append(path.name)
        _sync(aside)
        _sync(state)
    except OSError as error:
        done = f" ({', '.join(moved)} lie in {aside})" if moved else ""
        raise ControlError(f"cannot go back to the first day: {_why(error)}{done}") from None
    return f"As on the first day; {', '.join(moved)} lie in {aside}"


def _new_folder(state: Path, now: datetime.datetime) -> Path:
    """A folder of this minute; a board without a clock may have been here before."""
    name = f"before-{now:%Y-%m-%d-%H%M}"
    for number in range(1, MOST_OF_A_MINUTE + 1):
        folder = state / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise OSError(errno.EEXIST, f"there are {MOST_OF_A_MINUTE} of {name} already")


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _why(error: OSError) -> str:
    if error.errno == errno.EXDEV:
        return f"{error.filename} lies on another disk. Move it by hand"
    return error.strerror or str(error)
