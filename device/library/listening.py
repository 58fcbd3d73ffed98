"""Listening: a folder of sounds into its index, only what is new or has changed.

every file ─► size and time as before? ──yes──► as it was heard
                    │ no
              sha256 known, here or under another name? ──yes──► its rows
                    │ no
              read ─► segments ─► encode ─► rows ─► kept every few seconds
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from device.errors import AudioError, ControlError
from device.library.index import ROW, Entry, Heard, Index
from device.library.segments import read_mono, segments

SUFFIXES = frozenset((".wav", ".flac", ".ogg", ".aif", ".aiff", ".mp3"))
KEEP_S = 5.0
MOST_FILES = 200_000

Encode = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Mono sound [frames] at 48 kHz to latents [16] and the probability of each class."""
Progress = Callable[[int, int], None]
"""How many files are done, of how many."""


@dataclass(frozen=True)
class Report:
    """What came of listening."""

    files: int
    heard: int
    """Of them, those that had to be read: new ones and changed ones."""
    segments: int
    unheard: tuple[str, ...]
    """Sentences about those that could not be."""


def listen_to(
    folder: Path,
    index: Index,
    encode: Encode,
    *,
    clock: Callable[[], float],
    progress: Progress = lambda done, of: None,
    stop: Callable[[], bool] = lambda: False,
) -> Report:
    """Bring `index` up to date with `folder`; what was done is kept if it is stopped or killed.

    Raises:
        ControlError: if there is no such folder, nothing in it, or the index cannot be kept.
    """
    if not folder.is_dir():
        raise ControlError(f"{folder} is no folder; give one with sound files in it")
    paths = sorted(_sounds(folder))
    if not paths:
        raise ControlError(f"{folder} holds no sound files: no WAV, FLAC, Ogg, AIFF or MP3")
    if len(paths) > MOST_FILES:
        raise ControlError(f"{folder} holds more than {MOST_FILES} sound files; give a part of it")
    by_content = {e.heard.sha256: e for e in index.entries.values()}
    new: list[Entry] = []
    heard, kept_s = 0, clock()
    for done, path in enumerate(paths):
        progress(done, len(paths))
        if stop():
            break
        name = str(path.relative_to(folder))
        if (entry := _anew(path, name, index, by_content, encode)) is not None:
            heard += 1
            new.append(entry)
            by_content[entry.heard.sha256] = entry
        if new and clock() - kept_s > KEEP_S:
            index.add(new)
            new, kept_s = [], clock()
    else:
        progress(len(paths), len(paths))
    index.add(new)
    if not stop():
        index.keep_only(str(path.relative_to(folder)) for path in paths)
    entries = index.entries.values()
    return Report(
        len(paths),
        heard,
        sum(len(entry.rows) for entry in entries),
        tuple(entry.heard.why for entry in entries if entry.heard.why),
    )


def _anew(
    path: Path, name: str, index: Index, by_content: dict[str, Entry], encode: Encode
) -> Entry | None:
    """A file's entry if it is not known as it is now; None if it is."""
    try:
        stat = path.stat()
        known = index.entries.get(name)
        if known and (known.heard.size, known.heard.mtime_ns) == (stat.st_size, stat.st_mtime_ns):
            return None
        digest = _sha256(path)
    except OSError as error:
        reason = f"{name} cannot be read ({error.strerror or error})"
        # Nothing that could be the file's own, so that it is tried again.
        return Entry(Heard(name, -1, -1, "", reason), np.zeros(0, ROW))
    heard = Heard(name, stat.st_size, stat.st_mtime_ns, digest)
    if twin := by_content.get(digest):
        return Entry(Heard(name, heard.size, heard.mtime_ns, digest, twin.heard.why), twin.rows)
    try:
        return Entry(heard, rows_of(read_mono(path), encode))
    except AudioError as error:
        return Entry(Heard(name, heard.size, heard.mtime_ns, digest, str(error)), np.zeros(0, ROW))


def rows_of(sound: np.ndarray, encode: Encode) -> np.ndarray:
    """The rows of mono `sound` [frames] at 48 kHz."""
    found = segments(sound)
    rows = np.zeros(len(found), ROW)
    for row, segment in zip(rows, found, strict=True):
        latents, kinds = encode(sound[segment.start : segment.start + segment.frames])
        row["start"], row["frames"] = segment.start, segment.frames
        row["latents"], row["kind"], row["sure"] = latents, int(kinds.argmax()), kinds.max()
    return rows


def _sounds(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        # Hidden ones are other programs'.
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(place, name)
            if path.suffix.lower() in SUFFIXES and not name.startswith(".") and path.is_file():
                yield path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
