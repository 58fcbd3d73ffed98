"""Files in a memory file system that two processes map: whole before they have their name.

Whoever has one open that is replaced keeps it, and reads on.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np


def head_of(path: Path, count: int) -> tuple[tuple[int, ...], int] | None:
    """The first `count` int64 numbers of a file and its size in bytes; None if it has not as many,
    or cannot be read."""
    try:
        with path.open("rb") as file:
            head = np.frombuffer(file.read(8 * count), np.int64)
            size = os.fstat(file.fileno()).st_size
    except (OSError, ValueError):
        return None
    return (tuple(int(number) for number in head), size) if len(head) == count else None


def lay_out(path: Path, size: int, pieces: Mapping[int, bytes]) -> None:
    """Make a file of `size` bytes in the place of whatever is at `path`: `pieces` by offset, and
    zeros.

    Raises:
        OSError: if memory is too short, or the folder refuses it; what was there still is.
    """
    fresh = path.with_name(f"{path.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        with fresh.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            # A page that is missing must be missed here, not in the audio loop.
            os.posix_fallocate(file.fileno(), 0, size)
            for offset, piece in pieces.items():
                file.seek(offset)
                file.write(piece)
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
