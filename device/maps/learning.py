"""Play, pair, learn: the learned map of the moment, and all that keeps it going.

    signals ──► player ──► parameters          acts ──► another map, fitted in a thread ──► player
                  ▲                                          └─► training (kind network) ─┘
                timer: glides, recordings

A map is never changed, only followed by another: that one is fitted in a thread while the one
before plays, and the sound glides over. Acts are done one after another, in the order they came.
"""

import asyncio
import inspect
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from device.control.osc_reply import Answer
from device.control.signal import Signal
from device.control.source import Take
from device.errors import ControlError
from device.mapping.learned import Choices, LearnedMap, blank
from device.mapping.network import Plan
from device.mapping.routes import sound_name
from device.maps.answers import map_answers
from device.maps.finding import FindingActs
from device.maps.pairing import PairingActs
from device.maps.player import MapPlayer, Mode
from device.maps.recording import EVERY_S, Recorder
from device.maps.saved import Saved, as_json, read_saved
from device.maps.school import School
from device.maps.training import overall
from device.maps.tuning import TuningActs
from device.maps.versions import Versions
from device.maps.words import NO_MAP, listed, usual_targets
from device.params import ParamSpec
from device.play.acts import ActSpec, Do
from device.words import printable

GLIDE_S = 0.004
"""Between two steps of a glide: shorter than a block of 256 frames."""


