"""The status table: what the audio process counts and says, for everyone else to read.

One file in shared memory, laid out the same whatever plays:

    fields (float64)         histogram (float64)      texts (each twice)
    magic, heartbeat_s, …    bin 0, bin 1, … bin 200  bundle, name, card, trouble, …

A field is a named slot (whole numbers are exact to 2^53). Bin i counts the blocks whose step took
i..i+1 percent of the deadline. A text is written into the one of its two places that nobody reads,
and then a counter says that this is the place: a reader never waits and never sees half a sentence,
not even when the writer died in the middle of one.
"""

import mmap
import os
import threading
from pathlib import Path

import numpy as np

from device.errors import AudioError

FIELDS = (
    "magic",
    "heartbeat_s",  # the process's clock at the last block
    "started_s",  # CLOCK_MONOTONIC
    "pid",
    "blocks",
    "late_blocks",  # blocks that were not ready when they had to be
    "covered_blocks",  # blocks that the watch filled because a step was late
    "xruns",  # how often the card lost its place
    "cards_lost",  # how often the card was gone
    "sample_rate_hz",
    "block_frames",
    "headroom_frames",
    "padding_frames",  # added so that a model of another block has a constant delay
    "delay_frames",  # the model's
    "step_last_s",
    "step_max_s",
    "peak_in",
    "peak_out",
    "limited_blocks",  # blocks the limiter worked in
    "repaired_blocks",  # blocks that held NaN or Inf and were muted
    "realtime",  # 1 where SCHED_FIFO was granted
    "locked",  # 1 where memory is locked
    "stopped",  # 1 after a clean stop
    "precision_bits",  # 32 or 8
    "first_block_s",  # from process start to the first block written
    "rung",  # of the ladder, as in device.rung: 0 is the music
    "serial",  # of the bundle that plays
    "refused",  # the serial of the last bundle that was refused
    "remembered",  # the ticket of the last wish for the model's caches
    "swaps",  # bundles that took the place of another
    "speed",  # of the process's clock against CLOCK_MONOTONIC; 0 is 1
)
TEXTS = {
    "bundle": 4096,  # the path of what plays
    "name": 256,  # what it calls itself
    "card": 256,
    "trouble": 1024,  # why it is not on the top rung, or has no card
    "load_error": 1024,  # why the last bundle was refused
    "computed_by": 512,  # what computes it and, if it is not what was asked for, why; "": the CPU
}
"""The texts, and how many bytes of UTF-8 each may have."""
SLOT = {name: i for i, name in enumerate(FIELDS)}
BINS = 201
"""1 percent of the deadline each; the last bin counts everything from 200 percent up."""
_MAGIC = 4_604_503.0  # one more for every change of the layout
_TEXT_HEAD_BYTES = 16  # how often it was said, and the lengths of its two places


def _text_places() -> tuple[dict[str, int], int]:
    """Where each text begins in the file, in bytes, and the size of the whole."""
    at, places = 8 * (len(FIELDS) + BINS), {}
    for name, room in TEXTS.items():
        places[name] = at
        at += _TEXT_HEAD_BYTES + 2 * room
    return places, at


_PLACES, _SIZE = _text_places()


class Status:
    """The shared status. `values` [FIELDS] and `histogram` [BINS] are live float64 views.

    The loop writes fields and bins, and nobody waits. The texts are `say`'s, from helper threads.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Map the status at `path`; `create` makes it afresh.

        Raises:
            AudioError: if the file is missing or is no status of this version.
        """
        try:
            fd = os.open(path, os.O_RDWR | (os.O_CREAT if create else 0), 0o660)
            try:
                if create:
                    os.ftruncate(fd, _SIZE)
                if os.fstat(fd).st_size != _SIZE:
                    raise AudioError(f"{path} is no status of this version; restart Ondine")
                self._map = mmap.mmap(fd, _SIZE)
            finally:
                os.close(fd)
        except FileNotFoundError:
            raise AudioError(f"no audio process has a status at {path}; start Ondine") from None
        except OSError as error:
            if isinstance(error, AudioError):
                raise
            raise AudioError(f"cannot open the status {path}: {error.strerror}") from None
        self.values = np.frombuffer(self._map, np.float64, len(FIELDS))
        self.histogram = np.frombuffer(self._map, np.float64, BINS, 8 * len(FIELDS))
        self._said = {
            name: np.frombuffer(self._map, np.uint64, 1, place) for name, place in _PLACES.items()
        }
        self._lengths = {
            name: np.frombuffer(self._map, np.uint32, 2, place + 8)
            for name, place in _PLACES.items()
        }
        self._saying = threading.Lock()
        if create:
            self.values[:] = 0.0
            self.histogram[:] = 0.0
            for name in TEXTS:
                self.say(name, "")
            self.values[0] = _MAGIC
        elif self.values[0] != _MAGIC:
            raise AudioError(f"{path} is no status of this version; restart Ondine")

    def __getitem__(self, name: str) -> float:
        return float(self.values[SLOT[name]])

    def __setitem__(self, name: str, value: float) -> None:
        self.values[SLOT[name]] = value

    def say(self, name: str, text: str) -> None:
        """Set a text, cut to its room at a whole character. Not for the loop: it may wait."""
        room = TEXTS[name]
        data = text.encode(errors="replace")[:room].decode(errors="ignore").encode()
        with self._saying:
            said = int(self._said[name][0]) + 1
            self._map[(at := _at(name, said)) : at + len(data)] = data
            self._lengths[name][said & 1] = len(data)
            self._said[name][0] = said

    def text(self, name: str) -> str:
        """A text as it was last said; empty if it was never."""
        room = TEXTS[name]
        while True:
            said = int(self._said[name][0])
            length = min(int(self._lengths[name][said & 1]), room)
            data = self._map[(at := _at(name, said)) : at + length]
            # Only if it was said again meanwhile may the writer have come back to this place.
            if int(self._said[name][0]) == said:
                return data.decode(errors="replace")

    def load_percentile(self, percent: float) -> float:
        """The load (share of the deadline, 0..) below which `percent` of the blocks lie."""
        total = self.histogram.sum()
        if total == 0:
            return 0.0
        below = np.cumsum(self.histogram)
        return float(np.searchsorted(below, total * percent / 100.0) + 1) / 100.0


def _at(name: str, said: int) -> int:
    """Where the text that was said as number `said` lies."""
    return _PLACES[name] + _TEXT_HEAD_BYTES + (said & 1) * TEXTS[name]
