"""The index: what a library's segments are like, on disk, so that a folder is heard only once.

    library.json      what it is: format, engine, folder
    part-000001.npy   rows: file, start, frames, class, latents      (memory-mapped)
    part-000001.json  files: path, size, time, sha256, rows          it counts once this is there

A part is put down every few seconds (`mapping/disk.put`: whole or not at all), so a run that was
killed is gone on with. Of two parts that know a file the later one is right; when many parts or
many dead rows lie there, all are joined into one. Rows are small: 100 000 segments are 7 MB.
"""

import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from device.errors import ControlError
from device.mapping.disk import Disk, put, why

FORMAT = 1
LATENTS = 16
ROW = np.dtype(
    [
        ("file", "<i4"),
        ("start", "<i8"),
        ("frames", "<i8"),
        ("kind", "<i2"),
        ("sure", "<f2"),
        ("latents", "<f4", (LATENTS,)),
    ]
)
"""A segment: its file in the part, frames at 48 kHz, the likeliest class and how likely."""
MOST_BYTES = 1 << 28
PARTS_JOINED = 24
_PART = re.compile(r"part-(\d{6})\.json")
_NAME = "library.json"


@dataclass(frozen=True)
class Heard:
    """A file as it was when it was listened to; `why` says why it could not be."""

    path: str
    size: int
    mtime_ns: int
    sha256: str
    why: str = ""


@dataclass(frozen=True)
class Entry:
    """A file and its rows."""

    heard: Heard
    rows: np.ndarray


class Index:
    """The index of one folder, with one engine."""

    def __init__(self, disk: Disk, folder: str, engine: str) -> None:
        """Open it, or begin it anew if it is of another folder, engine or format.

        `engine` names what the latents mean: its sha256.

        Raises:
            ControlError: if the disk will not have it.
        """
        self._disk, self._about = disk, {"format": FORMAT, "engine": engine, "folder": folder}
        self._entries: dict[str, Entry] = {}
        self._last = self._parts = 0
        try:
            with disk.alone():
                self._read()
        except OSError as error:
            raise ControlError(f"the library cannot be opened: {why(error)}") from None

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Files by path, as they were heard."""
        return self._entries

    def add(self, entries: Iterable[Entry]) -> None:
        """Keep what was heard, for ever.

        Raises:
            ControlError: if the disk will not have it.
        """
        found = list(entries)
        if not found:
            return
        try:
            with self._disk.alone():
                self._put(found)
        except OSError as error:
            raise ControlError(f"the library cannot be kept: {why(error)}") from None
        self._entries |= {entry.heard.path: entry for entry in found}

    def keep_only(self, paths: Iterable[str]) -> None:
        """Forget every other file, and join the parts if it is worth it.

        Raises:
            ControlError: if the disk will not have it.
        """
        wanted = set(paths)
        gone = self._entries.keys() - wanted
        self._entries = {path: e for path, e in self._entries.items() if path in wanted}
        if not gone and self._parts <= PARTS_JOINED:
            return
        try:
            with self._disk.alone():
                before = self._last
                self._put(list(self._entries.values()))
                for name in self._disk.names():
                    if (number := _number(name)) is not None and number <= before:
                        # The list first: rows without one are nothing, a list without rows is harm.
                        self._disk.remove(f"part-{number:06d}.json")
                        self._disk.remove(f"part-{number:06d}.npy")
                self._disk.sync()
                self._parts = 1
        except OSError as error:
            raise ControlError(f"the library cannot be kept: {why(error)}") from None

    def _put(self, entries: list[Entry]) -> None:
        rows = np.concatenate([np.zeros(0, ROW), *(entry.rows for entry in entries)])
        rows["file"] = np.repeat(np.arange(len(entries)), [len(e.rows) for e in entries])
        file = io.BytesIO()
        np.save(file, rows)
        listed = [[*vars(e.heard).values(), len(e.rows)] for e in entries]
        number = self._last + 1
        put(self._disk, f"part-{number:06d}.npy", file.getvalue())
        put(self._disk, f"part-{number:06d}.json", json.dumps(listed).encode())
        self._last, self._parts = number, self._parts + 1

    def _read(self) -> None:
        names = self._disk.names()
        if not self._is_ours():
            for name in names:
                if name.startswith("part-"):
                    self._disk.remove(name)
            put(self._disk, _NAME, json.dumps(self._about).encode())
            return
        for name in names:
            if _PART.fullmatch(name):
                number = int(name[5:11])
                self._last = max(self._last, number)
                self._parts += 1
                # A part that cannot be read is only heard again.
                for entry in _part(self._disk, name):
                    self._entries[entry.heard.path] = entry

    def _is_ours(self) -> bool:
        try:
            return bool(json.loads(self._disk.read(_NAME, 1 << 16)) == self._about)
        except (OSError, ValueError, RecursionError):
            return False


def _number(name: str) -> int | None:
    found = re.fullmatch(r"part-(\d{6})\.(json|npy)", name)
    return int(found[1]) if found else None


def _part(disk: Disk, name: str) -> list[Entry]:
    """What a part holds; nothing if it is damaged."""
    try:
        listed = json.loads(disk.read(name, MOST_BYTES))
        rows = _rows(disk, name.replace(".json", ".npy"))
        entries, first = [], 0
        for path, size, mtime_ns, sha256, reason, count in listed:
            if not isinstance(path, str) or type(count) is not int or count < 0:
                return []
            own = rows[first : first + count]
            if len(own) != count:
                return []
            entries.append(Entry(Heard(path, int(size), int(mtime_ns), str(sha256), reason), own))
            first += count
        return entries
    except (OSError, ValueError, TypeError, RecursionError, EOFError):
        return []


def _rows(disk: Disk, name: str) -> np.ndarray:
    """A part's rows; raises ValueError if they are none."""
    folder = getattr(disk, "path", None)
    if isinstance(folder, Path):
        rows = np.load(folder / name, mmap_mode="r", allow_pickle=False)
    else:
        rows = np.load(io.BytesIO(disk.read(name, MOST_BYTES)), allow_pickle=False)
    if rows.dtype != ROW or rows.ndim != 1 or not np.isfinite(rows["latents"]).all():
        raise ValueError("these are no rows")
    return np.asarray(rows)
