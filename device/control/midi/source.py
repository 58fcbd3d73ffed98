"""MIDI as a source: ports come and go, and no storm on them costs more than a bounded share.

    port readable ─► read once, a bounded number of bytes ─► parse ─► gathered
         ▲                                                              │ at once after a rest,
         └───── rests until the next tick, 2 ms ◄──── tick ◄────────────┘ else at the tick

A port is read at most once a tick, so a hundred messages cost one turn, not a hundred, and what
they say about one control is one signal. A port gets 128 kB a second and all together a megabyte,
when a plug at 31 250 baud needs 3 kB and a USB plug at 10 000 messages a second 30.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from device.control.midi.beat import Beat
from device.control.midi.clock import Clock
from device.control.midi.gathered import Gathered
from device.control.midi.message import Message, System
from device.control.midi.parse import Parser
from device.control.midi.port import Place, Port, absent, places
from device.control.midi.rare import Rare
from device.control.midi.settings import MidiProfile
from device.control.midi.signals import Translator
from device.control.signal import Hear
from device.errors import ControlError

TICK_S = 0.002
BEAT_S = 0.01
"""How often midi/beat is told while a clock runs."""
LOOK_S = 1.0
"""How often ports that came or went are looked for."""
BYTES_PER_TICK = 2048
BYTES_PER_READ = 256
SIGNALS_PER_TICK = 64
"""More than this many controls moving at once are told in several ticks."""
MAX_PORTS = 16
SENSING_S = 0.5
"""A port that has sent active sensing and then is silent for so long has lost its cable (the
standard says 0.3 s; a busy loop is not a lost cable)."""


@dataclass(eq=False)
class _Open:
    port: Port
    parser: Parser
    translator: Translator
    heard_s: float
    sensing: bool = False


class MidiSource:
    """A source of signals from every wanted port.

    `scene` is given the number of a program change, 0..127; `panic` why ("all sound off", "all
    notes off", "reset"); `say` sentences for the player. All are called on the loop.
    """

    name = "MIDI"

    def __init__(
        self,
        profile: MidiProfile,
        *,
        scene: Callable[[int], None],
        panic: Callable[[str], None],
        say: Callable[[str], None],
        root: Path = Path("/"),
        look_s: float = LOOK_S,
    ) -> None:
        """Nothing is opened yet. `root` is where /dev and /proc are."""
        self.listeners: list[Callable[[Message, float], None]] = []
        """Told of every message as it comes, with the time on the loop's clock."""
        self._profile, self._root, self._look_s = profile, root, look_s
        self._call_scene, self._call_panic, self._say = scene, panic, say
        self._gathered = Gathered()
        self._scene: Rare[int] = Rare()
        self._panic: Rare[str] = Rare()
        self._beat = Beat()
        self._open: dict[Path, _Open] = {}
        self._resting: list[_Open] = []
        self._told: set[str] = set()
        self._ticking: asyncio.TimerHandle | None = None
        self._beating: asyncio.TimerHandle | None = None
        self._looking: asyncio.TimerHandle | None = None

    @property
    def ports(self) -> list[str]:
        """The names of the ports that are open."""
        return [each.port.name for each in self._open.values()]

    @property
    def clock(self) -> Clock:
        """The clock that is followed."""
        return self._beat.clock

    def start(self, loop: asyncio.AbstractEventLoop, hear: Hear) -> None:
        """Begin to hand signals to `hear`, and to look for ports."""
        self._loop, self._hear = loop, hear
        self._look()

    def close(self) -> None:
        """Let go of every port; held keys are not told of any more."""
        for timer in (self._ticking, self._beating, self._looking):
            if timer is not None:
                timer.cancel()
        self._ticking = self._beating = self._looking = None
        for each in self._open.values():
            self._loop.remove_reader(each.port.fd)
            each.port.close()
        self._open.clear()
        self._resting.clear()

    def _look(self) -> None:
        self._looking = self._loop.call_later(self._look_s, self._look)
        now_s = self._loop.time()
        found = places(self._profile.ports, self._root)
        here = {place.path for place in found}
        for each in list(self._open.values()):
            if each.port.path not in here or each.port.replaced:
                self._let_go(each)
            elif each.sensing and now_s - each.heard_s > SENSING_S:
                each.sensing = False
                each.translator.silence(now_s)
                self._wake(now_s)
        troubles = {
            f"MIDI: {name} is not here; it is taken when it comes."
            for name in absent(self._profile.ports, found)
        }
        for place in found:
            if place.path not in self._open and (trouble := self._take(place, now_s)):
                troubles.add(trouble)
        for trouble in sorted(troubles - self._told):
            self._say(trouble)
        self._told = troubles  # one that is over may be told again

    def _take(self, place: Place, now_s: float) -> str:
        """Open a port; returns why it could not be."""
        if len(self._open) >= MAX_PORTS:
            return f"MIDI: {MAX_PORTS} ports are open; {place.name} has to wait for one to go."
        try:
            port = Port(place)
        except ControlError as error:
            return f"MIDI: {error}."
        translator = Translator(self._profile, self._gathered, self._scene, self._panic)
        each = _Open(port, Parser(), translator, now_s)
        try:
            self._loop.add_reader(port.fd, self._readable, each)
        except OSError as error:  # such as a device that cannot be waited for
            port.close()
            return f"MIDI: cannot wait for {place.name}: {error.strerror}."
        self._open[place.path] = each
        self._say(f"MIDI: {place.name} is here.")
        return ""

    def _let_go(self, each: _Open) -> None:
        now_s = self._loop.time()
        self._loop.remove_reader(each.port.fd)
        each.port.close()
        del self._open[each.port.path]
        if each in self._resting:
            self._resting.remove(each)
        each.translator.silence(now_s)
        self._beat.leave(str(each.port.path))
        self._say(f"MIDI: {each.port.name} is gone; it is taken back when it returns.")
        self._wake(now_s)

    def _readable(self, each: _Open) -> None:
        data = each.port.read(min(BYTES_PER_READ, BYTES_PER_TICK // len(self._open)))
        if data is None:
            self._let_go(each)
            return
        self._loop.remove_reader(each.port.fd)
        self._resting.append(each)
        now_s = each.heard_s = self._loop.time()
        for message in each.parser.feed(data):
            if isinstance(message, System) and message.kind == "sensing":
                each.sensing = True
            self._beat.hear(str(each.port.path), message, now_s)
            each.translator.take(message, now_s)
            for listen in self.listeners:
                listen(message, now_s)
        if self._beating is None and self._beat.clock.alive(now_s):
            self._tell_beat()
        self._wake(now_s)

    def _tell_beat(self) -> None:
        now_s = self._loop.time()
        alive = self._beat.clock.alive(now_s)
        self._beating = self._loop.call_later(BEAT_S, self._tell_beat) if alive else None
        if alive:
            self._gathered.put("midi/beat", self._beat.clock.phase(now_s), now_s)
            self._wake(now_s)

    def _wake(self, now_s: float) -> None:
        """Hand on what was gathered: at once if the last tick is over, else with the next."""
        if self._ticking is None:
            self._ticking = self._loop.call_later(TICK_S, self._tick)
            self._hand_on(now_s)

    def _tick(self) -> None:
        waits = self._resting or self._gathered or self._scene.waiting or self._panic.waiting
        # Before anything is handed on: what is called there may raise, and we must go on.
        self._ticking = self._loop.call_later(TICK_S, self._tick) if waits else None
        for each in self._resting:
            self._loop.add_reader(each.port.fd, self._readable, each)
        self._resting.clear()
        self._hand_on(self._loop.time())

    def _hand_on(self, now_s: float) -> None:
        """Panic first; then the scene, which controls that came with it may change."""
        for why in self._panic.due(now_s):
            self._call_panic(why)
        for number in self._scene.due(now_s):
            self._call_scene(number)
        if signals := self._gathered.take(SIGNALS_PER_TICK):
            self._hear(signals)
