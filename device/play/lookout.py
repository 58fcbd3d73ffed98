"""What control looks for while it plays: troubles that audio tells of, late loads, short memory.

    status: trouble ──► the screen       memory: little left ──► spare engines are let go of,
    status: serial  ──► a late load                              no bundle is loaded meanwhile

It moves nothing and answers nobody.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from device.control.source import Take
from device.errors import AudioError
from device.play.swap import Swap
from device.status import Status
from device.words import sentence

LOOK_S = 0.25
MEMORY_S = 2.0
AMPLE = 1.25
"""Memory is no longer short when this many times the limit is free: not on, off, on, off."""


class Memory:
    """Whether memory is short, with a margin between short and no longer short."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self.short = False

    def look(self, free_bytes: int) -> bool:
        """Note what is free; whether that changed anything."""
        was = self.short
        self.short = free_bytes < self._limit_bytes * (AMPLE if was else 1.0)
        return self.short != was


class Lookout:
    """A source that only looks. `free` is the memory that is left, in bytes, if that can be told;
    `shed` frees some."""

    name = "lookout"

    def __init__(
        self,
        status: Path,
        swap: Swap,
        *,
        free: Callable[[], int | None],
        limit_bytes: int,
        shed: Callable[[], object],
        say: Callable[[str], None],
    ) -> None:
        self._status, self._swap, self._free = status, swap, free
        self._shed, self._say = shed, say
        self._memory = Memory(limit_bytes)
        self._trouble = ""
        self._timer: asyncio.TimerHandle | None = None

    def start(self, loop: asyncio.AbstractEventLoop, take: Take) -> None:
        """Begin to look."""
        self._look(loop, 0)

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self, loop: asyncio.AbstractEventLoop, looks: int) -> None:
        self._timer = loop.call_later(LOOK_S, self._look, loop, looks + 1)
        self._look_at_troubles()
        if told := self._swap.settle():
            self._say(told)
        if looks % round(MEMORY_S / LOOK_S) == 0:
            self._look_at_memory()

    def _look_at_troubles(self) -> None:
        try:
            trouble = Status(self._status).text("trouble")
        except AudioError:
            return  # it is just being made
        if trouble != self._trouble:
            self._trouble = trouble
            self._say(sentence(trouble) or "All is well again.")

    def _look_at_memory(self) -> None:
        free_bytes = self._free()
        if free_bytes is None or not self._memory.look(free_bytes):
            return
        if self._memory.short:
            self._shed()
            self._swap.refusing = (
                "memory is short, so nothing is loaded until more is free. End other programs"
            )
            self._say(
                "Memory is short: spare instruments are let go of, and none can be loaded until "
                "more is free."
            )
        else:
            self._swap.refusing = ""
            self._say("There is enough memory again.")
