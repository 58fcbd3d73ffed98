"""The panel as a source of signals.

SPI, pins, events ─► thread ─┐
I2C               ─► thread ─┴─► waiting ─► hear, on the control loop
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Sequence

from device.control.panel.absent import Guarded
from device.control.panel.leds import Leds
from device.control.panel.parts import i2c_parts, quick_parts
from device.control.panel.poll import Poller
from device.control.panel.profile import PanelProfile
from device.control.panel.wiring import RealWiring, Wiring
from device.control.signal import Hear, Signal

MOST_WAITING = 4096
"""Signals, if the control loop does not come round for a second; then the oldest are forgotten."""


class PanelSource:
    """Everything of a panel: started once, closed once; `leds.show` says what its lights show.

    It never raises for a part that is not there: that is logged, and its default is heard.
    """

    name = "panel"

    def __init__(
        self,
        panel: PanelProfile,
        wiring: Wiring | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is opened yet. `clock` dates the signals: that of the control loop."""
        self.leds = Leds(clock)
        wiring = wiring or RealWiring()
        self._panel, self._clock = panel, clock
        self._quick = [Guarded(part) for part in quick_parts(panel, wiring, self.leds)]
        self._i2c = [Guarded(part) for part in i2c_parts(panel, wiring)]
        self._pollers: list[Poller] = []
        self._lock = threading.Lock()
        self._waiting: list[Signal] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._hear: Hear | None = None

    @property
    def parts(self) -> Sequence[Guarded]:
        """Every part, and whether it answers."""
        return (*self._quick, *self._i2c)

    def start(self, loop: asyncio.AbstractEventLoop, hear: Hear) -> None:
        """Begin to call `hear` from the loop's thread. Does not wait for any part."""
        self._loop, self._hear = loop, hear
        for name, parts in (("panel", self._quick), ("panel-i2c", self._i2c)):
            if parts:
                rate_hz = self._panel.rate_hz
                self._pollers.append(Poller(name, parts, rate_hz, self._clock, self._hand_over))
        for poller in self._pollers:
            poller.start()

    def close(self) -> None:
        """Stop, with the lights out; nothing is heard afterwards."""
        self._hear = None
        for poller in self._pollers:
            poller.close()
        self._pollers.clear()

    def _hand_over(self, signals: Sequence[Signal]) -> None:
        """In a panel's thread: wake the loop, once for all that waits."""
        with self._lock:
            wake = not self._waiting
            self._waiting += signals
            del self._waiting[:-MOST_WAITING]
        if wake and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop was closed a moment ago
                self._loop.call_soon_threadsafe(self._heard)

    def _heard(self) -> None:
        with self._lock:
            signals, self._waiting = self._waiting, []
        if signals and self._hear is not None:
            self._hear(signals)
