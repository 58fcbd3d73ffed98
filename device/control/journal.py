"""The journal: which parameter was moved, when and by whom, beside the tape of what was heard.

It notes what the desk has applied, in units, for some minutes back, in a fixed room. Moves that are
older are folded into the value that they left behind, so that the state at any time within those
minutes is known. A flood does not shorten them: when the room is full, moves of one parameter that
follow each other closely become one, the last. That is done a small part of the room at a time, for
a knob waits meanwhile, and where moves lie closest, so that all minutes are thinned alike.

    dropped                 │ minutes kept                                        now
    ────────────────────────┼──────────────────────────────────────────────────────┤
    folded: dry_wet = 0.4   │ dry_wet 0.5 │ gain -3 │ dry_wet 0.6 │ …
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from device.control.source import Reading, Take
from device.control.timeline import Event
from device.params import ParamSpec

ROOM = 1 << 17
"""Moves: 3 MB."""
MAX_SOURCES = 256
MAX_LOADS = 64
PARTS = 64
"""Of the room. Two of them are thinned to one at a time, which takes less than a millisecond."""

_MOVE = np.dtype([("time_s", "<f8"), ("value", "<f8"), ("param", "<i4"), ("who", "<i4")])


@dataclass(frozen=True)
class Instrument:
    """What played: enough to play it again the same way."""

    name: str
    fingerprint: str
    """sha256 of the manifest, which holds the sha256 of every member."""
    serial: int = 0
    precision: str = ""
    seed: int = 0


class Move(NamedTuple):
    """One parameter, set to a value in its units by someone, on the journal's clock."""

    time_s: float
    param: str
    value: float
    who: str


@dataclass(frozen=True)
class Page:
    """A copy of a journal, to be read at leisure in any thread."""

    before: Mapping[str, float] = field(default_factory=dict)
    """What parameters stood at before the first move; those that nobody had moved are not there."""
    moves: Sequence[Move] = ()
    """In the order of their times."""
    loads: Sequence[tuple[float, Instrument]] = ()
    """When which bundle came to play, in the order of their times."""


