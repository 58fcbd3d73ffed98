"""The OSC socket on the control loop: drains what has come, a bounded number of packets a turn."""

import asyncio
import logging
import socket
import time
from collections.abc import Mapping

from device.control.osc import OscReceiver, Route
from device.control.osc_guard import MAX_BYTES
from device.control.source import Take
from device.errors import ControlError

PACKETS_PER_TURN = 64
"""Of each turn of the loop: a flood never keeps the other sources waiting for long."""
LOG_EVERY_S = 1.0

log = logging.getLogger("ondine.osc")


class OscServer:
    """A source that listens on one UDP port. Port 0 takes any free one; `port` says which."""

    name = "OSC"

    def __init__(self, host: str, port: int, table: Mapping[str, Route]) -> None:
        """Bind the socket.

        Raises:
            ControlError: if the address cannot be listened on.
        """
        self._table = table
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reporting: asyncio.TimerHandle | None = None
        self._reported = 0
        self.receiver: OscReceiver | None = None
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_DGRAM
            )[0]
            self._socket = socket.socket(family, kind, protocol)
        except (OSError, OverflowError, UnicodeError) as error:
            raise ControlError(_cannot(host, port, error)) from None
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            self._socket.bind(address)
        except OSError as error:
            self._socket.close()
            raise ControlError(_cannot(host, port, error)) from None
        self.host, self.port = self._socket.getsockname()[:2]

    def start(self, loop: asyncio.AbstractEventLoop, take: Take) -> None:
        """Listen, until `close`."""
        self._loop = loop
        self.receiver = OscReceiver(self._table, take)
        loop.add_reader(self._socket, self._drain, self.receiver)

    def replace(self, table: Mapping[str, Route]) -> None:
        """Answer to other addresses from the next packet on; the socket and the senders stay."""
        self._table = table
        if self.receiver is not None:
            self.receiver.replace(table)

    def close(self) -> None:
        """Stop listening."""
        if self._loop is not None and self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
        if self._reporting is not None:
            self._reporting.cancel()
        self._socket.close()

    def _drain(self, receiver: OscReceiver) -> None:
        for _ in range(PACKETS_PER_TURN):
            try:
                datagram, sender = self._socket.recvfrom(MAX_BYTES + 1)
            except BlockingIOError:
                break
            except OSError:
                continue  # an earlier answer came back undelivered; the socket is well
            for reply in receiver.receive(datagram, sender[0], time.monotonic()):
                try:
                    self._socket.sendto(reply, sender)
                except OSError:
                    receiver.refused["answer not sent"] += 1
        if self._loop and self._reporting is None and receiver.refused.total() != self._reported:
            self._reporting = self._loop.call_later(LOG_EVERY_S, self._report, receiver)

    def _report(self, receiver: OscReceiver) -> None:
        self._reporting = None
        new = receiver.refused.total() - self._reported
        self._reported = receiver.refused.total()
        reasons = ", ".join(f"{reason} {n}" for reason, n in receiver.refused.most_common(4))
        log.warning("OSC: %d messages were not used (since start: %s)", new, reasons)


def _cannot(host: str, port: int, error: Exception) -> str:
    reason = getattr(error, "strerror", None) or error
    return (
        f"cannot listen for OSC on {host} port {port}: {reason}. "
        "Choose another with --osc-host and --osc-port"
    )
