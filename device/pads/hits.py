"""Hits: a queue from control to the loop in shared memory, where nobody waits.

    written ──►  │ 7 │ 8 │ 9 │   │   │ 4 │ 5 │ 6 │      each: number, time, pad, velocity
                   entry n lies in place n mod ROOM

One process writes, one reads. The writer fills an entry and then counts it; the count alone makes
it valid. One that reads too slowly loses the oldest, and counts what it lost: a hit that is seconds
late is worse than none. Times are CLOCK_MONOTONIC, which all processes of a machine share.
"""

import mmap
import os
from pathlib import Path

import numpy as np

from device.errors import AudioError
from device.shared import head_of, lay_out

ROOM = 512
ALL = -1
"""As the pad: every pad."""
ENTRY = np.dtype([("when_s", "<f8"), ("pad", "<i8"), ("velocity", "<f8")])
"""A hit: 0 < velocity <= 1. At velocity 0 the pad is let fall silent."""

_MAGIC = 0x4F4E4450_48495431
_SIZE = 64 + ENTRY.itemsize * ROOM
_WRITTEN = 1


class Hits:
    """One queue; `create` makes it, or goes on with the one that is there."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Map the queue at `path`, a file in a memory file system.

        Raises:
            AudioError: if there is none, or it is none of this version.
        """
        self.path = path
        try:
            if create and head_of(path, 1) != ((_MAGIC,), _SIZE):
                lay_out(path, _SIZE, {0: np.array([_MAGIC], np.int64).tobytes()})
            with path.open("r+b") as file:
                if os.fstat(file.fileno()).st_size != _SIZE:
                    raise AudioError(f"{path} is no queue of hits of this version; restart Ondine")
                self._map = mmap.mmap(file.fileno(), _SIZE)
        except OSError as error:
            if isinstance(error, AudioError):
                raise
            raise AudioError(f"cannot open the queue of hits {path}: {error.strerror}") from None
        self._head = np.frombuffer(self._map, np.int64, 8)
        if self._head[0] != _MAGIC:
            raise AudioError(f"{path} is no queue of hits of this version; restart Ondine")
        entries = np.frombuffer(self._map, ENTRY, ROOM, 64)
        self._when, self._pad = entries["when_s"], entries["pad"]
        self._velocity = entries["velocity"]
        self._read = int(self._head[_WRITTEN])
        self.lost = 0
        self.when_s, self.pad, self.velocity = 0.0, 0, 0.0
        """The hit that `peek` found."""

    # --- control's side ------------------------------------------------------------------------

    def hit(self, pad: int, velocity: float, when_s: float) -> None:
        """Have a pad sound, as it was asked for at `when_s`; `ALL` only with velocity 0.

        Raises:
            AudioError: if velocity is not within 0..1, or the time is no number.
        """
        if not 0.0 <= velocity <= 1.0 or not np.isfinite(when_s):
            raise AudioError(f"a velocity of {velocity:g} is not possible; 0 to 1 is")
        number = int(self._head[_WRITTEN])
        place = number % ROOM
        self._when[place], self._pad[place], self._velocity[place] = when_s, pad, velocity
        self._head[_WRITTEN] = number + 1

    # --- the loop's side -----------------------------------------------------------------------

    def peek(self) -> bool:
        """Look at the oldest hit that was not taken: in `when_s`, `pad` and `velocity`."""
        while True:
            written = self._head.item(_WRITTEN)
            # The entry that is being written lies on the oldest one's place.
            if (behind := written - self._read) >= ROOM:
                self.lost += behind - ROOM + 1
                self._read = written - ROOM + 1
            if self._read >= written:
                return False
            place = self._read % ROOM
            self.when_s = self._when.item(place)
            self.pad, self.velocity = self._pad.item(place), self._velocity.item(place)
            if self._head.item(_WRITTEN) - self._read < ROOM:
                return True

    def take(self) -> None:
        """The one that `peek` found is done."""
        self._read += 1
