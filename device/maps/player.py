"""A learned map at work: signals in, parameters moved.

    off     the map's inputs do what the patch says
    teach   their routes rest: the sound stays where hands, OSC or chance put it
    play    their routes rest: each of their signals moves every target of the map

Whatever changes (the map, its pairs, the mode, the instrument), the sound glides from where it
stands to where the map has it, while the pose may rest or move (`device/mapping/fade.py`).

Hands win: a target that something else has moved while the map plays is held there until `release`,
or else a sensor that trembles would take a correction back before it can be paired.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from device.control.signal import Signal
from device.control.source import Reading, Take
from device.mapping.fade import Fade
from device.mapping.learned import LearnedMap
from device.params import ParamSpec

Mode = Literal["off", "teach", "play"]

MAX_HEARD = 1024
"""Signals that are remembered: a pose may be made of any control that has ever moved."""
_SAME = 1e-4
"""What stands this near to what was sent, raw, has not been moved: the table is in float32."""


class MapPlayer:
    """Plays `map` in a `mode`. It has no timer: while `gliding`, `move` is to be called often."""

    def __init__(
        self,
        specs: Mapping[str, ParamSpec],
        *,
        take: Take,
        stands: Callable[[], Mapping[str, float]],
        rest: Callable[[Collection[str]], None],
        clock: Callable[[], float],
    ) -> None:
        """`take` moves parameters; `stands` tells where they were put, in units, by id; `rest` is
        told whose routes rest.
        """
        self.specs = specs
        self.map: LearnedMap | None = None
        self.mode: Mode = "off"
        self.heard: dict[str, float] = {}
        """The last of every signal."""
        self._take, self._stands, self._rest, self._clock = take, stands, rest, clock
        self._sent: dict[str, float] = {}
        self._held: set[str] = set()
        self._due = False

    @property
    def held(self) -> frozenset[str]:
        """The targets that hands have taken."""
        return frozenset(self._held)

    @property
    def gliding(self) -> bool:
        """Whether the sound is on its way even if the pose rests."""
        return self._plays and (self._due or (self.map is not None and self.map.fade is not None))

    @property
    def inputs(self) -> tuple[str, ...]:
        """The signals that make a pose."""
        return () if self.map is None else self.map.dataset.inputs

    @property
    def _plays(self) -> bool:
        able = self.mode == "play" and self.map is not None and self.map.model is not None
        return able and any(name in self.heard for name in self.inputs)

    def hear(self, signals: Sequence[Signal]) -> None:
        """Signals that came together, conditioned."""
        moved = False
        for name, value, _ in signals:
            first = name not in self.heard
            if name in self.inputs:
                moved = True
                # Until now its middle was taken for it, so the pose jumps: the sound must not.
                self._due = self._due or first
            elif first and len(self.heard) >= MAX_HEARD:
                continue
            self.heard[name] = value
        if moved:
            self.move()

    def move(self) -> None:
        """The sound goes to where the map has it at this pose and time."""
        pose = self.pose()
        if not self._plays or self.map is None or pose is None:
            return
        now_s = self._clock()
        standing = self.standing(self.map.dataset.targets)
        self._notice(standing)
        if self._due:
            self._glide(self.map, pose, standing, now_s)
        readings = []
        for id, raw in self.map.at(pose, now_s).items():
            if id in standing and id not in self._held and raw != self._sent.get(id):
                self._sent[id] = raw
                readings.append(Reading(id, raw, True, "map", now_s))
        if self.map.fade is not None and self.map.fade.share(now_s) >= 1.0:
            self.map = replace(self.map, fade=None)
        if readings:
            self._take(readings)

    def change(self, map: LearnedMap | None) -> None:
        """Another map, or the same with other pairs. What hands took stays held."""
        if self._plays:
            self._notice(self.standing(self._sent))
        self.map = map
        self._held &= set(() if map is None else map.dataset.targets)
        if self.mode == "play" and (map is None or map.model is None):
            self.mode = "teach"
        self._again()

    def to(self, mode: Mode) -> None:
        """Play it, teach it, or leave it; nothing is held."""
        self.mode = mode
        self.release()

    def release(self) -> None:
        """The map takes back what hands took."""
        self._held.clear()
        self._sent.clear()
        self._again()

    def play(self, specs: Mapping[str, ParamSpec]) -> None:
        """Another instrument plays. Targets it has not rest until one comes that has them."""
        self.specs = specs
        self.release()

    def pose(self) -> np.ndarray | None:
        """The pose that is held [inputs]; None if none of its controls was ever heard."""
        if self.map is None or not any(name in self.heard for name in self.inputs):
            return None
        return self.map.pose(self.heard)

    def sound(self) -> np.ndarray:
        """The sound that stands, raw 0..1 [targets]; where the instrument has no such parameter,
        what the map would play.
        """
        if self.map is None:
            return np.zeros(0)
        pose = self.pose()
        own = None if pose is None else self.map.sound(pose, self._clock())
        sound = np.full(len(self.map.dataset.targets), 0.5) if own is None else own
        standing = self.standing(self.map.dataset.targets)
        for place, id in enumerate(self.map.dataset.targets):
            sound[place] = standing.get(id, sound[place])
        return sound

    def put(self, sounds: Mapping[str, float]) -> None:
        """Move targets to where they are wanted, raw by id: it is no hand that does it."""
        now_s = self._clock()
        wanted = {id: raw for id, raw in sounds.items() if id in self.specs}
        if wanted:
            self._take([Reading(id, raw, True, "map", now_s) for id, raw in wanted.items()])

    def _notice(self, standing: Mapping[str, float]) -> None:
        """What is not where the map has put it was taken by a hand."""
        self._held |= {
            id
            for id, raw in self._sent.items()
            if id in standing and abs(standing[id] - raw) > _SAME
        }

    def _again(self) -> None:
        self._rest(() if self.mode == "off" else self.inputs)
        self._due = True

    def standing(self, targets: Iterable[str]) -> dict[str, float]:
        """Where the targets that the instrument has stand, raw by id."""
        values = self._stands()
        there = {id: spec for id in targets if (spec := self.specs.get(id)) is not None}
        return {id: spec.raw(values.get(id, spec.default)) for id, spec in there.items()}

    def _glide(
        self, map: LearnedMap, pose: np.ndarray, standing: Mapping[str, float], now_s: float
    ) -> None:
        """From what stands, whoever put it there: see `device.mapping.fade.Fade`."""
        assert map.model is not None
        new = map.model.at(pose)
        targets = map.dataset.targets
        left = np.array([standing.get(id, new[i]) for i, id in enumerate(targets)]) - new
        over_s = map.choices.fade_ms / 1000
        self.map = replace(map, fade=Fade(left, now_s, over_s) if over_s else None)
        self._sent, self._due = {}, False
