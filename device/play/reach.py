"""How others reach an instrument while it plays: OSC, OSCQuery, the box's own socket, a notice.

What they find depends on the instrument, the patch and the scenes; `renew` makes it anew.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from device.config import Profile
from device.control.desk import Desk
from device.control.guests import guests_of
from device.control.osc import Ask, Perform, Route, routes
from device.control.osc_reply import Answer
from device.control.osc_server import OscServer
from device.control.oscquery.offer import Offer, offer_of
from device.control.oscquery.source import OscQuery
from device.control.source import Source
from device.errors import ControlError
from device.params import ParamSpec
from device.paths import RunFolder
from device.play.acts import ActSpec
from device.play.box_acts import BOX_ACTS
from device.play.datagram import send
from device.play.orders import Orders
from device.play.phone import advertise, open_query
from device.play.playing import Playing
from device.play.status_answers import status_answers
from device.play.wish import Play


@dataclass(frozen=True)
class Reached:
    """What can be reached, as functions: it changes while it plays."""

    playing: Callable[[], Playing]
    besides: Callable[[], Mapping[str, ParamSpec]]
    """What is steered besides the instrument's parameters: macros, a morph."""
    place: Callable[[str], float]
    """Where one of those is, 0..1."""
    questions: Mapping[str, Callable[[], Sequence[Answer]]]
    """Addresses that are answered, besides those of parameters and status."""
    quiet: Callable[[], None]
    """Silence from whatever sounds beside the instrument."""


class Reach:
    """Every door to an instrument; closed ones are said and missing."""

    def __init__(
        self,
        wish: Play,
        profile: Profile,
        folder: RunFolder,
        desk: Desk,
        orders: Orders,
        acts: Sequence[ActSpec],
        reached: Reached,
        say: Callable[[str], None],
    ) -> None:
        self._folder, self._desk = folder, desk
        self._orders, self._acts, self._reached = orders, acts, reached
        self._osc = _open_osc(wish, profile, self._routes(), desk, say)
        port = self._osc.port if self._osc else None
        self._query: OscQuery | None = open_query(wish, profile, self._offer, port, say)
        notice = advertise(self._query, self._osc.host if self._osc else "", port, say)
        doors = (self._osc, self._query, notice)
        self.sources: list[Source] = [door for door in doors if door is not None]

    def renew(self) -> None:
        """Another instrument plays, or there are other macros: these are the addresses now."""
        if self._osc is not None:
            self._osc.replace(self._routes())
        if self._query is not None:
            self._query.replace(self._offer())

    def _routes(self) -> dict[str, Route]:
        desk, orders, folder = self._desk, self._orders, self._folder
        more: dict[str, Route] = {
            f"/ondine/{spec.name}": Perform(
                partial(orders.perform, spec.name),
                "".join("f" if a.kind == "number" else "s" for a in spec.arguments),
                spec.about,
                spec.slow,
            )
            for spec in self._acts
            # Whoever is in the network names no files of ours.
            if not spec.local and spec not in BOX_ACTS
        }
        more |= {address: Ask(answer) for address, answer in self._reached.questions.items()}
        return routes(
            desk.specs,
            reset=lambda: send(folder.socket, "reset"),
            status=self._status,
            value=desk.value,
            load=orders.load_named,
            keep=lambda: orders.begin("keep"),
            quiet=self._reached.quiet,
            more=more,
            besides=self._reached.besides(),
        )

    def _offer(self) -> Offer:
        desk, besides = self._desk, self._reached.besides()
        return offer_of(
            self._reached.playing().manifest,
            desk.specs,
            self._routes(),
            value=lambda id: self._reached.place(id) if id in besides else desk.value(id),
            status=self._status,
            clock=time.monotonic,
            besides=besides,
        )

    def _status(self) -> Sequence[Answer]:
        return status_answers(self._folder, self._reached.playing())


def _open_osc(
    wish: Play,
    profile: Profile,
    table: dict[str, Route],
    desk: Desk,
    say: Callable[[str], None],
) -> OscServer | None:
    """The OSC server, if its port can be had: an instrument plays on without it."""
    try:
        server = OscServer(
            wish.osc_host or profile.osc.host,
            profile.osc.port if wish.osc_port is None else wish.osc_port,
            table,
            desk,
            guests=guests_of(profile.osc.allow),
        )
    except ControlError as error:
        say(f"Playing without OSC: {error}.")
        return None
    say(f"OSC on {server.host} port {server.port}, such as /ondine/param/dry_wet 0.5")
    return server
