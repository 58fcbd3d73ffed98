"""One UDP port on the control loop: drains what has come, a bounded number of packets a turn."""

import asyncio
import contextlib
import logging
import socket
import time
from collections import Counter
from typing import Any, Protocol

from device.control.guests import EVERYONE, Guests
from device.control.osc_guard import MAX_BYTES
from device.errors import ControlError

PACKETS_PER_TURN = 64
"""Of each turn of the loop: a flood never keeps the other sources waiting for long."""
TURN_S = 0.0015
"""After this no more are begun in a turn: the dearest take as long as a hundred others."""
LOG_EVERY_S = 1.0


class Receiver(Protocol):
    """What becomes of datagrams. `refused` counts what was not used, by reason."""

    refused: Counter[str]

    def receive(self, datagram: bytes, sender: str, now_s: float) -> list[bytes]:
        """Use one datagram; returns the datagrams to send back. Never raises for what is in it."""


class UdpPort:
    """A bound socket. Port 0 takes any free one; `host` and `port` say which it is."""

    def __init__(
        self,
        host: str,
        port: int,
        log: logging.Logger,
        *,
        what: str,
        options: str,
        guests: Guests = EVERYONE,
    ) -> None:
        """Bind the socket. `what` listens there, and `options` choose another place for it.

        Raises:
            ControlError: if the address cannot be listened on.
        """
        self._log = log
        self._what, self._guests = what, guests
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reporting: asyncio.TimerHandle | None = None
        self._reported = 0
        self.sender: tuple[Any, ...] = ()
        """Where the packet came from that is being used."""
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_DGRAM
            )[0]
            self._socket = socket.socket(family, kind, protocol)
        except (OSError, OverflowError, UnicodeError) as error:
            raise ControlError(_cannot(what, host, port, options, error)) from None
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            self._socket.bind(address)
        except OSError as error:
            self._socket.close()
            raise ControlError(_cannot(what, host, port, options, error)) from None
        self.host, self.port = self._socket.getsockname()[:2]

    def start(self, loop: asyncio.AbstractEventLoop, receiver: Receiver) -> None:
        """Hand everything that comes to `receiver`, on `loop`'s thread, until `close`."""
        self._loop = loop
        loop.add_reader(self._socket, self._drain, receiver)

    def send(self, packet: bytes, sender: tuple[Any, ...]) -> None:
        """Send to somebody who was heard; what cannot be sent is lost, as on any network."""
        with contextlib.suppress(OSError):
            self._socket.sendto(packet, sender)

    def close(self) -> None:
        """Stop listening."""
        if self._loop is not None and self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
        if self._reporting is not None:
            self._reporting.cancel()
        self._socket.close()

    def _drain(self, receiver: Receiver) -> None:
        began_s = now_s = time.monotonic()
        for _ in range(PACKETS_PER_TURN):
            if now_s - began_s > TURN_S:
                break
            try:
                datagram, sender = self._socket.recvfrom(MAX_BYTES + 1)
            except BlockingIOError:
                break
            except OSError:
                continue  # an earlier answer came back undelivered; the socket is well
            if not self._guests.admits(sender[0]):
                receiver.refused["not let in"] += 1
                now_s = time.monotonic()
                continue
            self.sender = sender
            for reply in receiver.receive(datagram, sender[0], now_s):
                try:
                    self._socket.sendto(reply, sender)
                except OSError:
                    receiver.refused["answer not sent"] += 1
            now_s = time.monotonic()
        if self._loop and self._reporting is None and receiver.refused.total() != self._reported:
            self._reporting = self._loop.call_later(LOG_EVERY_S, self._report, receiver)

    def _report(self, receiver: Receiver) -> None:
        self._reporting = None
        new = receiver.refused.total() - self._reported
        self._reported = receiver.refused.total()
        reasons = ", ".join(f"{reason} {n}" for reason, n in receiver.refused.most_common(4))
        self._log.warning(
            "%s: %d messages were not used (since start: %s)", self._what, new, reasons
        )


def _cannot(what: str, host: str, port: int, options: str, error: Exception) -> str:
    reason = getattr(error, "strerror", None) or error
    return (
        f"cannot listen for {what} on {host} port {port}: {reason}. Choose another with {options}"
    )
