"""A morph while it plays: two parameters that are none of the instrument's move between scenes.

    knob/1 ─► morph/x ─┐
                       ├─► glides to its place ─► readings of all that differs
    OSC    ─► morph/y ─┘

It is kept beside the scenes, and made ready anew whenever they or the instrument change.
"""

import asyncio
import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence

from device.control.osc_reply import Answer
from device.control.source import Reading, Take
from device.errors import ControlError
from device.mapping.disk import Disk, put, why
from device.mapping.morph import (
    Blend,
    Line,
    Morph,
    Place,
    Plane,
    Way,
    decode_morph,
    glide,
    prepare,
    readings,
)
from device.mapping.scene import Scene
from device.mapping.scenes import find_scene
from device.params import ParamSpec
from device.play.acts import ActSpec, Do, Value
from device.scenes import acts as scene_acts

FILE = "morph.json"
MAX_BYTES = 1 << 16
TICK_S = 0.004
PLACES = {
    f"morph/{axis}": ParamSpec(f"morph/{axis}", f"Morph {axis}", 0.0, 1.0, 0.0, group="morph")
    for axis in "xy"
}
"""What a morph is moved by, by id."""


class Morphing:
    """The morph of a performance. `take` moves parameters; `instrument` is called what plays."""

    def __init__(
        self,
        disk: Disk,
        *,
        scenes: Callable[[], Mapping[int, Scene]],
        specs: Callable[[], Mapping[str, ParamSpec]],
        instrument: Callable[[], str],
        take: Take,
        say: Callable[[str], None],
    ) -> None:
        self._disk, self._scenes, self._specs = disk, scenes, specs
        self._instrument, self._take, self._say = instrument, take, say
        self.morph = read_morph(disk)
        self._place: Place = (0.0, 0.0)
        self._target: Place = (0.0, 0.0)
        self._moved_s = 0.0
        self._blend: Blend | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._writing = asyncio.Lock()
        self.prepare()

    def acts(self) -> dict[ActSpec, Do]:
        """What a player can do with it."""
        return {
            scene_acts.LINE: self._line,
            scene_acts.PLANE: self._plane,
            scene_acts.GLIDE: lambda seconds: self._ways(glide_s=float(seconds)),
            scene_acts.CURVE: lambda curve: self._ways(curve=float(curve)),
            scene_acts.WITHOUT: self._without,
            scene_acts.OFF: self._off,
        }

    def answers(self) -> list[Answer]:
        """Between which scenes it moves; none if it is off."""
        return [("/ondine/morph/scenes", list(self.morph.scenes) if self.morph else [])]

    def values(self) -> dict[str, float]:
        """Where it was sent, by id."""
        return dict(zip(PLACES, self._target, strict=True))

    def parting(self, take: Take) -> Take:
        """A `take` for everything, which keeps what is meant for the morph."""

        def parted(all: Sequence[Reading]) -> None:
            if others := [reading for reading in all if reading.param not in PLACES]:
                take(others)
            if mine := [reading for reading in all if reading.param in PLACES]:
                self._move(mine)

        return parted

    def prepare(self) -> None:
        """Scenes or the instrument have changed: make it ready for them, if it can be."""
        self._blend = None
        if self.morph is not None:
            try:
                self._blend = self._prepared(self.morph)
            except ControlError as error:
                self._say(f"The morph rests: {error}.")

    def close(self) -> None:
        """It moves no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _prepared(self, morph: Morph) -> Blend:
        scenes, plays = self._scenes(), self._instrument()
        blend = prepare(morph, scenes, self._specs())
        others = {scenes[n].bundle for n in morph.scenes} - {"", plays}
        if others:
            raise ControlError(f"its scenes are of {others.pop()}, and {plays} plays")
        return blend

    def _move(self, mine: Sequence[Reading]) -> None:
        where = self.values()
        where |= {reading.param: min(max(reading.value, 0.0), 1.0) for reading in mine}
        self._target = tuple(where.values())
        if self._timer is None:
            # Not the reading's time: a timeline counts from its own beginning.
            self._moved_s = asyncio.get_running_loop().time()
            self._go_on()

    def stop(self) -> None:
        """It stays where it is, even on its way: something else moves what it moves."""
        self.close()
        self._target = self._place

    def _go_on(self) -> None:
        """One step towards the target, and another in a while if it is not reached."""
        self._timer = None
        loop = asyncio.get_running_loop()
        now_s, blend = loop.time(), self._blend
        if blend is None:
            self._place = self._target
            return
        size = 1 if isinstance(blend.morph, Line) else 2
        place, target = self._place[:size], self._target[:size]
        moved = glide(blend.morph, place, target, max(now_s - self._moved_s, 0.0))
        self._moved_s = now_s
        self._place = (*moved, *self._target[size:])
        self._take(readings(blend, moved, now_s))
        if moved != target:
            self._timer = loop.call_later(TICK_S, self._go_on)

    async def _line(self, *wanted: Value) -> str:
        numbers = self._numbers(wanted)
        kept = self.morph.exclude if self.morph else ()
        return await self._set(Line(numbers, exclude=kept))

    async def _plane(self, *wanted: Value) -> str:
        numbers = self._numbers(wanted)
        kept = self.morph.exclude if self.morph else ()
        return await self._set(Plane(numbers, exclude=kept))

    async def _ways(self, **changes: float) -> str:
        morph = self._there()
        if isinstance(morph, Line):
            ways = morph.ways or (Way(),) * (len(morph.scenes) - 1)
            return await self._set(
                dataclasses.replace(
                    morph, ways=tuple(dataclasses.replace(way, **changes) for way in ways)
                )
            )
        across = dataclasses.replace(morph.across, **changes)
        up = dataclasses.replace(morph.up, **changes)
        return await self._set(dataclasses.replace(morph, across=across, up=up))

    async def _without(self, *parameters: Value) -> str:
        return await self._set(
            dataclasses.replace(self._there(), exclude=tuple(map(str, parameters)))
        )

    async def _off(self) -> str:
        self.morph = self._blend = None
        await self._write(None)
        return "Nothing is morphed."

    async def _set(self, morph: Morph) -> str:
        blend = self._prepared(morph)
        self.morph, self._blend = morph, blend
        await self._write(morph)
        names = [self._scenes()[number].name for number in morph.scenes]
        by = "morph/x moves" if isinstance(morph, Line) else "morph/x and morph/y move"
        what = f"{len(blend.specs)} parameter{'' if len(blend.specs) == 1 else 's'}"
        return f"{by} {what} between {', '.join(names[:-1])} and {names[-1]}."

    async def _write(self, morph: Morph | None) -> None:
        async with self._writing:
            await asyncio.to_thread(write_morph, self._disk, morph)

    def _numbers(self, wanted: Sequence[Value]) -> tuple[int, ...]:
        scenes = self._scenes()
        return tuple(find_scene(scenes, str(which)).number for which in wanted)

    def _there(self) -> Morph:
        if self.morph is None:
            raise ControlError("nothing is morphed yet; say between which scenes with morph/line")
        return self.morph


def read_morph(disk: Disk) -> Morph | None:
    """The morph that was kept beside the scenes; None if there is none that can be used."""
    try:
        return decode_morph(json.loads(disk.read(FILE, MAX_BYTES)[:MAX_BYTES]))
    except (OSError, ValueError, RecursionError, ControlError):
        return None


def write_morph(disk: Disk, morph: Morph | None) -> None:
    """Keep a morph beside the scenes. Waits for the disk.

    Raises:
        ControlError: if the disk will not have it.
    """
    said = None if morph is None else dataclasses.asdict(morph)
    try:
        with disk.alone():
            put(disk, FILE, json.dumps(said).encode() + b"\n")
    except OSError as error:
        raise ControlError(f"cannot keep the morph: {why(error)}") from None
