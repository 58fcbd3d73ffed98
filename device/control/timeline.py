"""A timeline: parameters moved by a script, for rendering and for playing.

The file is JSON, a list of events. Each moves one parameter to a value in its units, at once or in
a straight line over some seconds, from wherever the parameter stands then:

    [{"at_s": 0.0, "param": "latent_bias_0", "to": 1.5, "over_s": 2.0},
     {"at_s": 1.0, "param": "latent_bias_0", "to": 0.0}]

    1.5           ╱┐ 1.0 s: the second event cuts the line short, at 0.75
     0   ────────╱ └────────
         0      1 s
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from device.params import ParamSpec


@dataclass(frozen=True)
class Event:
    """From `at_s` on, move `param` to `to` (in units), in a straight line over `over_s`."""

    at_s: float
    param: str
    to: float
    over_s: float = 0.0


@dataclass(frozen=True)
class _Line:
    start_s: float
    start: float
    over_s: float
    end: float

    def at(self, time_s: float) -> float:
        if time_s >= self.start_s + self.over_s:
            return self.end
        share = (time_s - self.start_s) / self.over_s
        return self.start + share * (self.end - self.start)


class Timeline:
    """Events, and the values that parameters are held at from the very start.

    Parameters with neither are never touched. A first line starts from the held value or else the
    default: what other sources do meanwhile is not known here. `end_s` is when the last line ends.
    """

    def __init__(
        self,
        events: Sequence[Event],
        specs: Mapping[str, ParamSpec],
        held: Mapping[str, float] | None = None,
    ) -> None:
        """`specs` must know every parameter; two events of one parameter have different times."""
        held = held or {}
        self._tracks: list[tuple[int, list[float], list[_Line]]] = []
        for id in {**held, **{event.param: 0.0 for event in events}}:
            start = held.get(id, specs[id].default)
            lines = [_Line(0.0, start, 0.0, start)]
            for event in sorted((e for e in events if e.param == id), key=lambda e: e.at_s):
                line = _Line(event.at_s, lines[-1].at(event.at_s), event.over_s, event.to)
                lines.append(line)
            first = 0 if id in held else 1
            lines = lines[first:]
            self._tracks.append((specs[id].slot, [line.start_s for line in lines], lines))
        self.end_s = max((event.at_s + event.over_s for event in events), default=0.0)

    def values_at(self, time_s: float, into: np.ndarray) -> None:
        """Write the values at `time_s` into float32 `into` [SLOTS]; other slots are left be."""
        for slot, starts, lines in self._tracks:
            now = bisect_right(starts, time_s) - 1
            if now >= 0:
                into[slot] = lines[now].at(time_s)
