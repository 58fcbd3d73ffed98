"""OSC: one UDP socket that steers parameters and answers its senders.

    /ondine/param/<id> v   a parameter in its units        /ondine/panic    a fade to silence
    /ondine/raw/<id> v     the same parameter, 0..1        /ondine/defaults every parameter back
    /ondine/status         answers with the counters       /ondine/reset    the model forgets
    /ondine/params         answers with every parameter    /ondine/keep     keeps the last minutes
    /ondine/load name      another instrument comes in
    /ondine/scene/recall … what a player can have done, such as this (device/play/acts.py)

Addresses are matched exactly, values are clamped, what cannot be used is refused and counted. All
values of one OSC bundle reach audio together. Time tags are ignored. A button's release (argument
0) presses nothing. A malformed packet is refused whole; in a sound one, only the message at fault.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from pythonosc.osc_message import OscMessage, ParseError

from device.control.osc_guard import RefusedError, split
from device.control.osc_reply import Answer, packets
from device.control.source import Reading, Take
from device.control.token_bucket import TokenBuckets
from device.params import ParamSpec

MESSAGES_PER_S = 10_000.0
ANSWERS_PER_S = 10.0
"""Few: an answer is much longer than its question, and senders' addresses can be forged."""
ORDERS_PER_S = 2.0
"""Of loads and keeps, from all senders together: they cost seconds of work and room on the disk."""
ACTS_PER_S = 50.0
"""Of everything else that is done by name, from each sender."""


@dataclass(frozen=True)
class Steer:
    """An address that sets one parameter."""

    param: str
    raw: bool


@dataclass(frozen=True)
class Press:
    """An address that acts like a button: sets some parameters, and calls something."""

    values: tuple[tuple[str, float], ...] = ()
    call: Callable[[], object] | None = None


@dataclass(frozen=True)
class Ask:
    """An address that is answered."""

    answers: Callable[[], Sequence[Answer]]


@dataclass(frozen=True)
class Order:
    """An address that asks for something slow, whose outcome the screen tells."""

    call: Callable[[str], None]
    named: bool
    """Whether it takes a name, as its one argument, or is a button."""


@dataclass(frozen=True)
class Perform:
    """An address that has something done; `call` is given the arguments as they came."""

    call: Callable[[Sequence[float | str]], None]
    tags: str = ""
    """Of its first arguments: s, f; '' for a button."""
    about: str = ""
    slow: bool = False
    """Counts as an order."""


Route = Steer | Press | Ask | Order | Perform


def routes(
    specs: Mapping[str, ParamSpec],
    *,
    reset: Callable[[], object],
    status: Callable[[], Sequence[Answer]],
    value: Callable[[str], float],
    load: Callable[[str], None],
    keep: Callable[[], None],
    quiet: Callable[[], object] | None = None,
    more: Mapping[str, Route] | None = None,
    besides: Iterable[str] = (),
) -> dict[str, Route]:
    """Every address of a bundle's parameters, and what it does.

    `load` and `keep` only begin their work; `load` is given the name as it came. `quiet` silences
    what sounds beside the instrument. `besides` are steered as parameters are: macros, a morph.
    `more` are other addresses.
    """
    table: dict[str, Route] = dict(more or {})
    for id in (*specs, *besides):
        table[f"/ondine/param/{id}"] = Steer(id, raw=False)
        table[f"/ondine/raw/{id}"] = Steer(id, raw=True)
    gain = specs["output_gain_db"]
    table["/ondine/panic"] = Press(((gain.id, gain.minimum),), quiet)
    table["/ondine/defaults"] = Press(tuple((s.id, s.default) for s in specs.values()))
    table["/ondine/reset"] = Press(call=reset)
    table["/ondine/load"] = Order(load, named=True)
    table["/ondine/keep"] = Order(lambda _: keep(), named=False)
    table["/ondine/status"] = Ask(status)
    table["/ondine/params"] = Ask(
        lambda: [
            (f"/ondine/params/{s.id}", (value(s.id), s.minimum, s.maximum, s.default, s.unit))
            for s in specs.values()
        ]
    )
    return table


