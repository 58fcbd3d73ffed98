"""What a service tells systemd: that it is ready, that it lives, and one line of how it is.

The protocol is sd_notify(3): one datagram of `NAME=value` lines to the socket in `$NOTIFY_SOCKET`.
Without one, as on a desktop, everything here does nothing. It never raises and never waits: what
watches over the music must not be able to stop it.
"""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass

_MAX_STATUS = 200
"""Letters of a line of status."""


@dataclass(frozen=True)
class Notify:
    """One service's way to systemd. `watchdog_s`: how long it may be silent; None: for ever."""

    address: str = ""
    """A path, or a name after a zero byte; '': nobody listens."""
    watchdog_s: float | None = None

    def ready(self) -> bool:
        """Say that the service does what it is there for; False if nobody heard."""
        return self._send("READY=1")

    def alive(self) -> bool:
        """Feed the watchdog; False if nobody heard."""
        return self._send("WATCHDOG=1")

    def stopping(self) -> bool:
        """Say that it is about to end; False if nobody heard."""
        return self._send("STOPPING=1")

    def status(self, sentence: str) -> bool:
        """Say in one line how it is, for `systemctl status`; False if nobody heard."""
        line = "".join(letter if letter.isprintable() else " " for letter in sentence)
        return self._send(f"STATUS={line[:_MAX_STATUS]}")

    def _send(self, message: str) -> bool:
        if not self.address:
            return False
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)
                sender.sendto(message.encode(errors="replace"), self.address)
        except OSError:
            return False
        return True


def notify_of(environment: Mapping[str, str] = os.environ, pid: int | None = None) -> Notify:
    """The way to systemd that `environment` tells of. `pid`: of this process, unless given.

    A watchdog that is meant for another process (`$WATCHDOG_PID`) is not ours to feed.
    """
    address = environment.get("NOTIFY_SOCKET", "")
    if address.startswith("@"):
        address = "\0" + address[1:]
    elif not address.startswith("/"):
        return Notify()
    meant_for = environment.get("WATCHDOG_PID")
    watchdog_s: float | None = None
    if meant_for in (None, "", str(os.getpid() if pid is None else pid)):
        try:
            watchdog_s = int(environment.get("WATCHDOG_USEC", "")) / 1e6
        except ValueError:
            watchdog_s = None
        if watchdog_s is not None and watchdog_s <= 0.0:
            watchdog_s = None
    return Notify(address, watchdog_s)
