"""The OSC socket: what comes to one UDP port steers parameters and is answered."""

import asyncio
import logging
from collections.abc import Mapping

from device.control.desk import Desk
from device.control.feedback import Feedback, FeedbackTurns, following
from device.control.guests import EVERYONE, Guests
from device.control.osc import OscReceiver, Route
from device.control.source import Take
from device.control.udp_port import UdpPort

log = logging.getLogger("ondine.osc")


class OscServer:
    """A source that listens on one UDP port. Port 0 takes any free one; `port` says which."""

    name = "OSC"

    def __init__(
        self,
        host: str,
        port: int,
        table: Mapping[str, Route],
        desk: Desk | None = None,
        *,
        guests: Guests = EVERYONE,
    ) -> None:
        """Bind the socket. With a `desk`, senders are told what others have changed.

        Raises:
            ControlError: if the address cannot be listened on.
        """
        self._table = table
        options = "--osc-host and --osc-port"
        self._udp = UdpPort(host, port, log, what="OSC", options=options, guests=guests)
        self.host, self.port = self._udp.host, self._udp.port
        self.receiver: OscReceiver | None = None
        self._turns: FeedbackTurns | None = None
        if desk is not None:
            feedback = Feedback()
            self._turns = FeedbackTurns(feedback, desk.values, lambda: desk.specs, self._udp.send)

    def start(self, loop: asyncio.AbstractEventLoop, take: Take) -> None:
        """Listen, until `close`."""
        if self._turns is not None:
            self._turns.start(loop)
            take = following(take, self._turns, lambda: self._udp.sender)
        self.receiver = OscReceiver(self._table, take)
        self._udp.start(loop, self.receiver)

    def replace(self, table: Mapping[str, Route]) -> None:
        """Answer to other addresses from the next packet on; the socket and the senders stay."""
        self._table = table
        if self.receiver is not None:
            self.receiver.replace(table)

    def close(self) -> None:
        """Stop listening."""
        if self._turns is not None:
            self._turns.close()
        self._udp.close()