class OscReceiver:
    """Datagrams in, readings and answers out. It has no socket and no clock: both are outside.

    `refused` counts packets and messages that were not used, by reason; `accepted` messages.
    """

    def __init__(self, table: Mapping[str, Route], take: Take) -> None:
        self._routes = table
        self._take = take
        self._flood = TokenBuckets(MESSAGES_PER_S)
        self._asking = TokenBuckets(ANSWERS_PER_S)
        self._ordering = TokenBuckets(ORDERS_PER_S)
        self._acting = TokenBuckets(ACTS_PER_S)
        self.refused: Counter[str] = Counter()
        self.accepted = 0

    def replace(self, table: Mapping[str, Route]) -> None:
        """Another bundle plays: these are its addresses."""
        self._routes = table

    def receive(self, datagram: bytes, sender: str, now_s: float) -> list[bytes]:
        """Use one datagram; returns the datagrams to send back. Never raises for what is in it."""
        # A token is paid before the packet is looked at: refusing costs time as well.
        if not self._flood.allow(sender, 1, now_s):
            self.refused["too many a second"] += 1
            return []
        try:
            messages = split(datagram)
            if not self._flood.allow(sender, max(len(messages) - 1, 0), now_s):
                raise RefusedError("too many a second")
        except RefusedError as refusal:
            self.refused[refusal.reason] += 1
            return []
        readings: list[Reading] = []
        calls: list[Callable[[], object]] = []
        replies: list[bytes] = []
        for message in messages:
            try:
                route, value, given = self._read(message)
                if isinstance(route, Steer):
                    readings.append(Reading(route.param, value, route.raw, sender, now_s))
                elif isinstance(route, Ask):
                    if not self._asking.allow(sender, 1, now_s):
                        raise RefusedError("too many questions a second")
                    replies += packets(route.answers())
                elif isinstance(route, Order):
                    self._count_order(bool(given or value), now_s)
                    calls += [partial(route.call, str(given[0]) if given else "")] if value else []
                elif isinstance(route, Perform):
                    if not self._acting.allow(sender, 1, now_s):
                        raise RefusedError("too many acts a second")
                    self._count_order(route.slow and bool(value), now_s)
                    calls += [partial(route.call, given)] if value else []
                elif value:
                    readings += [Reading(p, v, False, sender, now_s) for p, v in route.values]
                    calls += [route.call] if route.call else []
            except RefusedError as refusal:
                self.refused[refusal.reason] += 1
            else:
                self.accepted += 1
        if readings:
            self._take(readings)
        for call in calls:
            call()
        return replies

    def _count_order(self, counts: bool, now_s: float) -> None:
        if counts and not self._ordering.allow("", 1, now_s):
            raise RefusedError("too many orders a second")

    def _read(self, datagram: bytes) -> tuple[Route, float, Sequence[float | str]]:
        """A message's route, its one number (1 if it is a press), and what else it was given."""
        try:
            message = OscMessage(datagram)
        except (ParseError, ValueError, IndexError, OverflowError):
            # The guard lets nothing through that gets here; a newer library may be stricter.
            raise RefusedError("unreadable") from None
        route = self._routes.get(message.address)
        if route is None:
            raise RefusedError("unknown address")
        arguments = message.params
        if isinstance(route, Perform) and route.tags:
            if route.tags[0] == "s" and len(arguments) == 1 and isinstance(arguments[0], bool):
                # A button's truth names nothing: it is not the place of a scene.
                return route, float(arguments[0]), ()
            return route, 1.0, [a if isinstance(a, str) else _finite(a) for a in arguments]
        takes_name = isinstance(route, Order) and route.named
        if not arguments and not (isinstance(route, Steer) or takes_name):
            return route, 1.0, ()
        if len(arguments) != 1 or isinstance(arguments[0], str) != takes_name:
            raise RefusedError("wrong arguments")
        if takes_name:
            return route, 1.0, (arguments[0],)
        return route, _finite(arguments[0]), ()


def _finite(argument: float) -> float:
    value = float(argument)
    if not math.isfinite(value):
        raise RefusedError("not finite")
    return value
