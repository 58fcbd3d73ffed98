"""Acts that find a sound worth pairing: by chance, near, far, or sent by a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from device.errors import ControlError
from device.mapping import explore
from device.maps import acts as map_acts
from device.maps.words import counted, listed, target_of
from device.play.acts import ActSpec, Do
from device.words import sentence

if TYPE_CHECKING:
    from device.maps.learning import Learning

REACH = 0.1


class FindingActs:
    """What they find is put at once; the controls rest, so that a pose for it can be found too."""

    def __init__(self, learning: Learning) -> None:
        self._learning = learning

    def acts(self) -> dict[ActSpec, Do]:
        """By what they are called."""
        return {
            map_acts.RANDOM: self.random,
            map_acts.NEAR: self.near,
            map_acts.FAR: self.far,
            map_acts.ONLY: self.only,
            map_acts.SOUND: self.sound,
        }

    async def random(self) -> str:
        """Anywhere."""
        sound, chosen = await self._searching()
        return self._found(explore.anywhere(len(sound), self._learning.chance), sound, chosen)

    async def near(self, reach: float = REACH) -> str:
        """Not far from what stands."""
        if not 0 <= reach <= 1:
            raise ControlError(f"a reach of {reach:g} is not within 0..1")
        sound, chosen = await self._searching()
        return self._found(explore.near(sound, reach, self._learning.chance), sound, chosen)

    async def far(self) -> str:
        """Far from what is paired, in the targets that may change."""
        sound, chosen = await self._searching()
        dataset = self._learning.there.dataset
        sounds = np.array([pair.target for pair in dataset.pairs]).reshape(-1, len(sound))
        found = sound.copy()
        found[chosen] = explore.far(sounds[:, chosen], self._learning.chance)
        return self._found(found, sound, chosen)

    async def sound(self, *values: float) -> str:
        """Every target, by a program."""
        if self._learning.map is None:
            await self._learning.begun()
        targets = self._learning.there.dataset.targets
        if len(values) != len(targets):
            raise ControlError(f"{len(values)} values were sent for {len(targets)} targets")
        if self._learning.mode == "off":
            self._learning.to("teach")
        self._learning.player.put(
            {id: min(max(v, 0.0), 1.0) for id, v in zip(targets, values, strict=True)}
        )
        return sentence(f"{counted(targets)} put; hold a pose and pair it.")

    def only(self, *ids: str) -> str:
        """What chance may change."""
        map = self._learning.there
        self._learning.only = tuple(target_of(map, id) for id in ids)
        return f"Chance changes {listed(ids)} alone." if ids else "Chance changes every target."

    async def _searching(self) -> tuple[np.ndarray, np.ndarray]:
        """The sound that stands [targets], and which of it may change (bool [targets])."""
        if self._learning.map is None:
            await self._learning.begun()
        map, only = self._learning.there, self._learning.only
        free = set(only or map.dataset.targets) & self._learning.specs.keys() - map.disabled
        chosen = np.array([id in free for id in map.dataset.targets])
        if not chosen.any():
            raise ControlError(
                "chance may change no target of this map here; see map/enable and map/only"
            )
        sound = self._learning.player.sound()
        if self._learning.mode != "teach":
            self._learning.to("teach")
        return sound, chosen

    def _found(self, found: np.ndarray, sound: np.ndarray, chosen: np.ndarray) -> str:
        targets = self._learning.there.dataset.targets
        new = explore.only(found, sound, chosen).tolist()
        moved = {id: new[i] for i, id in enumerate(targets) if chosen[i]}
        self._learning.player.put(moved)
        return f"Another sound of {counted(list(moved))}; hold a pose and pair it."
