"""Taking one bundle from a stick: copied, checked, and only then given its name.

    stick ──copy, fsync──► .glass.ondine.partial ──check──► glass.ondine, fsync of the folder
              │ pulled out: gone              │ refused: gone
              └───────────────────────────────┴─► a sentence; nothing of it is left

The copy is checked, not what is on the stick: a stick may say one thing to the checker and another
to the copier. What is there is never overwritten: another instrument of the same name is called
glass-2. One that is there already, byte for byte, is not taken again.
"""

import contextlib
import errno
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from device.bundle import MAX_BYTES
from device.errors import BundleError, ControlError
from device.mapping.disk import PARTIAL, why
from device.paths import SUFFIX
from device.sticks.found import Found, open_found
from device.sticks.shelf import PIECE_BYTES, Shelf

SPARE_BYTES = 64 << 20
"""Left free on the disk: scenes and takes are saved there, too."""
_MIB = 1 << 20
_MOST_OF_A_NAME = 99

Check = Callable[[str], object]
"""Proves a file of the shelf harmless; raises BundleError with a sentence."""
Read = Callable[[int, int], bytes]
Elsewhere = Callable[[str], str | None]
"""The sha256 of the instrument of a name that lies in another folder, which ours would hide."""


def take(
    found: Found,
    shelf: Shelf,
    pieces: Iterable[bytes],
    *,
    check: Check,
    elsewhere: Elsewhere = lambda name: None,
) -> str:
    """Have one bundle on the shelf; returns a sentence. Waits for disk and checker.

    `pieces` are what the stick hands out (`pieces_of`).

    Raises:
        ControlError: if it cannot be had. The shelf is then as it was.
    """
    _check_room(found, shelf)
    partial = f".{found.name}{SUFFIX}{PARTIAL}"
    try:
        with shelf.alone():
            try:
                shelf.fill(partial, pieces)
                name, there = _named(found.name, partial, shelf, elsewhere)
                if there:
                    return f"{name} is here already"
                check(partial)
                shelf.rename(partial, f"{name}{SUFFIX}")
            finally:
                # Still there if anything went wrong; if it cannot even be removed, `sweep` will.
                with contextlib.suppress(OSError):
                    shelf.remove(partial)
            shelf.sync()
    except BundleError as error:
        raise ControlError(f"{found.name} was not taken: {_bare(error)}") from None
    except OSError as error:
        raise ControlError(f"{found.name} was not taken: {_why(error)}") from None
    return f"{name} is here now" if name == found.name else f"{found.name} is here now, as {name}"


def pieces_of(sticks: Path, found: Found, read: Read = os.read) -> Iterator[bytes]:
    """What a bundle on a stick holds, piece by piece.

    Raises:
        ControlError: if the stick is pulled out meanwhile, or the file changes.
    """
    left = found.size
    try:
        fd = open_found(sticks, found)
        try:
            while left and (piece := read(fd, min(left, PIECE_BYTES))):
                left -= len(piece)
                yield piece
            if left or read(fd, 1):
                raise ControlError(f"{found.name} changed while it was copied. Try again")
        finally:
            os.close(fd)
    except OSError as error:
        raise ControlError(
            f"{found.name} was not taken: the stick was pulled out, or cannot be read "
            f"({error.strerror or error}). Plug it in again; nothing half is left here"
        ) from None


def sweep(shelf: Shelf) -> None:
    """Remove what a power cut has left half copied. Whether that succeeds matters to nobody."""
    with contextlib.suppress(OSError):
        # First without the lock, which would make the folder: who has no stick gets none.
        if any(map(_is_half, shelf.names())):
            with shelf.alone():
                for name in filter(_is_half, shelf.names()):
                    shelf.remove(name)


def _is_half(name: str) -> bool:
    return name.startswith(".") and name.endswith(f"{SUFFIX}{PARTIAL}")


def _check_room(found: Found, shelf: Shelf) -> None:
    if not 0 < found.size <= MAX_BYTES:
        raise ControlError(
            f"{found.name} was not taken: it has {found.size} bytes; an instrument has 1 to "
            f"{MAX_BYTES}"
        )
    try:
        free = shelf.free_bytes() - SPARE_BYTES
    except OSError as error:
        raise ControlError(f"{found.name} was not taken: {_why(error)}") from None
    if found.size > free:
        raise ControlError(
            f"{found.name} was not taken: it has {found.size / _MIB:.0f} MiB, and there is room "
            f"for {max(free, 0) / _MIB:.0f}. Remove something, such as old takes"
        )


def _named(wanted: str, partial: str, shelf: Shelf, elsewhere: Elsewhere) -> tuple[str, bool]:
    """A name that nothing here has, or that of the same file, and whether it is that."""
    there, sha = set(shelf.names()), shelf.sha256(partial)
    names = [wanted, *(f"{wanted}-{number}" for number in range(2, _MOST_OF_A_NAME + 1))]
    for name in names:
        if f"{name}{SUFFIX}" in there:
            if shelf.sha256(f"{name}{SUFFIX}") == sha:
                return name, True
        elif (other := elsewhere(name)) in (None, sha):
            return name, other is not None
    raise ControlError(
        f"{wanted} was not taken: there are {_MOST_OF_A_NAME} of that name here. Remove some"
    )


def _why(error: OSError) -> str:
    if error.errno in (errno.EACCES, errno.EPERM):
        return "it is not allowed. Check who owns the folder of instruments"
    return why(error)


def _bare(error: BundleError) -> str:
    """Without the path of the partial file, which tells a player nothing."""
    text = str(error)
    _, mark, bare = text.partition(f"{SUFFIX}{PARTIAL}: ")
    return (bare if mark else text).rstrip(". ")
