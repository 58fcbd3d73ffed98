"""Datagrams of other apps become signals and commands. It has no socket and no clock.

    datagram → guard → message → dialect ┬→ numbers ────────────────────→ hear
                                         ├→ parts → frames → reductions → hear
                                         └→ commands ──────────────────→ obey

All signals of one datagram are handed over together. What cannot be used is refused and counted: a
malformed packet whole; in a sound one only the message at fault. A source that falls silent says
nothing here, and the signals stand where they stood.
"""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from pythonosc.osc_message import OscMessage, ParseError

from device.control.dialects import DIALECTS
from device.control.dialects.frames import Frames
from device.control.dialects.heard import Command, Dialect, Heard, Number
from device.control.osc_guard import RefusedError, split
from device.control.reduction import USUAL, Reduction
from device.control.signal import Hear, Signal
from device.control.token_bucket import TokenBuckets
from device.errors import ControlError

MAX_ARGUMENTS = 1000
"""Of a message: enough for a face mesh with irises, 956. A packet is left once it had so many."""
TOKENS_PER_S = 5000.0
"""Per sender. hand_osc, the most talkative, spends 1470: two hands, 30 times a second."""
BYTES_PER_TOKEN = 256
"""A message costs one, and its length: a face mesh takes as long to read as 19 short messages."""
COMMANDS_PER_S = 10.0
"""From all senders together: training costs seconds of work."""

Obey = Callable[[Command], None]
"""Where commands go."""
See = Callable[[str, NDArray[np.float64]], None]
"""Where whole frames `[points, axes]` go by name, for capturing. They must not be changed."""


def ignore(command: Command) -> None:
    """Obeys nothing."""


def overlook(name: str, frame: NDArray[np.float64]) -> None:
    """Sees nothing."""


class DialectReceiver:
    """`refused` counts packets and messages that were not used, by reason; `accepted` messages."""

    def __init__(
        self,
        hear: Hear,
        *,
        obey: Obey = ignore,
        see: See = overlook,
        dialects: Sequence[Dialect] = DIALECTS,
        reductions: Sequence[Reduction] = USUAL,
    ) -> None:
        self._hear = hear
        self._obey = obey
        self._see = see
        self._dialects = tuple(dialects)
        self._reductions = tuple(reductions)
        self._frames = Frames()
        self._flood = TokenBuckets(TOKENS_PER_S)
        self._commanding = TokenBuckets(COMMANDS_PER_S)
        self.refused: Counter[str] = Counter()
        self.accepted = 0

    def reduce_by(self, reductions: Sequence[Reduction]) -> None:
        """Reduce otherwise from the next frame on."""
        self._reductions = tuple(reductions)

    def receive(self, datagram: bytes, sender: str, now_s: float) -> list[bytes]:
        """Use one datagram. Nothing is ever answered. Never raises for what is in it."""
        # Paid before the packet is looked at: refusing costs time as well.
        if not self._flood.allow(sender, 1 + len(datagram) // BYTES_PER_TOKEN, now_s):
            self.refused["too many a second"] += 1
            return []
        try:
            messages = split(datagram, MAX_ARGUMENTS)
            if not self._flood.allow(sender, max(len(messages) - 1, 0), now_s):
                raise RefusedError("too many a second")
        except RefusedError as refusal:
            self.refused[refusal.reason] += 1
            return []
        numbers: list[Number] = []
        commands: list[Command] = []
        arguments = 0
        for raw in messages:
            if arguments > MAX_ARGUMENTS:
                # Each costs time, and a packet can hold eight thousand that are one byte long.
                self.refused["too many arguments"] += 1
                break
            try:
                message = _parsed(raw)
                arguments += len(message.params)
                for thing in self._read(message):
                    if isinstance(thing, Number):
                        numbers.append(thing)
                    elif isinstance(thing, Command):
                        if not self._commanding.allow("", 1, now_s):
                            raise RefusedError("too many commands a second")
                        commands.append(thing)
                    elif (frame := self._frames.put(thing)) is not None:
                        self._see(thing.name, frame)
                        numbers += self._reduced(thing.name, frame)
            except RefusedError as refusal:
                self.refused[refusal.reason] += 1
            else:
                self.accepted += 1
        if numbers:
            self._hear([Signal(number.name, number.value, now_s) for number in numbers])
        for command in commands:
            self._obey(command)
        return []

    def _read(self, message: OscMessage) -> Heard:
        for dialect in self._dialects:
            heard = dialect.read(message.address, message.params)
            if heard is not None:
                return heard
        raise RefusedError("unknown address")

    def _reduced(self, name: str, frame: NDArray[np.float64]) -> list[Number]:
        numbers: list[Number] = []
        for reduction in self._reductions:
            if reduction.of == name:
                try:
                    numbers += reduction.numbers(frame)
                except ControlError:
                    # Another app, or a patch that picks other points: the rest is still good.
                    self.refused["frame does not fit its reducer"] += 1
        return numbers


def _parsed(message: bytes) -> OscMessage:
    try:
        return OscMessage(message)
    except (ParseError, ValueError, IndexError, OverflowError):
        # The guard lets nothing through that gets here; a newer library may be stricter.
        raise RefusedError("unreadable") from None
