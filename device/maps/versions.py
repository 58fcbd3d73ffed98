"""The learned map of the moment, and the way back: no edit and no new map is ever lost.

    a map:  pairs ─edit─► pairs ─edit─► pairs        500 steps, in the map itself
              ▲
    maps:   map ─begin─► map ─import─► map           8 steps, here

Fitting may take long, so the next map is made in a thread while the one before plays.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from device.errors import ControlError
from device.mapping.history import History
from device.mapping.learned import LearnedMap
from device.maps.words import NO_MAP

MOST_ASIDE = 8
"""Maps before this one that undo leads back to."""


class Versions:
    """`now` is the map of the moment, None if none was begun. `use` is given each new one."""

    def __init__(self, use: Callable[[LearnedMap], Awaitable[None]]) -> None:
        self._use = use
        self._maps: History[LearnedMap | None] = History(None)

    @property
    def now(self) -> LearnedMap | None:
        """The map of the moment, without what is left of a glide."""
        return self._maps.now

    @property
    def steps(self) -> int:
        """How many can be undone."""
        within = 0 if self.now is None else len(self.now.history.past)
        return within + len(self._maps.past)

    def restored(self, map: LearnedMap) -> None:
        """A scene's map: there is nothing to undo in it."""
        self._maps = History(map)

    async def another(self, make: Callable[[], LearnedMap]) -> LearnedMap:
        """A map with other inputs, targets or pairs in the place of this one."""
        before = self.now
        map = await asyncio.to_thread(make)
        self._refuse_unless(before)
        if before is None:
            self._maps = History(map)
        else:
            done = self._maps.do(map)
            self._maps = replace(done, past=done.past[-MOST_ASIDE:])
        await self._use(map)
        return map

    async def edit(
        self, change: Callable[[LearnedMap], LearnedMap], *, step: bool = True
    ) -> LearnedMap:
        """The next of this map. One that is no `step` for players keeps what could be redone.

        Raises:
            ControlError: if there is no map, or `change` refuses.
        """
        before = self.now
        if before is None:
            raise ControlError(NO_MAP)
        map = await asyncio.to_thread(change, before)
        self._refuse_unless(before)
        self._maps = replace(self._maps, now=map, undone=() if step else self._maps.undone)
        await self._use(map)
        return map

    async def step(self, back: bool) -> LearnedMap:
        """Undo or redo: an edit of this map, else the map before or after it.

        Raises:
            ControlError: if there is nothing to undo or redo.
        """
        map = self.now
        if map is not None and (map.history.past if back else map.history.undone):
            take = LearnedMap.undo if back else LearnedMap.redo
            return await self.edit(lambda m: take(m, None, 0.0), step=False)
        stepped = self._maps.undo() if back else self._maps.redo()
        if stepped is self._maps or stepped.now is None:
            raise ControlError(f"there is nothing to {'undo' if back else 'redo'}")
        self._maps = stepped
        await self._use(stepped.now)
        return stepped.now

    def _refuse_unless(self, before: LearnedMap | None) -> None:
        if self.now is not before:
            raise ControlError("a scene with another map came in between; do it again")
