"""Scenes while it plays: saved from what plays, recalled into it, and the last one noted.

    save    values, patch, learned map, bundle ──► store (in a thread) ──► it is the one that is on
    recall  another bundle? ──► load, crossfaded ──► patch, map, values in one write

Of recalls that come while a bundle is loading only the newest is played.
"""

import asyncio
import contextlib
from collections.abc import Callable

from device.control.osc_reply import Answer
from device.errors import ControlError, OndineError
from device.manifest import fingerprint
from device.mapping.disk import Disk
from device.mapping.last import write_last
from device.mapping.scene import MOST_SCENES, Scene, plain_name
from device.mapping.scenes import Scenes, find_scene, free_number, neighbour
from device.play.acts import ActSpec, Do, Value
from device.play.swap import Begin
from device.scenes import acts as scene_acts
from device.scenes.instrument import Instrument
from device.words import sentence


class Scening:
    """The scenes of a performance; `on` is the number of the one that is on."""

    def __init__(
        self,
        scenes: Scenes,
        disk: Disk,
        instrument: Instrument,
        *,
        now_s: Callable[[], float],
        say: Callable[[str], None],
        changed: Callable[[], None] = lambda: None,
        recalled: Callable[[int], None] = lambda number: None,
        on: int | None = None,
    ) -> None:
        """`now_s` is the control loop's clock; `changed` is called after every change of scenes,
        `recalled` with the number of one that a player wanted on."""
        self.scenes, self.on = scenes, on
        self._disk, self._instrument = disk, instrument
        self._now_s, self._say, self._changed = now_s, say, changed
        self._recalled = recalled
        self._turn, self._recalling = asyncio.Lock(), asyncio.Lock()
        self._asked = 0
        self._coming: int | None = None
        """The scene that was asked for last, until it is on."""

    def acts(self) -> dict[ActSpec, Do]:
        """What a player can do with scenes."""
        return {
            scene_acts.SAVE: self.save,
            scene_acts.OVER: self.save_over,
            scene_acts.FREEZE: self.freeze,
            scene_acts.RECALL: self.recall,
            scene_acts.NEXT: lambda: self._step(1),
            scene_acts.PREVIOUS: lambda: self._step(-1),
            scene_acts.RENAME: self._rename,
            scene_acts.DELETE: self._delete,
            scene_acts.RESTORE: self._restore,
        }

    def answers(self) -> list[Answer]:
        """Which scene is on (-1: none), and every scene's name and instrument."""
        all = self.scenes.all.values()
        told: list[Answer] = [("/ondine/scene/on", [-1 if self.on is None else self.on])]
        return told + [(f"/ondine/scenes/{s.number}", [s.name, s.bundle]) for s in all]

    async def save(self, place: Value = "", name: Value = "", caches: bytes | None = None) -> str:
        """Save what plays under a number or a name; a name that is new takes the next free number.

        Raises:
            ControlError: if it cannot be saved; what was there still is.
        """
        number, called = self._place(str(place), str(name))
        scene = self._instrument.scene(number, called)
        async with self._turn:
            saved = await asyncio.to_thread(self.scenes.save, scene, caches)
            await self._is_on(saved.number)
        self._recalled(saved.number)
        self._changed()
        return f"Scene {saved.number}, {saved.name}, is saved."

    async def save_over(self) -> str:
        """Save over the scene that is on.

        Raises:
            ControlError: if none is, or it cannot be saved.
        """
        if self.on is None or self.on not in self.scenes.all:
            raise ControlError("no scene is on to be saved over; save one with scene/save")
        return await self.save(str(self.on))

    async def freeze(self, place: Value = "", name: Value = "") -> str:
        """Save with what the model remembers, so that it goes on from there when it is recalled.

        Raises:
            OndineError: if that cannot be had, or it cannot be saved.
        """
        self._place(str(place), str(name))  # before anything is asked of the sound
        serial = self._instrument.playing().serial
        caches = await self._instrument.caches()
        if self._instrument.playing().serial != serial:
            raise ControlError("another instrument has just come in; freeze it again if you like")
        return await self.save(place, name, caches)

    async def recall(self, wanted: Value) -> str:
        """Put everything back as it was in a scene.

        Raises:
            ControlError: if there is no such scene, or its instrument cannot be had; then what
                plays goes on as it is.
        """
        scene = find_scene(self.scenes.all, str(wanted))
        said = await self._in_turn(scene)
        if self.on == scene.number:
            self._recalled(scene.number)
        return said

    async def _in_turn(self, scene: Scene) -> str:
        self._asked += 1
        mine = self._asked
        self._coming = scene.number
        try:
            async with self._recalling:
                if mine != self._asked:
                    return f"Scene {scene.number} gave way to a later one."
                said = await self._put(scene)
                await self._is_on(scene.number)
        finally:
            if mine == self._asked:
                self._coming = None
        return said

    def begin(self, scene: Scene) -> str:
        """Begin with a scene, before anything sounds; returns what to say."""
        said = self._instrument.put(scene, self._now_s())
        self.on = scene.number
        return said

    async def _put(self, scene: Scene) -> str:
        parts = self._instrument
        caches = learned = None
        note = ""
        # If it cannot be read, that is said when it is put, and the rest of the scene is put.
        with contextlib.suppress(ControlError):
            learned = await asyncio.to_thread(parts.read, scene.learned)
        if scene.caches:
            try:
                caches = await asyncio.to_thread(self.scenes.caches, scene)
            except ControlError as error:
                note = f" {sentence(error)}"
        playing = fingerprint(parts.playing().manifest)
        # With caches it is loaded even if it plays: it comes in as it was, and crossfades.
        here = str(parts.playing().bundle) == scene.file  # it may have been converted anew
        if (scene.fingerprint not in ("", playing) and not here) or caches is not None:
            begin = Begin(scene.values, caches, scene.seed)
            try:
                await parts.load(scene.wanted, scene.precision or "auto", begin)
            except OndineError as error:
                raise ControlError(
                    f"scene {scene.number}, {scene.name}, is not on: {error}"
                ) from None
        return parts.put(scene, self._now_s(), learned) + note

    async def _step(self, by: int) -> str:
        # Two presses are two steps, even while the first one's instrument is on its way.
        here = self.on if self._coming is None else self._coming
        return await self.recall(str(neighbour(self.scenes.all, here, by).number))

    async def _rename(self, wanted: Value, name: Value) -> str:
        scene = find_scene(self.scenes.all, str(wanted))
        async with self._turn:
            renamed = await asyncio.to_thread(self.scenes.rename, scene.number, str(name))
        self._changed()
        return f"Scene {renamed.number} is called {renamed.name} now."

    async def _delete(self, wanted: Value) -> str:
        scene = find_scene(self.scenes.all, str(wanted))
        async with self._turn:
            said = await asyncio.to_thread(self.scenes.delete, scene.number)
        self.on = None if self.on == scene.number else self.on
        self._changed()
        return said

    async def _restore(self, number: Value) -> str:
        async with self._turn:
            scene = await asyncio.to_thread(self.scenes.restore, _sound_number(float(number)))
        self._changed()
        return f"Scene {scene.number}, {scene.name}, is back; recall it to hear it."

    async def _is_on(self, number: int) -> None:
        """Note it, for the next start. A disk that will not have it costs the note only."""
        self.on = number
        try:
            await asyncio.to_thread(write_last, self._disk, number)
        except ControlError as error:
            self._say(sentence(error))

    def _place(self, place: str, name: str) -> tuple[int, str]:
        """The number and name to save under.

        Raises:
            ControlError: if the number is none, or all are taken, or the name is none.
        """
        all = self.scenes.all
        if not place:
            number = free_number(all)
        elif place.strip().isdecimal():
            number = _sound_number(float(place))
        else:
            called = plain_name(place)
            same = [n for n, s in all.items() if s.name.casefold() == called.casefold()]
            number = same[0] if same else free_number(all)
            name = name or (all[number].name if same else called)
        if name:
            return number, plain_name(name)
        return number, all[number].name if number in all else f"Scene {number}"


def _sound_number(number: float) -> int:
    if not (0.0 <= number < MOST_SCENES and number.is_integer()):
        raise ControlError(f"{number:g} is no number of a scene; give 0..{MOST_SCENES - 1}")
    return int(number)
