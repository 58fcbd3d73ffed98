"""A take: the last minutes of the tape as NAME.wav, and the moves beside it as NAME.json.

The WAV has 24 bits. The JSON is a timeline: `ondine render IN.wav OUT.wav --timeline NAME.json`
makes the same moves at the same blocks. Neither appears under its name before it is whole and on
the disk:

    write .NAME.wav…, fsync │ write .NAME.json…, fsync │ rename both │ fsync folder

A power cut leaves a take, its WAV alone, or none. It is written in the control process, in a thread
of its own, a second of sound at a time: the loop only ever puts sound on the tape.
"""

import contextlib
import dataclasses
import datetime
import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from device.audio.realtime import step_back
from device.audio.tape import Tape
from device.control.journal import Journal, Page, events
from device.errors import AudioError
from device.params import ParamSpec
from device.takes.files import Progress, write_json, write_wav
from device.takes.splice import Splice, splice
from device.words import printable

MOST_EVENTS = 60_000
"""A timeline file may have 16 MiB."""
_MAX_WAV_BYTES = 2**32 - 4096
_MARGIN_BYTES = 16 << 20
"""For the timeline, and because nobody plays well with a disk that is full to the last byte."""


@dataclass(frozen=True)
class Take:
    """What was kept."""

    wav: Path
    timeline: Path
    frames: int
    sample_rate_hz: int
    gaps: tuple[tuple[int, int], ...]
    """Silence where nothing was played, or where the disk was too slow: first frame and length."""

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.frames / self.sample_rate_hz

    @property
    def sentence(self) -> str:
        """What a player is told."""
        silent_s = sum(frames for _, frames in self.gaps) / self.sample_rate_hz
        gaps = f", {silent_s:.1f} s of it without sound," if silent_s >= 0.05 else ""
        return f"Kept {length(self.seconds)}{gaps} as {self.wav}"


def takes_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where takes go: `$ONDINE_TAKES`, else Ondine in this user's Music, else ~/ondine/takes."""
    if chosen := environment.get("ONDINE_TAKES"):
        return Path(chosen)
    home = Path(environment.get("HOME") or Path.home())
    music = Path(environment.get("XDG_MUSIC_DIR") or home / "Music")
    return music / "Ondine" if music.is_dir() else home / "ondine/takes"


