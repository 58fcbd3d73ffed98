"""What is on the sticks that are plugged in: bundles at a stick's top, and one level below.

    /run/ondine-sticks/sda1/glass.ondine            found
                           /instruments/reed.ondine found
                           /a/b/deep.ondine         not looked for
                           /link.ondine ─► /etc/…   not followed

A stick may be pulled out between any two of these steps: then what was not found is not there.
"""

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from device.errors import ControlError
from device.sticks.naming import is_bundle, name_of

MOST_STICKS = 8
MOST_ENTRIES = 2000
"""Of one folder; a stick with a film library on it is not read to its end."""
MOST_FOLDERS = 100
MOST_FOUND = 100
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A pipe of that name would keep us waiting for somebody to open its other end.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True)
class Found:
    """One bundle of a stick."""

    stick: str
    """The folder that the stick is mounted at, such as sda1."""
    place: tuple[str, ...]
    """The way from there: a file, or a folder and a file."""
    name: str
    """What it will be called."""
    size: int
    """In bytes."""


def sticks_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where sticks are mounted: `$ONDINE_STICKS`, else where a box's udev rule has them."""
    return Path(environment.get("ONDINE_STICKS") or "/run/ondine-sticks")


def look(sticks: Path) -> tuple[Found, ...]:
    """Every bundle that is there now, in order of stick and place; nothing is raised."""
    found: list[Found] = []
    with contextlib.suppress(OSError):
        for stick in sorted(os.listdir(sticks))[:MOST_STICKS]:
            with contextlib.suppress(OSError):
                found += _on(sticks, stick)
    return tuple(found[:MOST_FOUND])


def open_found(sticks: Path, found: Found) -> int:
    """The descriptor of a bundle on a stick, of a plain file and nothing else.

    Raises:
        OSError: if it is not there any more.
        ControlError: if by now it is something else.
    """
    folders = [str(sticks / found.stick), *found.place[:-1]]
    fd = -1
    try:
        for folder in folders:
            within, fd = fd, os.open(folder, _FOLDER, dir_fd=fd if fd >= 0 else None)
            if within >= 0:
                os.close(within)
        file = os.open(found.place[-1], _FILE, dir_fd=fd)
    finally:
        if fd >= 0:
            os.close(fd)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise ControlError(f"{found.name} is no plain file any more")
    return file


def _on(sticks: Path, stick: str) -> Iterator[Found]:
    top = os.open(sticks / stick, _FOLDER)
    try:
        files, folders = _entries(top)
        for name, size in files:
            yield from _found(stick, (name,), size)
        for folder in folders[:MOST_FOLDERS]:
            with contextlib.suppress(OSError):
                below = os.open(folder, _FOLDER, dir_fd=top)
                try:
                    inner, _ = _entries(below)
                finally:
                    os.close(below)
                for name, size in inner:
                    yield from _found(stick, (folder, name), size)
    finally:
        os.close(top)


def _entries(folder: int) -> tuple[list[tuple[str, int]], list[str]]:
    """The bundles of a folder with their sizes, and its folders."""
    files: list[tuple[str, int]] = []
    folders: list[str] = []
    with os.scandir(folder) as entries:
        for entry, _ in zip(entries, range(MOST_ENTRIES), strict=False):
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                folders.append(entry.name)
            elif is_bundle(entry.name) and entry.is_file(follow_symlinks=False):
                files.append((entry.name, entry.stat(follow_symlinks=False).st_size))
    return sorted(files), sorted(folders)


def _found(stick: str, place: tuple[str, ...], size: int) -> Iterator[Found]:
    with contextlib.suppress(ControlError):  # nothing that could be typed: it is not offered
        yield Found(stick, place, name_of(place[-1]), size)
