"""What a phone needs to find its way: OSCQuery and layouts on one port, and a notice of it."""

import socket
from collections.abc import Callable

from device.config import Profile
from device.control.advertise import OSC, OSCQUERY, Advertising, Service
from device.control.guests import guests_of
from device.control.oscquery.door import Door, names_of
from device.control.oscquery.offer import Offer
from device.control.oscquery.source import OscQuery
from device.errors import ControlError
from device.play.wish import Play

CALLED = "Ondine"


def open_query(
    wish: Play,
    profile: Profile,
    offer: Callable[[], Offer],
    osc_port: int | None,
    say: Callable[[str], None],
) -> OscQuery | None:
    """OSCQuery of what `offer` gives, if it is wanted and its port can be had.

    An instrument plays on without it.
    """
    port = profile.phone.port if wish.query_port is None else wish.query_port
    if port < 0:
        return None
    host = wish.osc_host or profile.osc.host
    door = Door(names_of(socket.gethostname()), guests=guests_of(profile.osc.allow))
    try:
        query = OscQuery(host, port, offer(), osc_port=osc_port, door=door, called=CALLED)
    except ControlError as error:
        say(f"Playing without layouts: {error}.")
        return None
    say(f"Layouts for a phone at http://{query.host}:{query.port}/layout.tosc and /layout.json")
    return query


def advertise(
    query: OscQuery | None, osc_host: str, osc_port: int | None, say: Callable[[str], None]
) -> Advertising | None:
    """The network's notice of where we listen; None where only this computer may come in."""
    if osc_host in ("", "127.0.0.1", "::1", "localhost"):
        return None
    services = [Service(OSCQUERY, query.port)] if query is not None else []
    services += [Service(OSC, osc_port)] if osc_port is not None else []
    return Advertising(CALLED, osc_host, services, say) if services else None
