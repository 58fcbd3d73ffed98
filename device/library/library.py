"""The library: one folder of a player's sounds, listened to once, searched while it plays."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from device.errors import ControlError
from device.library.index import Index
from device.library.listening import Encode, Progress, Report, listen_to
from device.library.search import Found, Search
from device.mapping.disk import Disk, Folder, put, why


def library_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where indexes are kept: it is a cache, and what is thrown away is only listened to again."""
    own = environment.get("ONDINE_LIBRARY")
    cache = environment.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(own) if own else Path(cache) / "ondine/library"


_LAST = "library.json"


def remember(disk: Disk, folder: Path) -> None:
    """Keep which folder was listened to last, so that another evening begins with it.

    Raises:
        ControlError: if the disk will not have it.
    """
    try:
        with disk.alone():
            put(disk, _LAST, json.dumps(str(folder.resolve())).encode())
    except OSError as error:
        raise ControlError(f"the library cannot be remembered: {why(error)}") from None


def remembered(disk: Disk) -> Path | None:
    """The folder that was listened to last; None if there is none any more."""
    try:
        found = json.loads(disk.read(_LAST, 1 << 14))
    except (OSError, ValueError, RecursionError):
        return None
    return Path(found) if isinstance(found, str) and os.path.isdir(found) else None


def engine_named(path: Path) -> str:
    """What tells an engine from every other: the sha256 of its bundle.

    Raises:
        ControlError: if it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ControlError(f"cannot read {path}: {error.strerror}") from None


class Library:
    """A folder and its index, which may be empty yet."""

    def __init__(self, folder: Path, engine: str, where: Path | None = None) -> None:
        """Open the index of `folder`; `engine` names the encoder, `where` is for all indexes.

        Raises:
            ControlError: if it is no folder, or the index cannot be opened.
        """
        self.folder = folder.resolve()
        if not self.folder.is_dir():
            raise ControlError(f"{folder} is no folder; give one with sound files in it")
        name = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:24]
        disk = Folder((where or library_folder()) / name)
        self._index = Index(disk, str(self.folder), engine)
        self.search = Search(self._index.entries)

    def listen(
        self,
        encode: Encode,
        *,
        progress: Progress = lambda done, of: None,
        stop: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> Report:
        """Bring it up to date; the search finds what is new afterwards.

        Raises:
            ControlError: if there is nothing to listen to, or it cannot be kept.
        """
        report = listen_to(
            self.folder, self._index, encode, clock=clock, progress=progress, stop=stop
        )
        self.search = Search(self._index.entries)
        return report

    def path_of(self, found: Found) -> Path:
        """The file of a segment."""
        return self.folder / found.path
