"""The door of the HTTP server: who may come in, by the names that he calls us by.

A page on the web can make the browser of somebody in this network ask us. It is told by its Origin,
which is not ours. And if its own name is made to lead here (DNS rebinding), by the Host that it
asks for: we answer to addresses, which cannot be rebound, and to our own names only.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from device.control.guests import EVERYONE, Guests

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:[0-9]{1,5})?", re.ASCII)
MAX_CHARACTERS = 260


@dataclass(frozen=True)
class Door:
    """`names` are those we are reached by; `origins`, such as https://example.org, come in too."""

    names: frozenset[str] = frozenset({"localhost"})
    origins: frozenset[str] = frozenset()
    guests: Guests = EVERYONE

    def refuses(self, hosts: Sequence[str], origins: Sequence[str], peer: str | None = None) -> str:
        """Why a request with these Host and Origin headers is refused; empty if it is not.

        `peer` is the address that it comes from, None if that is not known.
        """
        if self.guests.networks and not (peer and self.guests.admits(peer)):
            return "this box lets in only the addresses that its profile names"
        if len(hosts) != 1 or len(hosts[0]) > MAX_CHARACTERS:
            return "a request names one host"
        host = hosts[0].lower()
        match = _HOST.fullmatch(host)
        if match is None or not self._is_ours(match[1]):
            return "ask by an address such as 192.168.1.20, or by this box's own name"
        if len(origins) > 1:
            return "a request has one origin"
        if not origins or origins[0] in self.origins:
            return ""
        scheme, separator, place = origins[0].lower().partition("://")
        if separator and scheme in ("http", "https") and place == host:
            return ""
        return "pages of other sites are not let in"

    def _is_ours(self, name: str) -> bool:
        if name.removesuffix(".") in self.names:
            return True
        try:
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True


def names_of(hostname: str) -> frozenset[str]:
    """What a computer of this name is called in its network."""
    own = hostname.lower().removesuffix(".")
    short = own.partition(".")[0]
    return frozenset({"localhost", own, short, f"{short}.local"} - {"", ".local"})
