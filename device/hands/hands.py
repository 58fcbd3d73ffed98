"""The hands: sources of signals, made into what moves the parameters.

    knobs, MIDI, other apps ──► controls ─┬► mapper ──► desk          (a patch says how)
                                          ├► listeners                (learned maps)
                                          └► presses ──► acts
    OSC, timelines, settings ──────────────► expand ──► desk          so that knobs wait for pickup

It stands in the place of the sources: started and closed with the other sources of a performance.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

from device.control.desk import outlives_bundle
from device.control.press import Presses
from device.control.signal import Hear, Signal
from device.control.source import Reading, Take
from device.errors import ControlError
from device.mapping.conditioning import Conditioning
from device.mapping.controls import Controls
from device.mapping.macros import macro_specs
from device.mapping.mapper import Mapper
from device.mapping.patch import Patch, fitting
from device.params import ParamSpec
from device.words import sentence

TICK_S = 0.004
"""While a control is on its way: shorter than a block of 256 frames."""

log = logging.getLogger("ondine.hands")


class SignalSource(Protocol):
    """Knobs, MIDI, a camera's app."""

    name: str

    def start(self, loop: asyncio.AbstractEventLoop, hear: Hear) -> None:
        """Begin to hand signals to `hear`, on `loop`'s thread."""

    def close(self) -> None:
        """Let go of sockets and devices."""


class Hands:
    """A source of readings over sources of signals, by one patch.

    `raw_listeners` hear what sources send, `listeners` the same once it is conditioned.
    """

    name = "hands"

    def __init__(
        self,
        patch: Patch,
        specs: Mapping[str, ParamSpec],
        sources: Sequence[SignalSource],
        *,
        take: Take,
        values: Callable[[], Mapping[str, float]],
        say: Callable[[str], None],
        press: Callable[[str], None] = lambda act: None,
        buttons: Collection[str] = (),
    ) -> None:
        """`take` applies readings; `values` tells what every parameter is set to, in units; `press`
        is given the act of a button that was pressed; `buttons` are the panel's, whose first
        signal is a press.

        What of the patch the instrument has no parameter for rests, and `say` hears of it.
        """
        self.patch = patch
        self.raw_listeners: list[Hear] = []
        self.listeners: list[Hear] = []
        self._specs, self._sources, self._say = specs, sources, say
        self._desk, self._values = take, values
        self._controls = Controls(patch.controls)
        self._presses = Presses(patch.presses, press, buttons)
        self._resting: frozenset[str] = frozenset()
        self._rests: tuple[str, ...] = ()
        self._mapper = self._mapper_for(patch, specs)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def specs(self) -> dict[str, ParamSpec]:
        """Everything that can be moved: the parameters and the macros, by id."""
        return {**self._specs, **macro_specs(self._mapper.patch.macros)}

    def start(self, loop: asyncio.AbstractEventLoop, take: Take) -> None:
        """Begin to listen to every source."""
        self._loop = loop
        for source in self._sources:
            source.start(loop, self.hear)

    def close(self) -> None:
        """Let go of every source."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._loop = None
        for source in self._sources:
            source.close()

    def hear(self, signals: Sequence[Signal]) -> None:
        """Signals that came together."""
        for listen in self.raw_listeners:
            listen(signals)
        resting = self._controls.settled
        heard = self._controls.hear(signals)
        if resting and signals and not self._controls.settled:
            # It was moved since the reading before: its filter need not wait for a tick to begin.
            heard += self._controls.tick(signals[-1].when_s + TICK_S)
        self._apply(heard)

    def take(self, readings: Sequence[Reading]) -> None:
        """What others wish, on its way to the desk.

        Raises:
            ControlError: for an unknown parameter or a value that is not finite.
        """
        self._desk(self._mapper.expand(readings))
        self._go_on()

    def put(self, readings: Sequence[Reading], macros: Mapping[str, float]) -> None:
        """A scene: parameters where they stood without what is added to them, and macros, raw.

        What a macro moves is not moved by it, for the scene has that as well; what routes add to a
        parameter is added at once.
        """
        specs = self._specs
        raws = {r.param: r.value if r.raw else specs[r.param].raw(r.value) for r in readings}
        self._mapper.stands({**raws, **macros})
        self._desk([*readings, *self._mapper.apply([])])
        self._go_on()

    def stands(self) -> dict[str, float]:
        """Where parameters stand without what is added to them, in units, and macros, raw."""
        added, bases = self._mapper.added, self._mapper.bases
        put = {id: self._specs[id].value(bases[id]) for id in added}
        return {**self._values(), **put, **self._mapper.macros}

    def play(self, specs: Mapping[str, ParamSpec]) -> None:
        """Another instrument plays: what fits it of the patch moves it."""
        self._specs = specs
        mapper = self._mapper
        kept = {id: mapper.bases[id] for id in mapper.added if outlives_bundle(id)}
        self._mapper = self._mapper_for(self.patch, specs, mapper.heard, {**kept, **mapper.macros})
        self._go_on()

    def change(self, patch: Patch) -> None:
        """Another patch holds; controls go on from where they are.

        Raises:
            ControlError: with what is wrong with it; the old one holds then.
        """
        mapper = self._mapper_for(patch, self._specs, self._mapper.heard, self._mapper.bases)
        self._controls.change(patch.controls)
        self._presses.change(patch.presses)
        self.patch, self._mapper = patch, mapper
        self._go_on()

    def rest(self, names: Collection[str]) -> None:
        """The routes of these signals move nothing until others, or none, are told to rest."""
        self._resting = frozenset(names)

    def learn_range(self, name: str) -> None:
        """Begin to learn the range of a control: the player moves it from end to end now."""
        self._controls.learn(name)

    def range_learned(self, name: str) -> Conditioning:
        """End it: the new range holds; returns the settings with it.

        Raises:
            ControlError: if the control was hardly moved; the old range holds then.
        """
        settings = self._controls.learned(name)
        self._go_on()
        return settings

    def _mapper_for(
        self,
        wanted: Patch,
        specs: Mapping[str, ParamSpec],
        heard: Sequence[Signal] = (),
        bases: Mapping[str, float] | None = None,
    ) -> Mapper:
        patch, rests = fitting(wanted, specs)
        for rest in rests:
            # Learning plays another patch every time: what rested before is known.
            if rest not in self._rests:
                self._say(sentence(rest))
        self._rests = tuple(rests)
        values = self._values()
        standing = {id: specs[id].raw(value) for id, value in values.items() if id in specs}
        return Mapper(patch, specs, {**standing, **(bases or {})}, heard)

    def _apply(self, signals: Sequence[Signal]) -> None:
        for listen in self.listeners:
            listen(signals)
        self._presses.hear(signals)
        try:
            awake = [s for s in signals if s.name not in self._resting]
            if readings := self._mapper.apply(awake):
                self._desk(readings)
        except ControlError as error:
            log.warning("%s", error)
        self._go_on()

    def _go_on(self) -> None:
        """Tick for as long as anything is on its way."""
        still = not self._controls.settled or self._mapper.following
        if still and self._timer is None and self._loop is not None:
            self._timer = self._loop.call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._loop is not None:
            self._apply(self._controls.tick(self._loop.time()))
