"""A small display as a part of the panel: drawn four times a second, if there is anything new.

    status, scene, address ─► Shown ─► lines ─► picture ─► glass        in a thread of its own
                                                  │ as before: nothing is sent

It is guarded as every part is: one that is not there, or dies, is said once and tried again, and
is drawn afresh when it comes back. I2C takes its time, and nothing else waits for it.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

from device.control.panel.absent import Guarded
from device.control.panel.poll import Poller
from device.control.signal import Signal
from device.control.source import Take
from device.oled.glass import Glass
from device.oled.picture import Size, draw
from device.oled.words import Shown, lines_of

RATE_HZ = 4.0


class DisplayPart:
    """A `device.control.panel.absent.Part` that says nothing and shows everything."""

    period_s = 1.0 / RATE_HZ

    def __init__(
        self, name: str, size: Size, open_glass: Callable[[], Glass], look: Callable[[], Shown]
    ) -> None:
        self.name, self._size = name, size
        self._open, self._look = open_glass, look
        self._glass: Glass | None = None
        self._lines: Sequence[str] | None = None

    def open(self) -> None:
        """Find it. Raises OSError if it is not there."""
        self._glass, self._lines = self._open(), None

    def read(self, now_s: float) -> Sequence[Signal]:
        """Draw what is new. Raises OSError if it is gone."""
        assert self._glass is not None
        lines = lines_of(self._look(), self._size.columns, self._size.rows)
        if lines != self._lines:
            self._glass.show(draw(lines, self._size))
            self._lines = lines
        return ()

    def lost(self, now_s: float) -> Sequence[Signal]:
        """Nobody plays by it."""
        return ()

    def close(self) -> None:
        """Dark."""
        glass, self._glass = self._glass, None
        if glass is not None:
            glass.close()


class Displays:
    """A source that only shows; `parts` have a thread together, which is not the panel's."""

    name = "displays"

    def __init__(
        self, parts: Sequence[DisplayPart], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.guarded = [Guarded(part) for part in parts]
        self._poller = Poller("displays", self.guarded, 2 * RATE_HZ, clock, _nothing)
        self._started = self._closed = False

    def start(self, loop: asyncio.AbstractEventLoop, take: Take) -> None:
        """Begin to show."""
        if self.guarded:
            self._started = True
            self._poller.start()

    def close(self) -> None:
        """Dark; calling it twice is allowed."""
        if self._started and not self._closed:
            self._closed = True
            self._poller.close()


def _nothing(signals: Any) -> None:
    """There are none."""
