"""Acts that a map is made and played with: begin, pair, play, paths, undo."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from device.control.desk import spec_named
from device.errors import ControlError
from device.mapping.dataset import Dataset
from device.mapping.learned import LearnedMap, of
from device.maps import acts as map_acts
from device.maps.recording import Which
from device.maps.words import (
    NO_PAIR,
    listed,
    pairs_of,
    percent,
    pressed,
    title,
    usual_targets,
)
from device.play.acts import ActSpec, Do
from device.words import printable

if TYPE_CHECKING:
    from device.maps.learning import Learning


class PairingActs:
    """A map is begun by the first of them that needs one."""

    def __init__(self, learning: Learning) -> None:
        self._learning = learning

    def acts(self) -> dict[ActSpec, Do]:
        """By what they are called."""
        return {
            map_acts.BEGIN: self.begin,
            map_acts.TARGETS: self.targets,
            map_acts.PAIR: self.pair,
            map_acts.PLAY: self.play,
            map_acts.TEACH: self.teach,
            map_acts.OFF: self.off,
            map_acts.TOGGLE: self.toggle,
            map_acts.UNDO: self.undo,
            map_acts.REDO: self.redo,
            map_acts.PATH_POSE: self.path_pose,
            map_acts.PATH_SOUND: self.path_sound,
        }

    async def begin(self, *inputs: str) -> str:
        """A new map, of the targets of the one before."""
        before = self._learning.map
        map = await self._learning.begun(inputs, before.dataset.targets if before else ())
        back = " map/undo brings the one before back." if before else ""
        return f"A new {title(map)}: find a sound, hold a pose, pair.{self._unheard}{back}"

    async def targets(self, *ids: str) -> str:
        """Other targets. Pairs stay: what they have no value for is taken as it stands now."""
        wanted = ids or usual_targets(self._learning.specs)
        before = self._learning.map
        for id in ids:
            if before is None or id not in before.dataset.targets:
                spec_named(self._learning.specs, printable(id)[:64])
        if before is None:
            return f"A new {title(await self._learning.begun((), wanted))}."
        standing = self._learning.player.standing(wanted)
        map = await self._learning.versions.another(lambda: _retargeted(before, wanted, standing))
        return f"A {title(map)}, {pairs_of(map)}."

    def play(self) -> str:
        """The controls play it."""
        map = self._learning.there
        if map.model is None:
            raise ControlError(NO_PAIR)
        self._learning.to("play")
        resting = sum(id not in self._learning.specs for id in map.dataset.targets)
        rests = f"; {resting} of its targets rest, this instrument has them not" if resting else ""
        return f"Playing the {title(map)} by {pairs_of(map)}{rests}."

    async def teach(self) -> str:
        """The sound stays."""
        if self._learning.map is None:
            await self._learning.begun()
        self._learning.to("teach")
        return f"The sound stays; {listed(self._learning.there.dataset.inputs)} only make a pose."

    def off(self) -> str:
        """As without a map."""
        self._learning.to("off")
        return "The map is off; controls do what the patch says."

    def toggle(self) -> str:
        """On a button."""
        return self.off() if self._learning.mode == "play" else self.play()

    async def pair(self) -> str:
        """The pose that is held and the sound that stands; and it plays."""
        if self._learning.map is None:
            await self._learning.begun()
        pose, sound = self._learning.held_pose(), self._learning.player.sound()
        added = self._learning.there.dataset.add(pose, sound.tolist())
        map = await self._learning.versions.edit(lambda m: m.edited(added, None, 0.0))
        self._learning.to("play")
        error = percent(self._learning.error)
        return f"Pair {added.pairs[-1].id} of a {title(map)}; fit error {error}.{self._unheard}"

    async def path_pose(self, on: float | None = None) -> str:
        """A gesture."""
        return await self._path("pose", on)

    async def path_sound(self, on: float | None = None) -> str:
        """What goes along it."""
        return await self._path("sound", on)

    async def undo(self) -> str:
        """Back."""
        map = await self._learning.versions.step(True)
        return f"Undone: a {title(map)}, {pairs_of(map)}."

    async def redo(self) -> str:
        """Again."""
        map = await self._learning.versions.step(False)
        return f"Done again: a {title(map)}, {pairs_of(map)}."

    @property
    def _unheard(self) -> str:
        """A slip of the finger, or a control that was never touched."""
        heard = self._learning.player.heard
        absent = [name for name in self._learning.there.dataset.inputs if name not in heard]
        return f" Nothing was heard of {listed(absent)} yet." if absent else ""

    async def _path(self, which: Which, on: float | None) -> str:
        learning, recorder = self._learning, self._learning.recorder
        if which not in recorder.running if on is None else pressed(on):
            if learning.map is None:
                await self._learning.begun()
            if learning.mode == "off":
                learning.to("teach")
            recorder.begin(which)
            learning.follow_recording()
            return f"Recording the path of the {' and the '.join(sorted(recorder.running))}."
        if which not in recorder.running:
            raise ControlError(f"no path of the {which} is being recorded")
        learning.follow_recording()
        paths = recorder.end(which)
        if paths is None:
            other = "sound" if which == "pose" else "pose"
            return f"The path of the {which} is recorded; record one of the {other} to pair it."
        dataset = self._learning.there.dataset
        if paths.still:
            added = dataset.add(paths.poses[-1], paths.sounds[-1])
            said = f"Pair {added.pairs[-1].id}"
        else:
            added = dataset.add_path(paths.poses, paths.sounds)
            said = f"Path {added.pairs[-1].path} with {len(paths.poses)} steps"
        map = await learning.versions.edit(lambda m: m.edited(added, None, 0.0))
        learning.to("play")
        return f"{said} of a {title(map)}; fit error {percent(self._learning.error)}."


def _retargeted(
    map: LearnedMap, targets: tuple[str, ...], standing: dict[str, float]
) -> LearnedMap:
    """The map with other targets; pairs keep what they have, and take the rest as it stands."""
    old = map.dataset
    places = {id: place for place, id in enumerate(old.targets)}

    def row(sound: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(sound[places[id]] if id in places else standing.get(id, 0.5) for id in targets)

    pairs = tuple(replace(pair, target=row(pair.target)) for pair in old.pairs)
    made = of(Dataset(old.inputs, targets, pairs, old.made), map.choices)
    return replace(made, disabled=map.disabled & set(targets))
