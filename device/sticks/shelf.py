"""The shelf: the folder of instruments, as a disk that also takes large files piece by piece."""

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from device.mapping.disk import Disk, Folder
from device.paths import model_folders

PIECE_BYTES = 1 << 20


class Shelf(Disk, Protocol):
    """One folder of instruments. Every method may raise OSError."""

    def free_bytes(self) -> int:
        """What still fits."""

    def fill(self, name: str, pieces: Iterable[bytes]) -> None:
        """As `write`, of a file that need not fit into memory."""

    def sha256(self, name: str) -> str:
        """Of what a file holds."""


class ModelShelf(Folder):
    """A real one."""

    def free_bytes(self) -> int:
        """What still fits, for who we are; the folder is made if need be."""
        self.path.mkdir(parents=True, exist_ok=True)
        return shutil.disk_usage(self.path).free

    def fill(self, name: str, pieces: Iterable[bytes]) -> None:
        """Make a file of these pieces, or replace it, and wait until that is on the disk."""
        with (self.path / name).open("wb") as file:
            # Whoever checks it is nobody, and has to be able to read it.
            os.fchmod(file.fileno(), 0o644)
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())

    def sha256(self, name: str) -> str:
        """Of what a file holds."""
        with (self.path / name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def own_models() -> Path:
    """Where this user's instruments lie; on a box /var/lib/ondine/models."""
    return model_folders()[1]
