"""How the starts of a box went: its own log of them, which says what not to begin with again.

    a start ─► noted ─► 3 s, 10 min, a good end: noted in the log

Nothing is written until a scene has been saved or recalled here.
"""

import asyncio
import dataclasses
import threading
from collections.abc import Callable

from device.control.source import Take
from device.errors import ControlError
from device.mapping.disk import Disk
from device.mapping.last import read_last, read_starts, write_starts
from device.mapping.starts import MARKS_S, Now, Start, begun, ended, forgiven, gave_up, ran
from device.words import sentence


class StartLog:
    """A source that notes how long this start has run; `scene` is the one it began with.

    `write` is false where there is nothing to tell apart yet: no scene was ever on.
    """

    name = "log of starts"

    def __init__(self, disk: Disk, scene: int | None, now: Now, say: Callable[[str], None]) -> None:
        self._disk, self._say = disk, say
        self._wanted = read_last(disk) is not None
        self._log: tuple[Start, ...] = begun(read_starts(disk), scene, now)
        self._timers: list[asyncio.TimerHandle] = []
        self._writing: set[asyncio.Task[None]] = set()
        self._disk_is_mine = threading.Lock()

    def start(self, loop: asyncio.AbstractEventLoop, take: Take) -> None:
        """It plays: note it, and again at each mark."""
        if not self._wanted:
            return
        self._note()
        for mark_s in MARKS_S:
            self._timers.append(loop.call_later(mark_s, self._mark, mark_s))

    def forgive(self, scene: int) -> None:
        """A player has recalled a scene by hand: how it ended before does not count any more."""
        # How this start ends is still to be told: it may be badly all the same.
        now = [
            dataclasses.replace(told, good=s.good)
            for told, s in zip(forgiven(self._log[-1:], scene), self._log[-1:], strict=True)
        ]
        log = (*forgiven(self._log[:-1], scene), *now)
        if log != self._log:
            self._log = log
            self._note()

    def gave_up(self, scene: int | None) -> None:
        """The sound died so often with this scene on that another instrument plays instead."""
        if scene is not None:
            self._wanted = True
            self._log = gave_up(self._log, scene)
            self._note()

    def close(self) -> None:
        """It ended in good order."""
        for timer in self._timers:
            timer.cancel()
        for task in self._writing:
            task.cancel()
        if self._wanted and self._timers:
            self._timers.clear()
            self._log = ended(self._log)
            self._tell(self._write())

    def _mark(self, mark_s: float) -> None:
        self._log = ran(self._log, mark_s)
        self._note()

    def _note(self) -> None:
        task = asyncio.ensure_future(self._written())
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _written(self) -> None:
        self._tell(await asyncio.to_thread(self._write))

    def _write(self) -> str:
        """Write the log as it is by now; returns why that could not be done."""
        # One after the other, or a slow disk would end with an older one.
        with self._disk_is_mine:
            try:
                write_starts(self._disk, self._log)
            except ControlError as error:
                return str(error)
        return ""

    def _tell(self, trouble: str) -> None:
        """A full disk costs the note, never the sound."""
        if trouble:
            self._say(sentence(trouble))
