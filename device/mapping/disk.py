"""The few things that the scene store does to a disk, each of which a power cut may come between.

What is not synced may be lost, in any part and in any order. So a file is put in place like this,
and at each moment its name stands for the whole old or the whole new one:

    write .NAME.partial, fsync │ rename to NAME │ fsync folder

After `put` returns it is the new one for ever. The store is written against the protocol, so that
its tests can record what it does and try every state that a crash could leave behind.
"""

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol


class Disk(Protocol):
    """One folder of files. Every method may raise OSError."""

    def names(self) -> list[str]:
        """The files that are there, in order of their names; none if the folder is missing."""

    def read(self, name: str, most_bytes: int) -> bytes:
        """What a file holds: of a longer one, one byte more than `most_bytes`."""

    def write(self, name: str, data: bytes) -> None:
        """Make a file with this in it, or replace it, and wait until that is on the disk."""

    def rename(self, old: str, new: str) -> None:
        """Give a file another name, in place of whatever had that."""

    def remove(self, name: str) -> None:
        """Take a file away if it is there."""

    def sync(self) -> None:
        """Wait until the names are on the disk."""

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """Hold everyone else's writing back; makes the folder if need be."""


class Folder:
    """A real one. Its path need not exist before the first `alone`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        """The files that are there, in order of their names; none if the folder is missing."""
        try:
            with os.scandir(self.path) as found:
                return sorted(entry.name for entry in found if entry.is_file())
        except FileNotFoundError:
            return []

    def read(self, name: str, most_bytes: int) -> bytes:
        """What a file holds: of a longer one, one byte more than `most_bytes`."""
        with (self.path / name).open("rb") as file:
            return file.read(most_bytes + 1)

    def write(self, name: str, data: bytes) -> None:
        """Make a file with this in it, or replace it, and wait until that is on the disk."""
        with (self.path / name).open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def rename(self, old: str, new: str) -> None:
        """Give a file another name, in place of whatever had that."""
        (self.path / old).replace(self.path / new)

    def remove(self, name: str) -> None:
        """Take a file away if it is there."""
        (self.path / name).unlink(missing_ok=True)

    def sync(self) -> None:
        """Wait until the names are on the disk."""
        handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Hold everyone else's writing back; makes the folder if need be.

        The lock goes with its process, so one that was killed leaves none behind.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


PARTIAL = ".partial"


def put(disk: Disk, name: str, data: bytes) -> None:
    """Put a file in place, whole, for ever. If it raises OSError, the old or the new is there."""
    partial = f".{name}{PARTIAL}"
    try:
        disk.write(partial, data)
        disk.rename(partial, name)
    except OSError:
        with contextlib.suppress(OSError):
            disk.remove(partial)
        raise
    disk.sync()


def why(error: OSError) -> str:
    """What the disk said, and what to do about it."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full. Remove something, such as old takes"
    if error.errno == errno.EROFS:
        return "the disk is read-only. Look whether its card is locked or worn out"
    if error.errno in (errno.EACCES, errno.EPERM):
        return "it is not allowed. Check who owns it, or set ONDINE_SCENES to a folder of yours"
    return error.strerror or str(error)
