"""OSC feedback: whoever sent OSC lately is told what others change. Time is passed in.

    phone ── /ondine/raw/dry_wet 0.3 ─►            a knob moves dry_wet to 0.7
    phone ◄─ /ondine/raw/dry_wet 0.7 ──            its fader follows

A sender is told at the addresses that it uses itself, in units or 0..1. One that has just moved a
value is not told of it until it rests: a fader must not jump under a finger. A sender's address can
be forged, so nothing is told for being asked, only changes, and few senders are remembered.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from device.control.osc_reply import Answer, packets
from device.control.source import Reading, Take
from device.params import ParamSpec

MAX_SENDERS = 16
FORGOTTEN_S = 60.0
"""After a sender's last packet."""
HUSH_S = 0.1
"""After a sender's own last move of a parameter, until it is told what became of it."""
TURN_S = 1.0 / 30.0
PER_TURN = 64
"""Messages to one sender in one turn; what is left over comes with the next."""

Sender = tuple[str | int, ...]
"""Where packets come from: host and port, and what else a socket adds to them."""


@dataclass
class _Ear:
    """What one sender knows, by parameter, and how it names things."""

    heard_s: float
    told: dict[str, float]
    raw: bool = False
    units: bool = False
    moved_s: dict[str, float] = field(default_factory=dict)
    next: int = 0
    """Where to go on in the next turn, if more had changed than fits."""


class Feedback:
    """Who is to be told what. `values` are always in units, by parameter id."""

    def __init__(self) -> None:
        self._ears: OrderedDict[Sender, _Ear] = OrderedDict()

    @property
    def senders(self) -> Iterable[Sender]:
        """Who is remembered, the one heard last at the end."""
        return self._ears.keys()

    def heard(
        self, sender: Sender, values: Callable[[], Mapping[str, float]], now_s: float
    ) -> None:
        """A packet came that was used. A new sender is told of changes to `values` from now on."""
        ear = self._ears.get(sender)
        if ear is None:
            ear = self._ears[sender] = _Ear(now_s, dict(values()))
            if len(self._ears) > MAX_SENDERS:
                self._ears.popitem(last=False)
        ear.heard_s = now_s
        self._ears.move_to_end(sender)

    def moved(self, sender: Sender, readings: Sequence[Reading], now_s: float) -> None:
        """A sender that was heard has moved parameters itself."""
        if ear := self._ears.get(sender):
            for reading in readings:
                ear.moved_s[reading.param] = now_s
                ear.raw |= reading.raw
                ear.units |= not reading.raw

    def due(
        self,
        values: Mapping[str, float],
        specs: Mapping[str, ParamSpec],
        now_s: float,
    ) -> list[tuple[Sender, list[Answer]]]:
        """Who is to be told what now; it counts as told. Call it at most every `TURN_S`."""
        for sender in [s for s, e in self._ears.items() if now_s - e.heard_s >= FORGOTTEN_S]:
            del self._ears[sender]
        told = [(sender, _due(ear, values, specs, now_s)) for sender, ear in self._ears.items()]
        return [(sender, answers) for sender, answers in told if answers]


def _due(
    ear: _Ear, values: Mapping[str, float], specs: Mapping[str, ParamSpec], now_s: float
) -> list[Answer]:
    changed = [
        id
        for id in specs
        if ear.told.get(id) != values.get(id)
        and id in values
        and now_s - ear.moved_s.get(id, -math.inf) >= HUSH_S
    ]
    if not changed:
        return []
    # Round and round: a parameter that never rests must not keep the others waiting.
    first = ear.next % len(changed)
    turn = (changed[first:] + changed[:first])[: PER_TURN // (2 if ear.raw and ear.units else 1)]
    ear.next = first + len(turn) if len(turn) < len(changed) else 0
    answers: list[Answer] = []
    for id in turn:
        ear.told[id] = values[id]
        if ear.units or not ear.raw:
            answers.append((f"/ondine/param/{id}", [values[id]]))
        if ear.raw:
            answers.append((f"/ondine/raw/{id}", [specs[id].raw(values[id])]))
    return answers


class FeedbackTurns:
    """Gives feedback its turns on the control loop, while there is anybody to be told."""

    def __init__(
        self,
        feedback: Feedback,
        values: Callable[[], Mapping[str, float]],
        specs: Callable[[], Mapping[str, ParamSpec]],
        send: Callable[[bytes, Sender], object],
    ) -> None:
        """`values` and `specs` are the desk's; `send` sends a datagram, and may fail silently."""
        self._feedback, self._values, self._specs, self._send = feedback, values, specs, send
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ready to be called from this loop."""
        self._loop = loop

    def heard(self, sender: Sender, readings: Sequence[Reading]) -> None:
        """A packet of this sender was used, and these are the readings that were in it."""
        if self._loop is None:
            return
        now_s = self._loop.time()
        self._feedback.heard(sender, self._values, now_s)
        self._feedback.moved(sender, readings, now_s)
        if self._timer is None:
            self._timer = self._loop.call_later(TURN_S, self._turn)

    def close(self) -> None:
        """No more turns."""
        if self._timer is not None:
            self._timer.cancel()
        self._loop = self._timer = None

    def _turn(self) -> None:
        self._timer = None
        if self._loop is None:
            return
        due = self._feedback.due(self._values(), self._specs(), self._loop.time())
        for sender, answers in due:
            for packet in packets(answers):
                self._send(packet, sender)
        if self._feedback.senders:
            self._timer = self._loop.call_later(TURN_S, self._turn)


def following(take: Take, turns: FeedbackTurns, sender: Callable[[], Sender]) -> Take:
    """A `take` for the readings of OSC packets, whose senders are told of changes from then on.

    `sender` says where the packet that is being used came from.
    """

    def taken(readings: Sequence[Reading]) -> None:
        take(readings)
        turns.heard(sender(), readings)

    return taken
