"""Control's own pulse to systemd: READY once it steers, WATCHDOG for as long as its loop turns."""

import asyncio

from device.control.source import Take
from device.notify import Notify

_FEEDS = 4
"""How often the watchdog is fed within its time."""
_UNWATCHED_S = 5.0


class Pulse:
    """A source that moves nothing: a loop that hangs no longer calls it, and is started again."""

    name = "pulse"

    def __init__(self, notify: Notify, sentence: str = "Playing.") -> None:
        """`sentence` is told with READY."""
        self._notify, self._sentence = notify, sentence
        every_s = notify.watchdog_s
        self._period_s = _UNWATCHED_S if every_s is None else every_s / _FEEDS
        self._timer: asyncio.TimerHandle | None = None

    def start(self, loop: asyncio.AbstractEventLoop, take: Take) -> None:
        """Say that it is ready, and begin to beat."""
        self._notify.ready()
        self._notify.status(self._sentence)
        self._beat(loop)

    def close(self) -> None:
        """Beat no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._notify.stopping()

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        self._notify.alive()
        self._timer = loop.call_later(self._period_s, self._beat, loop)
