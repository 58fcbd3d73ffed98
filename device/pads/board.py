"""The board: sixteen pads under a player's hands. A source, with acts and answers.

    acts ─► another kit ─► renderer ─► bank ─┐
    notes, hits ────────────────► queue ─────┴─► the loop       (both: the rack)
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
from device.errors import ControlError, OndineError
from device.mapping.disk import Disk
from device.pads import acts, kit, kitchen
from device.pads.bank import PADS
from device.pads.generator import Generator, kind_named, shipped
from device.pads.hits import ALL
from device.pads.kit import FIRST_NOTE, Kit
from device.pads.likeness import Likeness
from device.pads.rack import Rack
from device.play.acts import ActSpec, Do

LAST = "last"
"""The kit as it was left."""
LOOK_S = 0.25
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
        self._disk, self._say, self._clock = disk, say, clock
        self._engine_path, self._rng = engine or shipped(), np.random.default_rng(seed)
        self.kit = kit.blank()
        self._before: list[Kit] = []
        self._engine: Generator | None = None
        self._rack = Rack(folder, self._tell)
        self._likeness = Likeness(disk, self._engine_path)
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
        self._rack.close()
        self._keep()

    def _look(self) -> None:
        """Whether there is a bank now, or another one; then everything is laid on it."""
        if self._loop is None:
            return
        self._open()
        if self._kept is not self.kit:
            self._keep()
        self._timers = [self._loop.call_later(LOOK_S, self._look)]

    def _open(self) -> None:
        if not self._rack.look() or self._loop is None:
            return
        if any(not pad.empty for pad in self.kit.pads):
            task = self._loop.create_task(self._lay_all())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _lay_all(self) -> None:
        try:
            engine = await self._ready()
        except OndineError as error:
            self._say(f"Pads: {error}.")
            return
        for number, pad in enumerate(self.kit.pads):
            self._rack.lay(number, pad, engine)

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
        self._open()
        self._rack.strike(number, velocity, when_s)

    # --- acts ----------------------------------------------------------------------------------

    def acts(self) -> dict[ActSpec, Do]:
        """What a player can have done."""
        return {
            acts.HIT: self._hit,
            acts.QUIET: self.quiet,
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

    def quiet(self) -> str:
        """End every pad's sound; returns a sentence."""
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
        changed, said = await self._likeness.next(self.kit, number)
        await self._ready()
        # Another act may have come meanwhile: only this pad is taken over.
        self._change(self.kit.with_pad(number, changed.pads[number]), similar=True)
        return said

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
        self._rack.follow(was, self.kit, self._engine)
        return "The pads are as they were before."

    async def listen(self, file: str) -> str:
        """Listen to a folder, so that `pads/similar` finds what is in it.

        Raises:
            ControlError: if it holds nothing.
        """
        return await self._likeness.listen(file, await self._ready())

    async def _save(self, name: str) -> str:
        await asyncio.to_thread(kit.keep, self._disk, name, self.kit)
        return f"The kit {name} is kept."

    async def _load(self, name: str) -> str:
        loaded = await asyncio.to_thread(kit.kept, self._disk, name)
        await self._ready()
        self._change(loaded)
        return f"The kit {name} is on the pads."

    # --- what acts do --------------------------------------------------------------------------

    async def _ready(self) -> Generator:
        """The drum engine, loaded if need be."""
        if self._engine is None:
            self._engine = await asyncio.to_thread(Generator, self._engine_path)
        return self._engine

    def _change(self, to: Kit, *, similar: bool = False) -> None:
        was, self.kit = self.kit, to
        self._before = [*self._before[-STEPS:], was]
        for number, (a, b) in enumerate(zip(was.pads, to.pads, strict=True)):
            if a != b and not similar:
                self._likeness.forget(number)
        self._rack.follow(was, to, self._engine)

    def _tell(self, sentence: str) -> None:
        """From the renderer's thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._say, sentence)

    def rendered(self, timeout_s: float = 10.0) -> bool:
        """Wait until the pads sound as they should; False if it takes longer."""
        return self._rack.rendered(timeout_s)
