"""Keeping a take while it plays: what control knows of it, and one at a time.

The journal hears of every move that the desk applied, and of every bundle that came to play.
"""

import asyncio
import contextlib
import datetime
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from device.audio.tape import MAX_SECONDS, Tape
from device.control.desk import Desk
from device.control.journal import Instrument, Journal
from device.control.source import Take
from device.errors import AudioError, ControlError
from device.manifest import fingerprint
from device.paths import RunFolder
from device.play.playing import Playing
from device.status import Status
from device.takes.take import keep_take, takes_folder


class Keeping:
    """Writes takes of what plays in a run folder; `seconds` is how far back its tape reaches."""

    def __init__(self, folder: RunFolder, desk: Desk, playing: Playing, seconds: float) -> None:
        self._folder, self._desk, self._playing = folder, desk, playing
        self._journal = Journal(self._now_s, seconds)
        self._writing = False
        self._status: Status | None = None

    def tee(self, take: Take) -> Take:
        """A `take` that hands readings on, and notes them if they were applied."""
        return self._journal.tee(take, lambda: self._desk.specs)

    def plays(self, playing: Playing) -> None:
        """`playing` plays from now on, with the values that the desk has now."""
        self._playing = playing
        what = Instrument(
            playing.name,
            fingerprint(playing.manifest),
            playing.serial,
            playing.precision,
            playing.seed,
        )
        self._journal.loaded(what, self._desk.values())

    async def keep(self, request: Mapping[str, Any]) -> str:
        """Keep the last `seconds` of the request, all that is there if it has none, in `folder`.

        Raises:
            OndineError: if it cannot be kept.
        """
        seconds, folder = request.get("seconds"), request.get("folder")
        number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
        if seconds is not None and not (number and 0.0 < seconds <= MAX_SECONDS):
            raise ControlError(f"seconds are {str(seconds)[:40]!r}; above 0, up to {MAX_SECONDS:g}")
        if folder is not None and not (isinstance(folder, str) and folder.startswith("/")):
            raise ControlError(f"folder is {str(folder)[:40]!r}; give a whole path, from / on")
        if self._writing:
            raise AudioError("a take is being written just now; try again in a moment")
        self._writing = True
        try:
            place = Path(folder) if folder else takes_folder()
            return await asyncio.to_thread(self._write, seconds, place)
        finally:
            self._writing = False

    @property
    def writing(self) -> bool:
        """Whether a take is being written just now."""
        return self._writing

    def _write(self, seconds: float | None, place: Path) -> str:
        take = keep_take(
            Tape(self._folder.tape),
            place,
            name=self._playing.name,
            now=datetime.datetime.now().astimezone(),
            now_s=self._now_s(),
            seconds=seconds,
            journal=self._journal,
            specs=self._desk.specs,
        )
        return f"{take.sentence}."

    def _now_s(self) -> float:
        """The time on the audio process's clock, which a simulated card may speed up."""
        # Opened once: it is asked for every move, and a new audio process writes to the same file.
        with contextlib.suppress(AudioError):
            self._status = self._status or Status(self._folder.status)
        speed = self._status["speed"] if self._status else 0.0
        return time.monotonic() * (speed or 1.0)