def length(seconds: float) -> str:
    """A length of time as a player says it: `2 min 0 s`, `12.3 s`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def keep_take(
    tape: Tape,
    folder: Path,
    *,
    name: str,
    now: datetime.datetime,
    now_s: float,
    seconds: float | None = None,
    journal: Journal | None = None,
    specs: Mapping[str, ParamSpec] | None = None,
    facts: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Take:
    """Write the last `seconds` (all, if None) of a tape to a new take in `folder`, made if need be.

    `name` is the instrument's; `now` is the time of day, and `now_s` the same on the tape's clock.
    Without `journal` and `specs` (what plays now) the timeline is empty. `facts` are told in it.

    Raises:
        AudioError: if there is nothing to keep or no room, or it cannot be written; then there is
            no new file.
    """
    step_back()
    wanted_s = min(seconds or tape.seconds, tape.seconds)
    heard = splice(tape, wanted_s)
    if not heard.frames:
        raise AudioError("nothing was heard yet, so there is nothing to keep. Play something first")
    tell = progress or (lambda share: None)
    with _folder(folder, heard.frames * tape.channels * 3) as place:
        stem = _free_name(place, f"{now:%Y-%m-%d %H.%M} {_plain(name)}".strip())
        wav, timeline = place / f"{stem}.wav", place / f"{stem}.json"
        parts = [path.with_name(f".{path.name}{_PARTIAL}") for path in (wav, timeline)]
        try:
            heard, gaps = write_wav(parts[0], tape, heard, tell)
            page = journal.page() if journal and specs else Page()
            took = {
                "wav": wav.name,
                "started_at": _start(heard, now, now_s).isoformat(timespec="milliseconds"),
                **_shape(tape, heard, gaps),
                "bundles": _bundles(page, heard, tape.sample_rate_hz),
                **(facts or {}),
            }
            write_json(parts[1], took, _events(page, specs or {}, heard, tape.sample_rate_hz))
            tell(0.97)
            for part, path in zip(parts, (wav, timeline), strict=True):
                part.replace(path)
                tell(0.98)
            _sync_folder(place)
        except OSError as error:
            if isinstance(error, AudioError):
                raise
            for path in (wav, timeline):
                path.unlink(missing_ok=True)
            raise AudioError(
                f"cannot keep a take in {place} ({error.strerror or error}). Choose another place"
            ) from None
        finally:
            for part in parts:
                part.unlink(missing_ok=True)
    tell(1.0)
    return Take(wav, timeline, heard.frames, tape.sample_rate_hz, gaps)


_PARTIAL = ".ondine-partial"


@contextlib.contextmanager
def _folder(folder: Path, sound_bytes: int) -> Iterator[Path]:
    """The folder, made, with room enough, and ours alone to write takes to meanwhile."""
    if sound_bytes > _MAX_WAV_BYTES:
        raise AudioError(
            f"a WAV cannot have {sound_bytes / 1e9:.1f} GB, 4.2 at most. Keep fewer minutes"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise AudioError(
            f"cannot keep a take in {folder} ({error.strerror}). Choose another place"
        ) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AudioError(f"a take is being written to {folder} just now; try again") from None
        for left in folder.glob(f".*{_PARTIAL}"):  # by a power cut
            left.unlink(missing_ok=True)
        free = shutil.disk_usage(folder).free
        if free < sound_bytes + _MARGIN_BYTES:
            raise AudioError(
                f"the take needs {(sound_bytes + _MARGIN_BYTES) / 1e6:.0f} MB and {folder} has "
                f"{free / 1e6:.0f} MB left. Make room, choose another place or keep fewer minutes"
            )
        yield folder.resolve()
    except PermissionError as error:
        raise AudioError(f"cannot keep a take in {folder} ({error.strerror})") from None
    finally:
        os.close(lock)


def _plain(name: str) -> str:
    """A stranger's name as part of a file name on any disk."""
    text = "".join(" " if c in '/\\:*?"<>|' else c for c in printable(name))
    return " ".join(text.split()).encode()[:80].decode(errors="ignore").strip(". ")


def _free_name(folder: Path, stem: str) -> str:
    taken = {path.stem for path in folder.iterdir()}
    return next(
        name
        for name in (stem, *(f"{stem} {n}" for n in range(2, len(taken) + 3)))
        if name not in taken
    )


def _start(heard: Splice, now: datetime.datetime, now_s: float) -> datetime.datetime:
    return now - datetime.timedelta(seconds=now_s - float(heard.marks["time_s"][0]))


def _shape(
    tape: Tape, heard: Splice, gaps: Sequence[tuple[int, int]]
) -> dict[str, int | float | list[dict[str, float]]]:
    rate = tape.sample_rate_hz
    return {
        "sample_rate_hz": rate,
        "channels": tape.channels,
        "frames": heard.frames,
        "seconds": heard.frames / rate,
        "block_frames": int(heard.marks["frames"][-1]),
        "gaps": [{"at_s": at / rate, "seconds": frames / rate} for at, frames in gaps],
    }


def _bundles(page: Page, heard: Splice, rate: int) -> list[dict[str, Any]]:
    """What played during the take, and from when on."""
    times = heard.times_s
    loads = [(int(np.searchsorted(times, at)), what) for at, what in page.loads]
    before = [(at, what) for at, what in loads if at == 0][-1:]
    during = [(at, what) for at, what in loads if 0 < at < len(times)]
    return [
        {"at_s": float(heard.places[at]) / rate, **dataclasses.asdict(what)}
        for at, what in before + during
    ]


def _events(
    page: Page, specs: Mapping[str, ParamSpec], heard: Splice, rate: int
) -> list[dict[str, Any]]:
    made = events(page, specs, heard.times_s, heard.places / rate, most=MOST_EVENTS)
    return [{"at_s": e.at_s, "param": e.param, "to": e.to, "who": who} for e, who in made]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
