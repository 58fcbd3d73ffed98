"""Advertising in the local network (zeroconf, RFC 6762 and 6763): phones find the box by its name.

    _oscjson._tcp   the OSCQuery server        _osc._udp   the OSC port

It waits for no network: where there is none it looks again from time to time, and where addresses
change it begins anew with the new ones. Without it everything plays on; addresses are typed in.
"""

import asyncio
import importlib
import importlib.util
import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from device.control.source import Take

LOOK_EVERY_S = 30.0
SETTLE_S = 10.0
"""For everything that one round of advertising does in the network."""
OSCQUERY, OSC = "_oscjson._tcp", "_osc._udp"


@dataclass(frozen=True)
class Service:
    """A kind, such as `_osc._udp`, and the port it is found at."""

    kind: str
    port: int


def addresses_of(host: str, all_addresses: Sequence[str]) -> tuple[str, ...]:
    """The addresses of this computer that others reach a server at, which is bound to `host`.

    `all_addresses` are all that this computer has; 127.0.0.1 and the like are for nobody else.
    """
    try:
        bound = ipaddress.ip_address(host)
    except ValueError:
        return ()
    if not bound.is_unspecified:
        return () if bound.is_loopback else (host,)
    found = [ipaddress.ip_address(address) for address in all_addresses]
    return tuple(sorted(str(a) for a in found if a.version == 4 and not a.is_loopback))


class Advertising:
    """A source that is none: it only tells the network where the others listen."""

    name = "zeroconf"

    def __init__(
        self,
        called: str,
        host: str,
        services: Sequence[Service],
        say: Callable[[str], object],
        *,
        addresses: Callable[[str], tuple[str, ...]] | None = None,
    ) -> None:
        """`called` is the name that is shown; `say` is given one sentence if it cannot be done.

        `addresses` gives those that are advertised for `host`; None: what the network has.
        """
        self._called = "".join(c for c in called if c.isprintable() and c != ".")[:48] or "Ondine"
        self._host, self._services, self._say = host, tuple(services), say
        self._addresses = addresses or _found
        self._task: asyncio.Task[None] | None = None
        self._said = ""

    def start(self, loop: asyncio.AbstractEventLoop, take: Take) -> None:
        """Begin, in the background. It hands nothing to `take`."""
        if importlib.util.find_spec("zeroconf") is None:
            self._tell("zeroconf is not installed. Install it with: pip install 'ondine[phone]'")
            return
        self._task = loop.create_task(self._run(loop))

    def close(self) -> None:
        """Take the services back."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        out: Any = None
        now: tuple[str, ...] = ()
        try:
            while True:
                try:
                    # In another thread: the first time it takes tenths of a second.
                    await loop.run_in_executor(None, importlib.import_module, "zeroconf.asyncio")
                    wanted = self._addresses(self._host)
                    if wanted != now:
                        await _withdrawn(out)
                        out, now = None, ()
                        if wanted:
                            async with asyncio.timeout(SETTLE_S):
                                out = await self._advertise(wanted)
                        now = wanted
                except Exception as error:  # Whatever a network can do to us, we play on.
                    self._tell(str(error) or type(error).__name__)
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            await _withdrawn(out)

    async def _advertise(self, addresses: tuple[str, ...]) -> Any:
        from zeroconf import IPVersion, ServiceInfo
        from zeroconf.asyncio import AsyncZeroconf

        out = AsyncZeroconf(interfaces=list(addresses), ip_version=IPVersion.V4Only)
        try:
            host = socket.gethostname().partition(".")[0] or "ondine"
            for service in self._services:
                kind = f"{service.kind}.local."
                info = ServiceInfo(
                    kind,
                    f"{self._called}.{kind}",
                    port=service.port,
                    properties={"txtvers": "1"},
                    server=f"{host}.local.",
                    parsed_addresses=list(addresses),
                )
                # Two boxes of one name in a room are told apart by a number.
                announced: Any = await out.async_register_service(info, allow_name_change=True)
                await announced
        except BaseException:
            await _withdrawn(out)
            raise
        return out

    def _tell(self, reason: str) -> None:
        if reason != self._said:
            self._said = reason
            self._say(f"Not advertised in the network: {reason}")


async def _withdrawn(out: Any) -> None:
    """Say goodbye to the network, if we are in it and it lets us."""
    if out is None:
        return
    try:
        async with asyncio.timeout(1.0):
            await out.async_close()
    except Exception:  # It was to be forgotten anyway: it is, when its time to live ends.
        return


def _found(host: str) -> tuple[str, ...]:
    import ifaddr  # zeroconf's own way to find them, and installed with it

    found = [ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
    return addresses_of(host, [str(ip) for ip in found])
