"""The part: what the audio unit is to play, laid out for it by control.

    control ── lays it ──► part.json ──► ondine-audio.service takes it and plays
                               ▲                │ dies
                               └── takes it again ◄── is started again by systemd

It is the audio process's command line. Where audio is a service of its own, control cannot start
it; and when audio dies, systemd starts it again before control has heard of it. So what to play has
to lie there. Who took a part writes that into its lock file, and the service's end into another.
"""

import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from device.paths import RunFolder

_MAX_BYTES = 1 << 16
_MAX_ARGUMENTS = 128


@dataclass(frozen=True)
class Part:
    """The options of `python -m device.audio`."""

    arguments: tuple[str, ...]

    @property
    def token(self) -> str:
        """What names this part: the same options have the same token."""
        return hashlib.sha256(json.dumps(self.arguments).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Taken:
    """Which part the last audio process took, and how many were taken since the machine started."""

    token: str = ""
    count: int = 0


def part_of(arguments: Sequence[str]) -> Part:
    """The part with these options, and one more: a service waits for a card that is not there."""
    given = tuple(arguments)
    card = given[given.index("--card") + 1] if "--card" in given[:-1] else ""
    patient = "--patient" in given or card == "none"
    return Part(given if patient else (*given, "--patient"))


def part_file(folder: RunFolder) -> Path:
    """Where control lays it."""
    return folder.path / "part.json"


def end_file(folder: RunFolder) -> Path:
    """Where the service writes how the process ended: systemd's result, code and status."""
    return folder.path / "audio.end"


def last_end_file(folder: RunFolder) -> Path:
    """How the process before the one that runs ended."""
    return folder.path / "audio.end.last"


def lay(folder: RunFolder, part: Part) -> None:
    """Lay a part out, atomically.

    Raises:
        OSError: if it cannot be written.
    """
    path = part_file(folder)
    temporary = path.with_name(f".{path.name}.partial")
    temporary.write_text(json.dumps(part.arguments))
    temporary.replace(path)


def withdraw(folder: RunFolder) -> None:
    """Take it away: audio that is started now waits for another."""
    part_file(folder).unlink(missing_ok=True)


def read_part(folder: RunFolder) -> Part | None:
    """The part that lies there; None if there is none, or it cannot be understood."""
    try:
        with part_file(folder).open("rb") as file:
            raw = json.loads(file.read(_MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(raw, list) or len(raw) > _MAX_ARGUMENTS:
        return None
    return Part(tuple(raw)) if all(isinstance(one, str) for one in raw) else None


def write_taken(folder: RunFolder, taken: Taken) -> None:
    """Note what was taken. To be called by whoever holds the audio lock, in which it is written."""
    folder.audio_lock.write_text(json.dumps([taken.token, taken.count]))


def read_taken(folder: RunFolder) -> Taken:
    """What was taken last; nothing, if that cannot be told."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        raw = json.loads(folder.audio_lock.read_text()[:256])
        if isinstance(raw, list) and len(raw) == 2:
            token, count = raw
            if isinstance(token, str) and type(count) is int:
                return Taken(token, count)
    return Taken()
