"""The board: sixteen pads under a player's hands. A source, with acts and answers.

    acts ─► another kit ─► renderer ─► bank ─┐
    notes, hits ────────────────► queue ─────┴─► the loop
               kits on disk: by name, and "last" as it was left

A kit is never changed, only followed by another, so `undo` is the one before. The drum engine is
loaded when it is first needed, in a thread; what is quick is done on the control loop.
"""

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from device.control.midi.message import Message, NoteOn
from device.control.osc_reply import Answer
from device.control.source import Take
from device.errors import AudioError, ControlError, OndineError
from device.library.library import Library, engine_named, remember, remembered
from device.mapping.disk import Disk
from device.pads import acts, kit, kitchen
from device.pads.bank import PADS, Bank
from device.pads.generator import Generator, kind_named, shipped
from device.pads.hits import ALL, Hits
from device.pads.kit import FIRST_NOTE, Kit, Pad
from device.pads.layout import CLASSES
from device.pads.rendering import Renderer, place
from device.play.acts import ActSpec, Do

LAST = "last"
"""The kit as it was left."""
LOOK_S = 0.25
KEEP_S = 1.0
STEPS = 50


class Board:
    """Pads of the instrument that plays; `folder` is where audio keeps its shared memory."""

    name = "pads"

    def __init__(
        self,
        folder: Path,
        disk: Disk,
        *,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        engine: Path | None = None,
        seed: int | None = None,
    ) -> None:
        """`disk` is where kits are; `engine` the drum engine's bundle, if not the one that ships.

        `clock` must be CLOCK_MONOTONIC where hits are to be heard.
        """
        self._folder, self._disk, self._say, self._clock = folder, disk, say, clock
        self._engine_path, self._rng = engine, np.random.default_rng(seed)
        self.kit = kit.blank()
        self._before: list[Kit] = []
        self._engine: Generator | None = None
        self._renderer: Renderer | None = None
        self._bank: Bank | None = None
        self._hits: Hits | None = None
        self._library: Library | None = None
        self._similar: dict[int, set[tuple[str, int]]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._kept: Kit | None = None

    # --- a source ------------------------------------------------------------------------------

    def start(self, loop: asyncio.AbstractEventLoop, take: Take) -> None:
        """Take the kit that was left, and lay it once the audio process is there."""
        self._loop = loop
        with contextlib.suppress(ControlError):
            self.kit = self._kept = kit.kept(self._disk, LAST)
        self._look()

    def close(self) -> None:
        """Keep the kit, let go of the threads; calling it twice is allowed."""
        for timer in self._timers:
            timer.cancel()
        for task in self._tasks:
            task.cancel()
        self._timers.clear()
        self._loop = None
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None
        self._keep()

    def _look(self) -> None:
        """Whether there is a bank now, or another one; then everything is laid on it."""
        if self._loop is None:
            return
        if self._bank is None or self._bank.replaced:
            self._open()
        if self._kept is not self.kit:
            self._keep()
        self._timers = [self._loop.call_later(LOOK_S, self._look)]

    def _open(self) -> None:
        self._bank = self._hits = None
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None
        try:
            bank = Bank(self._folder / "pads")
            self._hits = Hits(self._folder / "hits")
        except AudioError:
            return
        self._bank = bank
        if any(not pad.empty for pad in self.kit.pads) and self._loop is not None:
            task = self._loop.create_task(self._lay_all())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _lay_all(self) -> None:
        try:
            await self._ready()
        except OndineError as error:
            self._say(f"Pads: {error}.")
            return
        for number in range(PADS):
            self._lay(number)

    def _keep(self) -> None:
        if self._kept is self.kit:
            return
        self._kept = self.kit  # one that cannot be kept is not tried for ever
        try:
            kit.keep(self._disk, LAST, self.kit)
        except ControlError as error:
            self._say(f"{error}.")

    # --- striking ------------------------------------------------------------------------------

    def note(self, message: Message, when_s: float) -> None:
        """A MIDI message as it came: notes 36..51 strike pads 1..16. Never raises."""
        if isinstance(message, NoteOn) and 0 <= message.note - FIRST_NOTE < PADS:
            with contextlib.suppress(OndineError):
                self.strike(message.note - FIRST_NOTE, message.velocity / 127, when_s)

    def strike(self, number: int, velocity: float, when_s: float) -> None:
        """Strike a pad 0..15, as at `when_s`.

        Raises:
            ControlError: if no audio process plays pads.
        """
        if self._hits is None:
            self._open()
        if self._hits is None:
            raise ControlError("no pads are there to be struck: is the sound running?")
        self._hits.hit(number, velocity, when_s)

    # --- acts ----------------------------------------------------------------------------------

    def acts(self) -> dict[ActSpec, Do]:
        """What a player can have done."""
        return {
            acts.HIT: self._hit,
            acts.QUIET: self._quiet,
            acts.RANDOM: self._random,
            acts.CLASS: self._class,
            acts.VARY: self._vary,
            acts.MIX: self._mix,
            acts.STROKE: self._stroke,
            acts.SIMILAR: self._similar_to,
            acts.FROM: self._from,
            acts.COPY: self._copy,
            acts.LEVEL: lambda pad, level_db: self._set(pad, "level_db", float(level_db), "dB"),
            acts.PAN: lambda pad, pan: self._set(pad, "pan", float(pan), ""),
            acts.PITCH: self._pitch,
            acts.CHOKE: self._choke,
            acts.UNDO: self._undo,
            acts.LIBRARY: self.listen,
            acts.SAVE: self._save,
            acts.LOAD: self._load,
        }

    @property
    def questions(self) -> dict[str, Callable[[], Sequence[Answer]]]:
        """Addresses that are answered, and by what."""
        return {"/ondine/pads": self.answers}

    def answers(self) -> list[Answer]:
        """What lies on each pad: number, class, what it is, level, pan, pitch, choke group."""
        told: list[Answer] = []
        for number, pad in enumerate(self.kit.pads, 1):
            what = "empty" if pad.empty else Path(pad.file).name if pad.file else "made"
            place_of = [pad.level_db, pad.pan, pad.pitch, pad.choke]
            told.append((f"/ondine/pads/{number}", [pad.kind, what, *place_of]))
        return told

    def _hit(self, pad: float, velocity: float = 0.8) -> str:
        number = kitchen.number_of(pad)
        if not 0.0 <= velocity <= 1.0:
            raise ControlError(f"a velocity of {velocity:g} is not possible; 0 to 1 is")
        self.strike(number, velocity, self._clock())
        return f"Pad {number + 1}: {self.kit.pads[number].kind}."

    def _quiet(self) -> str:
        self.strike(ALL, 0.0, self._clock())
        return "The pads are silent."

    async def _random(self, pad: float | None = None) -> str:
        numbers = range(PADS) if pad is None else [kitchen.number_of(pad)]
        engine = await self._ready()
        self._change(kitchen.randomised(self.kit, numbers, engine, self._rng))
        if pad is None:
            return "Another drum on every pad."
        return f"Pad {numbers[0] + 1} is another {self.kit.pads[numbers[0]].kind}."

    async def _class(self, pad: float, name: str) -> str:
        number, name = kitchen.number_of(pad), name.lower()
        kind_named(name)
        engine = await self._ready()
        named = dataclasses.replace(self.kit.pads[number], kind=name)
        changed = self.kit.with_pad(number, named)
        self._change(kitchen.randomised(changed, [number], engine, self._rng))
        return f"Pad {number + 1} is a {name}."

    async def _vary(self, pad: float, amount: float = 0.3) -> str:
        number, engine = kitchen.number_of(pad), await self._ready()
        self._change(kitchen.varied(self.kit, number, amount, engine, self._rng))
        return f"Pad {number + 1} is varied by {amount:g}."

    async def _mix(self, pad: float, *parts: float) -> str:
        number, engine = kitchen.number_of(pad), await self._ready()
        self._change(kitchen.mixed(self.kit, number, parts, engine, self._rng))
        return f"Pad {number + 1} is mixed, and most like a {self.kit.pads[number].kind}."

    async def _stroke(self, pad: float) -> str:
        number, engine = kitchen.number_of(pad), await self._ready()
        self._change(kitchen.varied(self.kit, number, 0.0, engine, self._rng))
        return f"Pad {number + 1}: another stroke."

    async def _from(self, file: str, pad: float, hit: float = 1.0) -> str:
        number, engine = kitchen.number_of(pad), await self._ready()
        path = Path(file).expanduser()
        one = await asyncio.to_thread(kitchen.from_file, self.kit, number, path, int(hit), engine)
        # Another act may have come meanwhile: only this pad is taken over.
        self._change(self.kit.with_pad(number, one.pads[number]))
        return f"Pad {number + 1} is {path.name}, a {self.kit.pads[number].kind} by its sound."

    async def _similar_to(self, pad: float) -> str:
        number = kitchen.number_of(pad)
        library = await self._opened()
        if library is None or not len(library.search):
            raise ControlError("there is no library yet; give a folder with pads/library")
        on = kitchen.full(self.kit, number)
        await self._ready()
        # What was on the pad to begin with counts as tried: the ones after it are wanted.
        tried = self._similar.setdefault(number, {(on.file, on.start)})
        near = library.search.nearest(np.array(on.latents), len(tried) + 1)
        fresh = [f for f in near if (str(library.path_of(f)), f.segment.start) not in tried]
        if not fresh:
            del self._similar[number]
            raise ControlError("nothing else of the library is like it; ask again to begin anew")
        found = fresh[0]
        path = library.path_of(found)
        tried.add((str(path), found.segment.start))
        new = dataclasses.replace(
            on,
            kind=CLASSES[found.kind] if 0 <= found.kind < len(CLASSES) else on.kind,
            file=str(path),
            start=found.segment.start,
            frames=found.segment.frames,
            # Its own latents stay: the next one is similar to the same sound, not to this one.
        )
        self._change(self.kit.with_pad(number, new), similar=True)
        at_s = found.segment.start / 48_000
        return f"Pad {number + 1} is {found.path} from {at_s:.2f} s, {found.distance:.1f} away."

    def _copy(self, pad: float, to: float) -> str:
        number, other = kitchen.number_of(pad), kitchen.number_of(to)
        self._change(self.kit.with_pad(other, kitchen.full(self.kit, number)))
        return f"Pad {other + 1} is what pad {number + 1} is."

    def _set(self, pad: float, field: str, value: float | int, unit: str) -> str:
        number = kitchen.number_of(pad)
        was = self.kit.pads[number]
        changes: dict[str, float | int] = {field: value}
        self._change(self.kit.with_pad(number, dataclasses.replace(was, **changes)))  # type: ignore[arg-type]
        return f"Pad {number + 1}: {field.partition('_')[0]} {value:g} {unit}".rstrip() + "."

    def _pitch(self, pad: float, semitones: float) -> str:
        return self._set(pad, "pitch", float(semitones), "semitones")

    def _choke(self, pad: float, group: float) -> str:
        if not float(group).is_integer():
            raise ControlError(f"a group is a whole number, 0 to 8, not {group:g}")
        return self._set(pad, "choke", int(group), "")

    def _undo(self) -> str:
        if not self._before:
            raise ControlError("nothing was changed on the pads yet")
        was, self.kit = self.kit, self._before.pop()
        self._lay_changed(was)
        return "The pads are as they were before."

    async def listen(self, file: str) -> str:
        """Listen to a folder, so that `pads/similar` finds what is in it.

        Raises:
            ControlError: if it holds nothing.
        """
        engine = await self._ready()
        path = self._engine_path or shipped()

        def heard() -> tuple[Library, str]:
            library = Library(Path(file).expanduser(), engine_named(path))
            report = library.listen(engine.encode)
            remember(self._disk, library.folder)
            unheard = f", {len(report.unheard)} files cannot be read" if report.unheard else ""
            return library, f"{report.segments} sounds in {report.files} files{unheard}."

        self._library, said = await asyncio.to_thread(heard)
        return said

    async def _save(self, name: str) -> str:
        await asyncio.to_thread(kit.keep, self._disk, name, self.kit)
        return f"The kit {name} is kept."

    async def _load(self, name: str) -> str:
        loaded = await asyncio.to_thread(kit.kept, self._disk, name)
        await self._ready()
        self._change(loaded)
        return f"The kit {name} is on the pads."

    async def _opened(self) -> Library | None:
        """The library of this evening, or of the last one as it was heard then."""
        if self._library is None and (folder := remembered(self._disk)) is not None:
            engine = engine_named(self._engine_path or shipped())
            self._library = await asyncio.to_thread(Library, folder, engine)
        return self._library

    # --- what acts do --------------------------------------------------------------------------

    async def _ready(self) -> Generator:
        """The drum engine, loaded if need be, with a renderer if there is a bank."""
        if self._engine is None:
            path = self._engine_path or shipped()
            self._engine = await asyncio.to_thread(Generator, path)
        return self._engine

    def _change(self, to: Kit, *, similar: bool = False) -> None:
        was, self.kit = self.kit, to
        self._before = [*self._before[-STEPS:], was]
        for number, (a, b) in enumerate(zip(was.pads, to.pads, strict=True)):
            if a != b and not similar:
                self._similar.pop(number, None)
        self._lay_changed(was)

    def _lay_changed(self, was: Kit) -> None:
        for number, (a, b) in enumerate(zip(was.pads, self.kit.pads, strict=True)):
            if a == b:
                continue
            if _sound(a) == _sound(b) and self._bank is not None:
                place(self._bank, number, b)
            else:
                self._lay(number)

    def _lay(self, number: int) -> None:
        pad = self.kit.pads[number]
        if self._bank is None or self._engine is None:
            return
        if pad.empty:
            place(self._bank, number, pad)
            return
        if self._renderer is None:
            self._renderer = Renderer(self._bank, self._engine, self._tell)
        self._renderer.ask(number, pad)

    def _tell(self, sentence: str) -> None:
        """From the renderer's thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._say, sentence)

    def rendered(self, timeout_s: float = 10.0) -> bool:
        """Wait until the pads sound as they should; False if it takes longer."""
        return self._renderer is None or self._renderer.done(timeout_s)


def _sound(pad: Pad) -> tuple[object, ...]:
    """What of a pad has to be rendered."""
    return (pad.latents, pad.seed, pad.file, pad.start, pad.frames, pad.pitch, pad.empty)
