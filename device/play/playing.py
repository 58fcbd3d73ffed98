"""What is being played, written down for the control process that comes after this one.

A control process that dies leaves this record in the run folder, where the next one finds it. If
the same stream is asked for again, that one takes over the sound that still runs, or starts it
again as it was; either way the scene is the last one, not the first. One that ends in good order
takes the record away.
"""

import contextlib
import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from device.errors import BundleError
from device.from_json import build
from device.manifest import Manifest, decode_manifest, encode_manifest

MAX_BYTES = 1 << 22
"""A manifest has a megabyte at most, and is written down with it."""


@dataclass(frozen=True)
class Asked:
    """What a player asked for, in the words of the command line and the profile.

    Only if `stream` is the same (cards, files, headroom) can a stream be taken over. If `model` is
    the same, whatever was loaded since stays. If `moves` is the same, settings that were turned
    since stay, and a timeline goes on where it would be now.
    """

    stream: dict[str, str] = field(default_factory=dict)
    model: str = ""
    moves: tuple[str, ...] = ()


@dataclass(frozen=True)
class Playing:
    """An instrument on a stream. `card`, `input` and `output` are the route's that was chosen."""

    bundle: Path
    manifest: Manifest
    serial: int
    """Which load of a bundle it is; the params table says which one its values are for."""
    precision: str
    card: str
    input: str
    output: Path | None
    asked: Asked
    instead: str = ""
    """Why it plays in the place of what was asked for; '' if it does not."""
    began_s: float | None = None
    """When its timeline began, on the monotonic clock; None if none runs."""
    seed: int = 0
    """Of the model's noise."""

    @property
    def name(self) -> str:
        """What the instrument calls itself."""
        return self.manifest.name


@dataclass(frozen=True)
class _Record:
    """`Playing` as it stands in the file."""

    bundle: str
    manifest: dict[str, Any]
    serial: int
    precision: str
    card: str
    input: str
    output: str | None
    asked: Asked
    instead: str
    began_s: float | None
    seed: int
    control: int


def write_playing(path: Path, playing: Playing) -> None:
    """Write it down, atomically. A full disk costs the record, never the sound."""
    record = _Record(
        str(playing.bundle),
        json.loads(encode_manifest(playing.manifest)),
        playing.serial,
        playing.precision,
        playing.card,
        playing.input,
        None if playing.output is None else str(playing.output),
        playing.asked,
        playing.instead,
        playing.began_s,
        playing.seed,
        os.getpid(),
    )
    temporary = path.with_name(f".{path.name}.partial")
    with contextlib.suppress(OSError):
        temporary.write_text(json.dumps(dataclasses.asdict(record)))
        temporary.replace(path)


def read_playing(path: Path) -> Playing | None:
    """What was written down last; None if nothing was, or it cannot be understood."""
    try:
        with path.open("rb") as file:
            raw = json.loads(file.read(MAX_BYTES))
        problems: list[str] = []
        record = build(_Record, raw, "playing", problems)
        if problems or not 0 < record.serial < 1 << 24:
            return None
        manifest = decode_manifest(json.dumps(record.manifest).encode())
    except (OSError, ValueError, RecursionError, BundleError):
        return None
    return Playing(
        Path(record.bundle),
        manifest,
        record.serial,
        record.precision,
        record.card,
        record.input,
        None if record.output is None else Path(record.output),
        record.asked,
        record.instead,
        record.began_s,
        record.seed,
    )
