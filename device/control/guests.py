"""Guests: from which addresses others may come in, where the network is let in at all.

It keeps a hall's other musicians from one's knobs by mistake. It is no lock: an address can be
forged, so what a guest may do is bounded all the same (see `osc_guard`).
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field

from device.errors import ControlError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MOST_REMEMBERED = 4096


@dataclass(frozen=True)
class Guests:
    """Those of `networks`, and this computer itself; without any, everybody."""

    networks: tuple[Network, ...] = ()
    _known: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)

    def admits(self, host: str) -> bool:
        """Whether a packet or a connection from this address is let in."""
        if not self.networks:
            return True
        known = self._known.get(host)
        if known is None:
            known = self._looked_up(host)
            # Addresses can be forged, and there are many.
            if len(self._known) < MOST_REMEMBERED:
                self._known[host] = known
        return known

    def _looked_up(self, host: str) -> bool:
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        address = mapped or address
        return address.is_loopback or any(address in network for network in self.networks)


EVERYONE = Guests()


def guests_of(texts: Sequence[str]) -> Guests:
    """The guests of a profile: addresses such as 192.168.1.20, and networks such as 10.0.0.0/24.

    Raises:
        ControlError: with every text that is neither.
    """
    networks: list[Network] = []
    wrong: list[str] = []
    for text in texts:
        try:
            networks.append(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError:
            wrong.append(repr(text[:64]))
    if wrong:
        raise ControlError(
            f"{', '.join(wrong)} cannot be let in; give addresses such as 192.168.1.20, or "
            "networks such as 192.168.1.0/24"
        )
    return Guests(tuple(networks))