class Journal:
    """Notes moves in one thread or several; `page` copies them."""

    def __init__(self, clock: Callable[[], float], seconds: float, *, room: int = ROOM) -> None:
        """`clock` is the one whose times the tape has; moves are kept for `seconds` at least."""
        self._clock, self._seconds = clock, seconds
        self._part = max(room // PARTS, 1)
        self._room = room - self._part
        self._full: list[np.ndarray] = []
        self._moves = np.zeros(self._part, _MOVE)
        self._count = 0
        self._before: dict[str, float] = {}
        self._ids: dict[str, int] = {}
        self._sources: dict[str, int] = {}
        self._loads: deque[tuple[float, Instrument]] = deque(maxlen=MAX_LOADS)
        self._lock = threading.Lock()

    def tee(self, take: Take, specs: Callable[[], Mapping[str, ParamSpec]]) -> Take:
        """A `take` that hands readings on, and notes them if they were applied."""

        def taken(readings: Sequence[Reading]) -> None:
            take(readings)
            known = specs()
            for reading in readings:
                spec, value = known[reading.param], reading.value
                wanted = spec.value(value) if reading.raw else spec.clamp(value)
                self.note({reading.param: wanted}, reading.who)

        return taken

    def note(self, values: Mapping[str, float], who: str) -> None:
        """Parameters were set to `values` (by id, in units) just now."""
        with self._lock:
            now_s = self._clock()
            source = self._sources.get(who, -1)
            if source < 0 and len(self._sources) < MAX_SOURCES:
                source = self._sources.setdefault(who, len(self._sources))
            for id, value in values.items():
                if self._count == self._part:
                    self._make_room(now_s)
                param = self._ids.setdefault(id, len(self._ids))
                self._moves[self._count] = (now_s, value, param, source)
                self._count += 1

    def loaded(self, instrument: Instrument, values: Mapping[str, float]) -> None:
        """Another bundle came to play, and its parameters were set to `values`."""
        self.note(values, "bundle")
        with self._lock:
            self._loads.append((self._clock(), instrument))

    def page(self) -> Page:
        """All that is known now."""
        with self._lock:
            moves = np.concatenate([*self._full, self._moves[: self._count]])
            before, loads = dict(self._before), tuple(self._loads)
            ids, sources = list(self._ids), [*self._sources, "others"]
        told = [
            Move(at, ids[param], value, sources[who]) for at, value, param, who in moves.tolist()
        ]
        return Page(before, told, loads)

    def _make_room(self, now_s: float) -> None:
        """For a part's worth of moves."""
        full = self._full
        full.append(self._moves.copy())
        self._count = 0
        while full and full[0]["time_s"][-1] < now_s - self._seconds:
            self._fold(full.pop(0))
        while sum(map(len, full)) > self._room:
            spans_s = [b["time_s"][-1] - a["time_s"][0] for a, b in pairwise(full)]
            first = int(np.argmin(spans_s)) if spans_s else 0
            both = np.concatenate(full[first : first + 2])
            thin = _thinned(both)
            if 4 * len(thin) > 3 * len(both):
                # Nearly every move is of another parameter: there is an end to this.
                self._fold(full.pop(0))
            else:
                full[first : first + 2] = [thin]

    def _fold(self, moves: np.ndarray) -> None:
        """Into what they left behind."""
        ids = list(self._ids)
        for move in _last_of_each(moves, np.inf):
            self._before[ids[move["param"]]] = float(move["value"])


def _thinned(moves: np.ndarray) -> np.ndarray:
    """About half of the moves at most, if they are of few enough parameters."""
    # Not np.unique: the first time it reads a library, for 10 ms.
    span_s = float(moves["time_s"][-1] - moves["time_s"][0])
    grid_s = 2.0 * span_s * np.count_nonzero(np.bincount(moves["param"])) / len(moves)
    return _last_of_each(moves, grid_s or np.inf)


def _last_of_each(moves: np.ndarray, grid_s: float) -> np.ndarray:
    """The last move of each parameter in each stretch of `grid_s`, in the order they had."""
    cells = np.floor((moves["time_s"] - moves["time_s"][0]) / grid_s).astype(np.int64)
    keys = cells * (1 + int(moves["param"].max())) + moves["param"]
    order = np.argsort(keys, kind="stable")
    last = np.append(np.diff(keys[order]) != 0, True)
    return moves[np.sort(order[last])]


def events(
    page: Page,
    specs: Mapping[str, ParamSpec],
    times_s: np.ndarray,
    places_s: np.ndarray,
    *,
    most: int,
) -> list[tuple[Event, str]]:
    """A page as a timeline over blocks, each event with who made it.

    Block i read its parameters at `times_s[i]` and begins at `places_s[i]` of the timeline, both
    rising. First comes what every parameter of `specs` stood at in block 0; then a block has the
    last move before it. Parameters that `specs` does not know, a former bundle's, are left out. If
    there were more than `most` events, those of two, four, … blocks become one.
    """
    state = {id: spec.clamp(page.before.get(id, spec.default)) for id, spec in specs.items()}
    last: dict[tuple[str, int], tuple[float, str]] = {}
    moves = [move for move in page.moves if move.param in specs]
    blocks = np.searchsorted(times_s, [move.time_s for move in moves]).tolist()
    for move, block in zip(moves, blocks, strict=True):
        value = specs[move.param].clamp(move.value)
        if block == 0:
            state[move.param] = value
        elif block < len(times_s):
            last[move.param, block] = value, move.who
    first = [(Event(0.0, id, value), "before") for id, value in state.items()]
    together = 1
    while len(first) + len(last) > most and together < len(times_s):
        together *= 2
        thin = {(id, block // together): (id, block) for id, block in last}
        last = {key: last[key] for key in thin.values()}
    made = []
    for (id, block), (value, who) in sorted(last.items(), key=lambda item: item[0][1]):
        if value != state[id]:
            state[id] = value
            made.append((Event(float(places_s[block]), id, value), who))
    return first + made
