"""Acts on pairs that are there, on how a map goes between them, and on files of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from device.errors import ControlError
from device.mapping.dataset import Dataset
from device.mapping.learned import KINDS, Choices, Kind, LearnedMap, blank
from device.mapping.scaling import SCALINGS, ScalingKind
from device.maps import acts as map_acts
from device.maps.files import read_map, write_map
from device.maps.words import (
    NO_PAIR,
    count,
    one_of,
    pairs_of,
    percent,
    pressed,
    target_of,
    title,
    usual_targets,
    whole,
)
from device.play.acts import ActSpec, Do
from device.words import sentence

if TYPE_CHECKING:
    from device.maps.learning import Learning


class TuningActs:
    """Each is a step that map/undo takes back, or a choice of how to learn."""

    def __init__(self, learning: Learning) -> None:
        self._learning = learning

    def acts(self) -> dict[ActSpec, Do]:
        """By what they are called."""
        return {
            map_acts.REMOVE: self.remove,
            map_acts.CLEAR: self.clear,
            map_acts.LIKE: self.like,
            map_acts.DISLIKE: self.dislike,
            map_acts.KIND: self.kind,
            map_acts.SCALING: self.scaling,
            map_acts.NEIGHBOURS: self.neighbours,
            map_acts.FADE: self.fade,
            map_acts.SEED: self.seed,
            map_acts.ENABLE: self.enable,
            map_acts.EXPORT: self.write,
            map_acts.IMPORT: self.read,
        }

    async def remove(self, radius: float | None = None) -> str:
        """The nearest pair, or those around."""
        pose, dataset = self._learning.held_pose(), self._learning.there.dataset
        if radius is None:
            gone = self._nearest(dataset, pose)
            left = dataset.remove(gone)
            said = f"Pair {gone}, the nearest, is removed"
        else:
            left = dataset.remove_near(pose, radius)
            said = f"{count(len(dataset.pairs) - len(left.pairs), 'pair')} removed"
        map = await self._learning.versions.edit(lambda m: m.edited(left, None, 0.0))
        return f"{said}; {pairs_of(map)}."

    async def clear(self) -> str:
        """No pairs."""
        had = len(self._learning.there.dataset.pairs)
        await self._learning.versions.edit(lambda m: m.edited(m.dataset.cleared(), None, 0.0))
        return sentence(f"{count(had, 'pair')} removed; map/undo brings them back.")

    async def like(self) -> str:
        """More of it."""
        return await self._weigh(Dataset.like)

    async def dislike(self) -> str:
        """Less of it."""
        return await self._weigh(Dataset.dislike)

    async def kind(self, kind: str) -> str:
        """Another way between pairs."""
        map = await self._choose(kind=cast(Kind, one_of("kind", kind, KINDS)))
        if map.wants_training:
            return f"A {title(map)}: it is learning, and plays when it has learned."
        return f"A {title(map)}; fit error {percent(self._learning.error)}."

    async def scaling(self, kind: str) -> str:
        """Another measure for controls."""
        await self._choose(scaling=cast(ScalingKind, one_of("scaling", kind, SCALINGS)))
        return f"Controls are compared by {kind}; fit error {percent(self._learning.error)}."

    async def neighbours(self, number: float) -> str:
        """How many are mixed."""
        map = await self._choose(neighbours=whole("neighbours", number))
        other = "" if map.choices.kind == "nearest" else ", once map/kind is nearest, not {}"
        said = f"The {count(map.choices.neighbours, 'nearest pair')} make the sound"
        return f"{said}{other.format(map.choices.kind)}."

    async def fade(self, ms: float) -> str:
        """How long a glide takes."""
        await self._choose(fade_ms=ms)
        return f"The sound glides for {ms:g} ms when the map has changed."

    async def seed(self, number: float) -> str:
        """Of chance here and in training."""
        seed = whole("seed", number)
        if problems := Choices(seed=seed).problems():
            raise ControlError("; ".join(problems))
        self._learning.chance = np.random.default_rng(seed)
        if self._learning.map is not None:
            await self._choose(seed=seed)
        return f"Chance begins again from {seed}: it finds the same sounds."

    async def enable(self, target: str, on: float) -> str:
        """Whether the map moves it."""
        wanted = pressed(on)
        target = target_of(self._learning.there, target)
        await self._learning.versions.edit(lambda m: m.enable(target, wanted))
        return f"The map moves {target}." if wanted else f"The map leaves {target} to hands."

    async def write(self, file: str, format: str = "ondine") -> str:
        """Into a file."""
        return await asyncio.to_thread(write_map, self._learning.there, file, format)

    async def read(self, file: str, *more: str) -> str:
        """Out of a file, or two, in the place of this map."""
        if len(more) > 1:
            raise ControlError(f"{1 + len(more)} files were named; a map is one, DataSets are two")
        # Of FluCoMa's columns, which have no names, it is told by a map: the usual one if need be.
        now = self._learning.map or blank(
            self._learning.usual_inputs or ("knob/1", "knob/2"),
            usual_targets(self._learning.specs),
        )
        map, said = await asyncio.to_thread(read_map, now, file, *more)
        await self._learning.versions.another(lambda: map)
        resting = sum(id not in self._learning.specs for id in map.dataset.targets)
        notes = [pairs_of(map), said, f"{count(resting, 'target')} rest here" if resting else ""]
        return f"A {title(map)}: {'; '.join(note for note in notes if note)}. map/play plays it."

    def _nearest(self, dataset: Dataset, pose: list[float]) -> str:
        if (pair := dataset.nearest(pose)) is None:
            raise ControlError(NO_PAIR)
        return pair.id

    async def _weigh(self, how: Callable[[Dataset, str], Dataset]) -> str:
        dataset = self._learning.there.dataset
        id = self._nearest(dataset, self._learning.held_pose())
        map = await self._learning.versions.edit(lambda m: m.edited(how(dataset, id), None, 0.0))
        weight = map.dataset.pair(id).weight
        if weight == 0:
            return f"Pair {id} is not learned from any more, until it is liked again."
        exact = map.choices.kind in ("smooth", "linear")
        through = f"; a {map.choices.kind} map goes through it in any case" if exact else ""
        return f"Pair {id} counts {weight:g} times{through}."

    async def _choose(self, **chosen: Any) -> LearnedMap:
        choices = replace(self._learning.there.choices, **chosen)
        if problems := choices.problems():
            raise ControlError("; ".join(problems))

        def change(map: LearnedMap) -> LearnedMap:
            # A network that was scaled or seeded otherwise has not learned what is wanted now.
            if chosen.keys() & {"scaling", "seed"}:
                map = replace(map, taught=None)
            return map.choose(choices, None, 0.0)

        return await self._learning.versions.edit(change)