class Learning:
    """The part of a performance that learned maps are played with; a source that has no sender.

    Until `start` it has no loop: it hears and plays, but does not glide by itself or train.
    """

    name = "learned map"

    def __init__(
        self,
        specs: Mapping[str, ParamSpec],
        *,
        take: Take,
        stands: Callable[[], Mapping[str, float]],
        rest: Callable[[Collection[str]], None],
        usual_inputs: Sequence[str] = (),
        say: Callable[[str], None] = lambda sentence: None,
        clock: Callable[[], float] = time.monotonic,
        chance: np.random.Generator | None = None,
        plan: Plan | None = None,
    ) -> None:
        """`specs` is all that a map may move, by id; `take` moves it; `stands` tells where it was
        put, in units; `rest` is told the signals whose routes rest. `usual_inputs` are those of a
        map that is begun without naming any. `say` hears what nobody asked for.
        """
        self.player = MapPlayer(specs, take=take, stands=stands, rest=rest, clock=clock)
        self.recorder = Recorder()
        self.usual_inputs = tuple(usual_inputs)
        self.only: tuple[str, ...] = ()
        """The targets that chance finds new values for; none: all."""
        self.chance = chance if chance is not None else np.random.default_rng()
        self.versions = Versions(self._use)
        self._say, self._clock = say, clock
        self._turn = asyncio.Lock()
        self.school = School(self.versions, self._turn, say=say, plan=plan or Plan())
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def map(self) -> LearnedMap | None:
        """The map of the moment, without what is left of a glide; None if none was begun."""
        return self.versions.now

    @property
    def there(self) -> LearnedMap:
        """The same, for what needs one.

        Raises:
            ControlError: if none was begun.
        """
        if self.map is None:
            raise ControlError(NO_MAP)
        return self.map

    @property
    def specs(self) -> Mapping[str, ParamSpec]:
        """What a map may move here, by id."""
        return self.player.specs

    @property
    def mode(self) -> Mode:
        """What it does to the sound."""
        return self.player.mode

    def acts(self) -> dict[ActSpec, Do]:
        """What players can do with it, one after another."""
        parts = (PairingActs(self), FindingActs(self), TuningActs(self))
        return {
            spec: partial(self._in_turn, do) for part in parts for spec, do in part.acts().items()
        }

    def start(self, loop: asyncio.AbstractEventLoop, take: Take | None = None) -> None:
        """Glide and train from now on; it moves by the `take` that it was made with."""
        self._loop = loop
        self.school.start(loop)
        self._follow()

    def close(self) -> None:
        """Let go of the timer and the thread; calling it twice is allowed."""
        self._loop = None
        self.school.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def hear(self, signals: Sequence[Signal]) -> None:
        """Conditioned signals that came together; takes a fraction of a millisecond."""
        held = len(self.player.held)
        self.player.hear(signals)
        if not held and self.player.held:
            names = ", ".join(sorted(self.player.held))
            self._say(f"{names} stays where you put it: pair it, or play, to give it back.")
        self._go_on()

    def play(self, specs: Mapping[str, ParamSpec]) -> None:
        """Another instrument plays. Targets it has not rest, and come back with one that has."""
        self.player.play(specs)
        self._go_on()

    def saved(self) -> dict[str, Any]:
        """For a scene, as JSON; {} where there is no map."""
        return as_json(Saved(self.map, self.mode, self.only))

    def restored(self, saved: Mapping[str, Any] | Saved) -> None:
        """A scene's map is the map; the sound glides to it once the scene's values are set.

        Where the scene has none, the map is put off and kept. `read_saved` is its slow half.

        Raises:
            ControlError: if it cannot be used; then all stays as it is.
        """
        if not isinstance(saved, Saved):
            saved = read_saved(saved)
        self.recorder.forget()
        if saved.map is None:
            self.to("off")
            return
        self.versions.restored(saved.map)
        self.only = saved.only
        self.player.mode = saved.mode
        self.player.change(saved.map)
        self.player.release()
        self._follow()

    def answers(self) -> list[Answer]:
        """How it is going; see `answers`."""
        return map_answers(self.map, self.player, self.school, self.versions.steps)

    @property
    def error(self) -> float:
        """How far the map is from its pairs over all targets: root mean square, raw 0..1."""
        return overall(self.school.errors.values())

    def held_pose(self) -> list[float]:
        """The pose [inputs].

        Raises:
            ControlError: if there is no map, or none of its controls was heard yet.
        """
        pose = self.player.pose()
        if pose is None:
            inputs = listed(self.there.dataset.inputs)
            raise ControlError(f"nothing was heard of {inputs} yet; move it, and try again")
        return [float(value) for value in pose]

    def to(self, mode: Mode) -> None:
        """Another mode."""
        self.player.to(mode)
        self.player.move()
        self._go_on()

    async def begun(self, inputs: Sequence[str] = (), targets: Sequence[str] = ()) -> LearnedMap:
        """A new map to be taught; what is not said about it is as usual.

        Raises:
            ControlError: if there are no usual inputs, or a name is none.
        """
        given = tuple(inputs) or self.usual_inputs
        if not given:
            heard = sorted(self.player.heard)
            shown = f"; {listed(heard)} can be heard" if heard else ", such as knob/1"
            raise ControlError(f"say which controls make the pose, with map/begin{shown}")
        if bad := [name for name in given if not sound_name(name)]:
            shown = printable(bad[0])[:64]
            raise ControlError(f"{shown!r} is no signal's name; send one such as knob/1")
        choices = Choices() if self.map is None else self.map.choices
        wanted = tuple(targets) or usual_targets(self.specs)
        map = await self.versions.another(lambda: blank(given, wanted, choices))
        self.to("teach")
        return map

    def follow_recording(self) -> None:
        """Take samples for as long as something is recorded."""
        self._sample()
        self._go_on()

    def tick(self) -> None:
        """Time has gone on: a step of a glide, a sample of a recording."""
        self._timer = None
        if self.player.gliding:
            self.player.move()
        self._sample()
        self._go_on()

    async def _in_turn(self, do: Do, *arguments: object) -> str:
        async with self._turn:
            said = do(*arguments)
            return await said if inspect.isawaitable(said) else said

    async def _use(self, map: LearnedMap) -> None:
        """The map of the moment is this one now."""
        before = self.player.map
        if before is None or _names(before) != _names(map):
            # What was recorded, and what chance was told, was about other names.
            self.recorder.forget()
            self.only = ()
        self.player.change(map)
        self.player.move()
        self._go_on()
        self.school.follow(map)
        await self.school.measure(map)

    def _follow(self) -> None:
        """On the loop, after something came from outside of it."""
        if self._loop is not None and self.map is not None:
            self.school.take_up(self.map)
            # Moved by the timer, so not before a scene has set its other values as well.
            self._loop.call_soon(self._go_on)

    def _sample(self) -> None:
        if self.recorder.running:
            pose = self.player.pose()
            row = None if pose is None else pose.tolist()
            self.recorder.add(row, self.player.sound().tolist(), self._clock())

    def _go_on(self) -> None:
        """A timer for as long as anything is on its way."""
        if self._loop is None or self._timer is not None:
            return
        if self.player.gliding:
            self._timer = self._loop.call_later(GLIDE_S, self.tick)
        elif self.recorder.running:
            self._timer = self._loop.call_later(EVERY_S, self.tick)


def _names(map: LearnedMap) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return map.dataset.inputs, map.dataset.targets
