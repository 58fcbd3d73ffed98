"""OSCQuery as a source on the control loop: a TCP port, and a server that is imported late.

aiohttp takes a moment to import, and may not be installed. The port is bound at once, so that a
port in use is said at once; the rest happens in the background, and the instrument plays meanwhile.
"""

import asyncio
import importlib
import importlib.util
import logging
import socket
from typing import TYPE_CHECKING

from device.control.oscquery.door import Door
from device.control.oscquery.offer import Offer
from device.control.oscquery.query import host_info
from device.control.source import Take
from device.errors import ControlError

if TYPE_CHECKING:
    from device.control.oscquery.server import QueryServer

BACKLOG = 16

log = logging.getLogger("ondine.oscquery")


class OscQuery:
    """A source that listens on one TCP port. Port 0 takes any free one; `port` says which."""

    name = "OSCQuery"

    def __init__(
        self,
        host: str,
        port: int,
        offer: Offer,
        *,
        osc_port: int | None,
        door: Door,
        called: str = "Ondine",
    ) -> None:
        """Bind the port. `osc_port` is where OSC is taken at the same host, None if nowhere.

        Raises:
            ControlError: if the port cannot be had, or aiohttp is not installed.
        """
        if importlib.util.find_spec("aiohttp") is None:
            raise ControlError(
                "phones cannot look up what there is to play: aiohttp is not installed. "
                "Install it with: pip install 'ondine[phone]'"
            )
        self._offer, self._door = offer, door
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: QueryServer | None = None
        self._starting: asyncio.Task[None] | None = None
        self._listening: asyncio.Server | None = None
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM
            )[0]
            self._socket = socket.socket(family, kind, protocol)
        except (OSError, OverflowError, UnicodeError) as error:
            raise ControlError(_cannot(host, port, error)) from None
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(address)
            # Another that listens at this port is noticed here, and not at bind.
            self._socket.listen(BACKLOG)
        except OSError as error:
            self._socket.close()
            raise ControlError(_cannot(host, port, error)) from None
        self.host, self.port = self._socket.getsockname()[:2]
        self._host_info = host_info(called, osc_port, self.port)

    @property
    def server(self) -> "QueryServer | None":
        """The server, once it runs."""
        return self._server

    def start(self, loop: asyncio.AbstractEventLoop, take: Take) -> None:
        """Begin to answer, soon; OSC packets that come in over WebSockets go to `take`."""
        self._loop = loop
        self._starting = loop.create_task(self._start(loop, take))

    def replace(self, offer: Offer) -> None:
        """Another instrument plays."""
        self._offer = offer
        if self._server is not None:
            self._server.replace(offer)

    def close(self) -> None:
        """Stop answering, and let go of everybody who listens."""
        if self._starting is not None:
            self._starting.cancel()
        if self._listening is not None:
            self._listening.close()
        elif self._loop is not None and self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)  # it was just about to listen
        if self._server is not None:
            self._server.close()
        self._socket.close()

    async def _start(self, loop: asyncio.AbstractEventLoop, take: Take) -> None:
        try:
            # In another thread: it takes tenths of a second, on a Pi longer.
            module = await loop.run_in_executor(
                None, importlib.import_module, "device.control.oscquery.server"
            )
            server = module.QueryServer(loop, self._offer, take, self._door, self._host_info)
            self._listening = await loop.create_server(
                server.protocol, sock=self._socket, backlog=BACKLOG
            )
        except (ImportError, OSError) as error:
            log.warning("Phones cannot look up what there is to play: %s", error)
            return
        self._server = server


def _cannot(host: str, port: int, error: Exception) -> str:
    reason = getattr(error, "strerror", None) or error
    return (
        f"cannot answer OSCQuery on {host} port {port}: {reason}. "
        "Choose another with --osc-host and --query-port"
    )
