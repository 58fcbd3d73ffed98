"""The sticks of a performance: offered as they are plugged in, taken from when a player asks.

    every 2 s, in a thread: look ──► something new: said, with what to do
    stick/list, stick/take  ──────► in a thread; one at a time

A stick that hangs holds up a thread, and neither the sound nor any other control.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from device.control.source import Take
from device.errors import ControlError
from device.play.acts import ActSpec, Do
from device.sticks.acts import LIST, TAKE
from device.sticks.found import Found, look
from device.sticks.shelf import Shelf
from device.sticks.take import Check, Elsewhere, pieces_of, sweep, take
from device.words import nearest

LOOK_S = 2.0
MOST_SHOWN = 8
ALL = "all"


class Sticks:
    """A source that looks for sticks under `folder`, and the acts that take from them.

    `check` proves a file of `shelf` harmless; `elsewhere` knows the instruments of other folders.
    `taken` is called after each that has come.
    """

    name = "sticks"

    def __init__(
        self,
        folder: Path,
        shelf: Shelf,
        *,
        check: Check,
        elsewhere: Elsewhere,
        say: Callable[[str], None],
        taken: Callable[[], None] = lambda: None,
    ) -> None:
        self._folder, self._shelf, self._check = folder, shelf, check
        self._elsewhere, self._say, self._taken = elsewhere, say, taken
        self._told: tuple[Found, ...] = ()
        self._busy = self._enough = False
        self._looking: asyncio.Task[None] | None = None

    def acts(self) -> dict[ActSpec, Do]:
        """What a player can have done."""
        return {LIST: self.list, TAKE: lambda name: self.take(str(name))}

    @property
    def busy(self) -> bool:
        """Whether an instrument is being copied just now."""
        return self._busy

    def start(self, loop: asyncio.AbstractEventLoop, take: Take) -> None:
        """Begin to look."""
        self._looking = loop.create_task(self._look_on())

    def close(self) -> None:
        """Look no more, and take nothing more than what is being copied."""
        self._enough = True
        if self._looking is not None:
            self._looking.cancel()

    async def list(self) -> str:
        """What is on the sticks, as a sentence."""
        found = await asyncio.to_thread(look, self._folder)
        if not found:
            return "There is no instrument on a stick."
        return f"On the stick: {_listed(found)}."

    async def take(self, name: str) -> str:
        """Take one, or all; returns what came of it.

        Raises:
            ControlError: if there is none of that name, it cannot be had, or one is being taken.
        """
        if self._busy:
            raise ControlError("an instrument is being copied just now; wait until it is here")
        self._busy = True
        try:
            found = await asyncio.to_thread(look, self._folder)
            return await self._take(_wanted(name, found))
        finally:
            self._busy = False

    async def _take(self, wanted: Sequence[Found]) -> str:
        came, refused = list[str](), list[str]()
        for number, one in enumerate(wanted, 1):
            if self._enough:
                break
            if len(wanted) > 1:
                self._say(f"Copying {one.name}, {number} of {len(wanted)}.")
            try:
                came.append(await asyncio.to_thread(self._take_one, one))
                self._taken()
            except ControlError as error:
                refused.append(str(error).rstrip(". "))
        if not came:
            raise ControlError("; ".join(refused) or "nothing was copied")
        return "; ".join([*came, *refused]) + "."

    def _take_one(self, one: Found) -> str:
        pieces = pieces_of(self._folder, one)
        return take(one, self._shelf, pieces, check=self._check, elsewhere=self._elsewhere)

    async def _look_on(self) -> None:
        await asyncio.to_thread(sweep, self._shelf)
        while True:
            if not self._busy:
                with contextlib.suppress(OSError):
                    self.tell(await asyncio.to_thread(look, self._folder))
            await asyncio.sleep(LOOK_S)

    def tell(self, found: tuple[Found, ...]) -> None:
        """Offer what was not there before; said once for as long as it is there."""
        new = [one for one in found if one not in self._told]
        self._told = found
        if new:
            many = "instruments" if len(new) > 1 else "an instrument"
            self._say(f"A stick with {many}: {_listed(new)}. stick/take NAME, or all, copies.")


def _wanted(name: str, found: Sequence[Found]) -> Sequence[Found]:
    wanted = [one for one in found if name in (ALL, one.name)]
    if not wanted and not found:
        raise ControlError("there is no instrument on a stick. Plug one in with .ondine files")
    if not wanted:
        near = nearest(name, [one.name for one in found]) or f"; there are {_listed(found)}"
        raise ControlError(f"there is no {name[:40]!r} on the stick{near}")
    return wanted


def _listed(found: Sequence[Found]) -> str:
    names = list(dict.fromkeys(one.name for one in found))
    more = len(names) - MOST_SHOWN
    return ", ".join(names[:MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")
