"""This player's own patch, stored as it is learned.

    keep ─► the newest waits ─► at most once a second, off the loop ─► patch.json
                                                          close ─► what waits, at once

A patch that was given with --patch is the player's work and is never written to.
"""

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from device.control.source import Take
from device.errors import ControlError
from device.hands.own_file import OwnFile
from device.mapping.disk import Disk, Folder
from device.mapping.macros import PREFIX
from device.mapping.patch import FORMAT, MAX_BYTES, Patch, as_json, decode_mapping
from device.mapping.routes import sound_name

EVERY_S = 1.0
AGAIN_S = 10.0
"""After the disk refused."""


class PatchFile:
    """A source that only writes. `given`: the patch that plays was given with --patch."""

    name = "patch file"

    def __init__(
        self,
        disk: Disk,
        name: str,
        *,
        say: Callable[[str], None],
        given: bool = False,
        every_s: float = EVERY_S,
        again_s: float = AGAIN_S,
    ) -> None:
        """Nothing is read or written yet."""
        self._file = OwnFile(disk, name, "your patch", MAX_BYTES)
        self._say, self._every_s, self._again_s = say, every_s, again_s
        self._never = "the patch was given with --patch" if given else ""
        self._told_never, self._trouble = False, ""
        self._newest: tuple[int, Patch] | None = None
        self._next_s = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self._one_at_a_time = threading.Lock()
        self._stored, self._data = 0, b""

    def read(self, specs: Iterable[str]) -> Patch | None:
        """The patch that is stored; None if there is none that can be used, which is said.

        What it says of parameters that this instrument has not is in it all the same. A damaged one
        is set aside. One that cannot be read, or was made by a newer Ondine, is left alone, and
        nothing is stored.
        """
        try:
            data = self._file.read()
        except ControlError as error:
            self._never = f"{error}"
            self._say(f"Playing without your patch: {error}.")
            return None
        if data is None:
            return None
        try:
            return decode_mapping(data, _mentioned(data, specs))
        except ControlError as error:
            self._say(self._out_of_the_way(data, str(error).rstrip(". ")))
            return None

    def keep(self, patch: Patch) -> None:
        """Store this, soon; of several the newest. On the loop."""
        if self._never:
            if not self._told_never:
                self._told_never = True
                self._say(f"What you learn is played, but not stored: {self._never}.")
            return
        self._newest = (self._newest[0] + 1 if self._newest else 1, patch)
        self._begin()

    def start(self, loop: asyncio.AbstractEventLoop, take: Take) -> None:
        """Begin to write, now and then."""
        self._loop = loop
        self._begin()

    def close(self) -> None:
        """Write what is not stored yet, and wait for it."""
        self._loop = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._newest is not None and self._newest[0] > self._stored:
            try:
                self._store(*self._newest)
            except ControlError as error:
                self._say(f"What you learned last is not stored: {error}.")

    def _begin(self) -> None:
        """Write, or see that it is done later, unless that is under way."""
        if self._loop is None or self._newest is None or self._timer or self._writing:
            return
        if self._newest[0] == self._stored:
            return
        wait_s = self._next_s - self._loop.time()
        if wait_s > 0.0:
            self._timer = self._loop.call_later(wait_s, self._due)
        else:
            self._next_s = self._loop.time() + self._every_s
            self._writing = self._loop.create_task(self._write(*self._newest))

    def _due(self) -> None:
        self._timer, self._next_s = None, 0.0
        self._begin()

    async def _write(self, number: int, patch: Patch) -> None:
        try:
            await asyncio.to_thread(self._store, number, patch)
        except ControlError as error:
            if self._loop is not None:
                self._next_s = self._loop.time() + self._again_s
            if str(error) != self._trouble:
                self._trouble = str(error)
                self._say(f"What you learn is not stored: {error}. It is tried again.")
        else:
            if self._trouble:
                self._trouble = ""
                self._say("What you learned is stored now.")
        finally:
            self._writing = None
            self._begin()

    def _store(self, number: int, patch: Patch) -> None:
        """In any thread. An older one never takes the place of a newer one."""
        with self._one_at_a_time:
            if number <= self._stored:
                return
            # Without indents: what was read must not become too long by being written.
            whole = json.dumps(as_json(patch), ensure_ascii=False, separators=(",", ":"))
            data = whole.encode() + b"\n"
            if data != self._data:
                self._file.put(data)
            self._stored, self._data = number, data

    def _out_of_the_way(self, data: bytes, problem: str) -> str:
        """Set the file aside, unless a newer Ondine made it; returns what to say."""
        if _is_newer(data):
            self._never = "your patch was made by a newer Ondine"
            return f"Playing without your patch, which is left as it is: {problem}."
        try:
            aside = self._file.set_aside()
        except ControlError as error:
            self._never = str(error)
            return f"Playing without your patch: {problem}. {error}."
        return f"Your patch cannot be used and was set aside as {aside}: {problem}."


def own_patch_file(path: Path, say: Callable[[str], None], *, given: bool) -> PatchFile:
    """The patch at `path`; where that is a link, what it leads to is written."""
    with contextlib.suppress(RuntimeError):  # links in a circle: reading tells
        path = path.resolve()
    return PatchFile(Folder(path.parent), path.name, say=say, given=given)


def _mentioned(data: bytes, specs: Iterable[str]) -> set[str]:
    """The parameters of `specs`, and those that other instruments have and the patch speaks of."""
    ids = set(specs)
    try:
        raw = json.loads(data)
        moves = [move for macro in raw.get("macros", []) for move in macro["moves"]]
        targets = [each["target"] for each in (*raw.get("routes", []), *moves)]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ids  # what is wrong with it is told when it is decoded
    return ids | {
        target
        for target in targets
        if isinstance(target, str) and sound_name(target) and not target.startswith(PREFIX)
    }


def _is_newer(data: bytes) -> bool:
    try:
        format = json.loads(data)["format"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return False
    return type(format) is int and format > FORMAT
