"""The hands: sources of signals, made into what moves the parameters.

    knobs, MIDI, other apps ──► controls ──► mapper ──► desk          (a patch says how)
    OSC, timelines, settings ──────────────► expand ──► desk          so that knobs wait for pickup

It stands in the place of the sources: started and closed with the other sources of a performance.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from device.control.signal import Hear, Signal
from device.control.source import Reading, Take
from device.errors import ControlError
from device.mapping.controls import Controls
from device.mapping.mapper import Mapper
from device.mapping.patch import Patch, fitting
from device.params import ParamSpec

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
    """A source of readings over sources of signals, by one patch."""

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
    ) -> None:
        """`take` applies readings; `values` tells what every parameter is set to, in units.

        What of the patch the instrument has no parameter for rests, and `say` hears of it.
        """
        self._patch, self._sources, self._say = patch, sources, say
        self._desk, self._values = take, values
        self._controls = Controls(patch.controls)
        self._mapper = self._mapper_for(specs)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

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
        self._apply(self._controls.hear(signals))

    def take(self, readings: Sequence[Reading]) -> None:
        """What others wish, on its way to the desk.

        Raises:
            ControlError: for an unknown parameter or a value that is not finite.
        """
        self._desk(self._mapper.expand(readings))
        self._go_on()

    def play(self, specs: Mapping[str, ParamSpec]) -> None:
        """Another instrument plays: what fits it of the patch moves it."""
        self._mapper = self._mapper_for(specs, self._mapper.heard)

    def _mapper_for(self, specs: Mapping[str, ParamSpec], heard: Sequence[Signal] = ()) -> Mapper:
        patch, rests = fitting(self._patch, specs)
        for sentence in rests:
            self._say(f"{sentence[:1].upper()}{sentence[1:].rstrip('.')}.")
        values = self._values()
        standing = {id: specs[id].raw(value) for id, value in values.items() if id in specs}
        return Mapper(patch, specs, standing, heard)

    def _apply(self, signals: Sequence[Signal]) -> None:
        try:
            if readings := self._mapper.apply(signals):
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
