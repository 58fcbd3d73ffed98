"""Which state the lights of a panel show, from what the audio process tells of itself.

    the box is going off  ─► leaving
    no block for a second ─► trouble        it died, it hangs, or its card is gone
    not on the top rung   ─► rung n
    a take was kept       ─► recording      for two seconds
    no block yet          ─► starting
    else                  ─► playing

The first that holds is shown. Once the input has ended, the lights are out.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from device.control.panel.leds import State
from device.control.source import Take
from device.errors import AudioError
from device.play.heart import Heart
from device.rung import Rung
from device.show.facts import START_S
from device.status import Status

LOOK_S = 0.25
STANDS_S = 1.0
"""Longer than any block; a process that died is mostly back within that."""
KEPT_S = 2.0

Show = Callable[[State, int], None]
"""That of `device.control.panel.leds.Leds`."""


class Lights:
    """A source that only looks, four times a second, and has `show` show it."""

    name = "lights"

    def __init__(self, status: Path, show: Show) -> None:
        self._path, self._show = status, show
        self._blocks = Heart(LOOK_S, STANDS_S)
        self._start = Heart(LOOK_S, START_S)
        self._kept_looks = 0
        self._leaving = False
        self._timer: asyncio.TimerHandle | None = None
        show("starting", 1)

    def start(self, loop: asyncio.AbstractEventLoop, take: Take) -> None:
        """Begin to look."""
        self._look(loop)

    def close(self) -> None:
        """Look no more, and put them out; calling it twice is allowed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._show("off", 1)

    def kept(self) -> None:
        """A take was kept."""
        self._kept_looks = round(KEPT_S / LOOK_S)

    def leaving(self, leaving: bool) -> None:
        """The box is being switched off, or is not any more."""
        self._leaving = leaving
        self._show(*self.look())

    def look(self) -> tuple[State, int]:
        """What is to be shown now, and the rung; to be called every `LOOK_S`."""
        recording = self._kept_looks > 0
        self._kept_looks = max(self._kept_looks - 1, 0)
        if self._leaving:
            return "leaving", 1
        try:
            status = Status(self._path)
        except AudioError:
            return "starting", 1  # it is just being made
        blocks, rung = status["blocks"], int(status["rung"])
        stands = self._blocks.stopped(blocks)
        hangs = self._start.stopped(status["heartbeat_s"])
        if status["stopped"]:
            return "off", 1
        if blocks == 0:
            # Without a card it says so at once, and goes on looking for one.
            return ("trouble" if hangs or status.text("trouble") else "starting"), 1
        if stands:
            return "trouble", 1
        if rung > Rung.MODEL:
            return "rung", min(rung, int(Rung.MUTE))
        return ("recording" if recording else "playing"), 1

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = loop.call_later(LOOK_S, self._look, loop)
        self._show(*self.look())
