"""Likeness: sounds of the player's own that are like the one on a pad, one after another."""

import asyncio
import dataclasses
from pathlib import Path

import numpy as np

from device.errors import ControlError
from device.library.library import Library, engine_named, remember, remembered
from device.mapping.disk import Disk
from device.pads import kitchen
from device.pads.generator import RATE_HZ, Generator
from device.pads.kit import Kit
from device.pads.layout import CLASSES


class Likeness:
    """The library of this evening, and what of it was tried on each pad."""

    def __init__(self, disk: Disk, engine: Path) -> None:
        """`disk` remembers the folder; `engine` is the bundle whose encoder listens."""
        self._disk, self._engine = disk, engine
        self._library: Library | None = None
        self._tried: dict[int, set[tuple[str, int]]] = {}

    async def listen(self, folder: str, engine: Generator) -> str:
        """Listen to a folder; returns what was found in it.

        Raises:
            ControlError: if it holds nothing.
        """

        def heard() -> tuple[Library, str]:
            library = Library(Path(folder).expanduser(), engine_named(self._engine))
            report = library.listen(engine.encode)
            remember(self._disk, library.folder)
            unheard = f", {len(report.unheard)} files cannot be read" if report.unheard else ""
            return library, f"{report.segments} sounds in {report.files} files{unheard}."

        self._library, said = await asyncio.to_thread(heard)
        return said

    async def next(self, kit: Kit, number: int) -> tuple[Kit, str]:
        """The kit with the next sound that is like the one on pad `number` (0..15), and what it is.

        Raises:
            ControlError: if there is no library, the pad is empty, or all was tried.
        """
        library = await self._opened()
        if library is None or not len(library.search):
            raise ControlError("there is no library yet; give a folder with pads/library")
        on = kitchen.full(kit, number)
        # What was on the pad to begin with counts as tried: the ones after it are wanted.
        tried = self._tried.setdefault(number, {(on.file, on.start)})
        near = library.search.nearest(np.array(on.latents), len(tried) + 1)
        fresh = [f for f in near if (str(library.path_of(f)), f.segment.start) not in tried]
        if not fresh:
            del self._tried[number]
            raise ControlError("nothing else of the library is like it; ask again to begin anew")
        found = fresh[0]
        path = str(library.path_of(found))
        tried.add((path, found.segment.start))
        new = dataclasses.replace(
            on,
            kind=CLASSES[found.kind] if 0 <= found.kind < len(CLASSES) else on.kind,
            file=path,
            start=found.segment.start,
            frames=found.segment.frames,
            # Its own latents stay: the next one is similar to the same sound, not to this one.
        )
        at_s = found.segment.start / RATE_HZ
        told = f"Pad {number + 1} is {found.path} from {at_s:.2f} s, {found.distance:.1f} away."
        return kit.with_pad(number, new), told

    def forget(self, number: int) -> None:
        """Another sound is on the pad: what was tried for the one before counts no more."""
        self._tried.pop(number, None)

    async def _opened(self) -> Library | None:
        """The library of this evening, or of the last one as it was heard then."""
        if self._library is None and (folder := remembered(self._disk)) is not None:
            engine = engine_named(self._engine)
            self._library = await asyncio.to_thread(Library, folder, engine)
        return self._library
