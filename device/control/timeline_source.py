"""A timeline as a source: read on a tick, it hands on the values that have changed."""

import asyncio
from collections.abc import Mapping

import numpy as np

from device.control.source import Reading, Take
from device.control.timeline import Timeline
from device.params import SLOTS, ParamSpec

TICK_S = 0.01
"""Finer than any block of a shipped instrument, and than the engine's smoothing."""


class TimelineSource:
    """Plays a timeline from the moment it is started; silent once it has ended or was closed.

    One that goes on where a control process that died left it is given when that began, in seconds
    of the monotonic clock: what it had moved by then is not moved again.
    """

    name = "timeline"

    def __init__(
        self, timeline: Timeline, specs: Mapping[str, ParamSpec], began_s: float | None = None
    ) -> None:
        self._timeline = timeline
        self._began_s = began_s
        self._ids = {spec.slot: spec.id for spec in specs.values()}
        self._values = np.full(SLOTS, np.nan, np.float32)
        self._last = self._values.copy()
        self._timer: asyncio.TimerHandle | None = None

    def start(self, loop: asyncio.AbstractEventLoop, take: Take) -> None:
        """Begin: at time 0, now, if it has not begun before."""
        began_s = loop.time() if self._began_s is None else self._began_s
        if self._began_s is not None:
            self.readings(loop.time() - began_s)
        self._tick(loop, take, began_s)

    def close(self) -> None:
        """Stop where it is."""
        if self._timer is not None:
            self._timer.cancel()

    def readings(self, time_s: float) -> list[Reading]:
        """What has changed since the last call, `time_s` into the timeline."""
        self._timeline.values_at(time_s, self._values)
        # NaN marks slots that the timeline has not touched yet, and differs from itself.
        changed = np.flatnonzero((self._values != self._last) & ~np.isnan(self._values))
        np.copyto(self._last, self._values)
        return [
            Reading(self._ids[slot], float(self._values[slot]), False, self.name, time_s)
            for slot in changed.tolist()
        ]

    def _tick(self, loop: asyncio.AbstractEventLoop, take: Take, started_s: float) -> None:
        time_s = loop.time() - started_s
        if readings := self.readings(time_s):
            take(readings)
        self._timer = None
        if time_s < self._timeline.end_s:
            self._timer = loop.call_later(TICK_S, self._tick, loop, take, started_s)
