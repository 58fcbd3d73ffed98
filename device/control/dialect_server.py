"""The socket for other apps: cameras, gloves and patches that speak Wekinator or their own OSC."""

import asyncio
import logging
from collections.abc import Sequence

from device.control.dialect_receiver import DialectReceiver, Obey, See, ignore, overlook
from device.control.dialects import DIALECTS
from device.control.dialects.heard import Dialect
from device.control.guests import EVERYONE, Guests
from device.control.reduction import USUAL, Reduction
from device.control.signal import Hear
from device.control.udp_port import UdpPort

PORT = 6448
"""Wekinator's: apps that feed it need not be told another."""

log = logging.getLogger("ondine.dialects")


class DialectServer:
    """A source of signals on one UDP port. Port 0 takes any free one; `port` says which."""

    name = "dialects"

    def __init__(
        self,
        host: str,
        port: int = PORT,
        *,
        obey: Obey = ignore,
        see: See = overlook,
        dialects: Sequence[Dialect] = DIALECTS,
        reductions: Sequence[Reduction] = USUAL,
        guests: Guests = EVERYONE,
    ) -> None:
        """Bind the socket. Commands go to `obey`, and whole frames to `see` as well.

        Raises:
            ControlError: if the address cannot be listened on.
        """
        self._obey = obey
        self._see = see
        self._dialects = dialects
        self._reductions = reductions
        self._udp = UdpPort(
            host,
            port,
            log,
            what="other apps",
            options="--apps-host and --apps-port",
            guests=guests,
        )
        self.host, self.port = self._udp.host, self._udp.port
        self.receiver: DialectReceiver | None = None

    def start(self, loop: asyncio.AbstractEventLoop, hear: Hear) -> None:
        """Listen, until `close`."""
        self.receiver = DialectReceiver(
            hear,
            obey=self._obey,
            see=self._see,
            dialects=self._dialects,
            reductions=self._reductions,
        )
        self._udp.start(loop, self.receiver)

    def reduce_by(self, reductions: Sequence[Reduction]) -> None:
        """Reduce landmarks otherwise from the next frame on."""
        self._reductions = reductions
        if self.receiver is not None:
            self.receiver.reduce_by(reductions)

    def close(self) -> None:
        """Stop listening; calling it twice is allowed."""
        self._udp.close()
