"""The tape: the last minutes of what was heard, in shared memory, for "what was that?"

The loop puts every block it writes; another process may read at any time, and nobody waits. It is
a ring, so the oldest sound is overwritten all the while:

    frames for ever  0 ─────────────────┬──────────────────────────┬──────┬─►
                       gone             │ kept                     │ being│
                                      first                       end   reach

    file: header │ marks: one per put: its first frame, frames, time, part │ sound [channels, ring]

`put` says how far it will write (`reach`), writes, and then counts the put; that count alone makes
the sound valid. A reader looks at `reach` again after it has copied and drops what was overtaken,
so it holds no torn sound. It survives the death of the audio process: the next one goes on with the
same tape, in a new part, if channels and rate are the same. How long it was silent between two
parts is told by their times; `put` costs no more for it.

In memory: 4 bytes · channels · sample_rate · seconds (stereo at 48 kHz: 23 MB a minute, and 1.5 for
the marks). It is float32 although 24 bits are written to file: packing three bytes would cost the
loop more than the quarter that it saves. All of it is there from the start, so that a memory that
is full is an error now and not the death of the loop later.
"""

import mmap
from pathlib import Path

import numpy as np

from device.errors import AudioError
from device.shared import head_of, lay_out

MAX_SECONDS = 3600.0
SPARE_S = 10.0
"""Kept beyond what was asked for, so that a reader as slow as a disk is not overtaken."""
FEWEST_FRAMES = 64
"""Per put. Smaller ones only make the tape shorter: there are marks for that many puts."""

MARK = np.dtype([("frame", "<i8"), ("frames", "<i8"), ("time_s", "<f8"), ("part", "<i8")])
"""A put: its first frame and number of frames, when it was made, and since which start."""

_MAGIC, _VERSION = 0x4F4E4450, 1
_HEADER_BYTES = 4096
_PUTS, _REACH, _PART = 0, 1, 2


class Tape:
    """One tape. With `create` it is written by the one loop there is; without, it is only read."""

    def __init__(
        self,
        path: Path,
        *,
        channels: int = 0,
        sample_rate_hz: int = 0,
        seconds: float = 0.0,
        create: bool = False,
    ) -> None:
        """Read the tape at `path`, or with `create` go on with it, or make it if it is another.

        The file belongs into a memory file system. A tape that is replaced stays whole for whoever
        reads it.

        Raises:
            AudioError: if there is none, it is none of this version, or memory is too short.
        """
        self.path = path
        if create:
            if channels < 1 or sample_rate_hz < 1 or not 0.0 < seconds <= MAX_SECONDS:
                raise AudioError(
                    f"a tape of {channels} channels, {sample_rate_hz} Hz and {seconds:g} s is not "
                    f"possible; give a channel, a rate, and up to {MAX_SECONDS:g} s"
                )
            ring = int((seconds + SPARE_S) * sample_rate_hz)
            wanted = (_MAGIC, _VERSION, channels, sample_rate_hz, ring)
            if _layout(path) != wanted:
                _make(path, wanted)
        layout = _layout(path)
        if layout is None:
            raise AudioError(f"there is no tape at {path}: nothing was played, or it is another's")
        _, _, self.channels, self.sample_rate_hz, self._ring = layout
        self._map = _mapped(path, _size(layout), write=create)
        self._state = np.frombuffer(self._map, np.int64, 3, 64)
        self._marks = np.frombuffer(self._map, MARK, _mark_count(self._ring), _HEADER_BYTES)
        at = _HEADER_BYTES + self._marks.nbytes
        sound = np.frombuffer(self._map, np.float32, self.channels * self._ring, at)
        self._sound = sound.reshape(self.channels, self._ring)
        self.seconds = self._ring / self.sample_rate_hz - SPARE_S
        """How much it is meant to keep; a little more is kept."""
        self._puts, self._end = int(self._state[_PUTS]), self.end
        # One that died in a put may have written beyond the end that it could still tell.
        self._reach = int(self._state[_REACH])
        self._part = int(self._state[_PART])
        if create:
            self.cut()

    # --- the loop's side -----------------------------------------------------------------------

    def put(self, block: np.ndarray, now_s: float) -> None:
        """Keep float32 `block` [channels, frames], whose parameters were read at `now_s`.

        One thread at a time. Does not allocate, wait or raise; a block longer than the tape is left
        out.
        """
        frames, ring = block.shape[1], self._ring
        if frames > ring:
            return
        start, end = self._end, self._end + frames
        if end > self._reach:
            self._reach = end
            self._state[_REACH] = end
        at = start % ring
        first = min(frames, ring - at)
        self._sound[:, at : at + first] = block[:, :first]
        if first < frames:
            self._sound[:, : frames - first] = block[:, first:]
        self._marks[self._puts % len(self._marks)] = (start, frames, now_s, self._part)
        self._end = end
        self._puts += 1
        self._state[_PUTS] = self._puts

    def cut(self) -> None:
        """What is put next does not follow what was put last: time was lost between them."""
        self._part += 1
        self._state[_PART] = self._part

    # --- the reader's side ---------------------------------------------------------------------

    @property
    def end(self) -> int:
        """The frame after the last one that is kept, counted from the tape's beginning."""
        puts = int(self._state[_PUTS])
        if puts == 0:
            return 0
        last = self._marks[(puts - 1) % len(self._marks)]
        return int(last["frame"] + last["frames"])

    @property
    def first(self) -> int:
        """The oldest frame that is still whole."""
        return max(int(self._state[_REACH]) - self._ring, 0)

    @property
    def frames_kept(self) -> int:
        """How many frames there are to read."""
        return self.end - self.first

    def read(self, first: int, count: int) -> tuple[int, np.ndarray]:
        """Copy `count` frames from `first` on: the first frame that is whole, and the sound.

        The sound is float32 [channels, frames], where frames is less than `count` if some were
        overwritten before or during the copy (then it begins later) or are not there yet.
        """
        last = min(first + count, self.end)
        start = min(max(first, self.first), last)
        copy = np.empty((self.channels, max(last - start, 0)), np.float32)
        done = 0
        while done < copy.shape[1]:
            at = (start + done) % self._ring
            some = min(copy.shape[1] - done, self._ring - at)
            copy[:, done : done + some] = self._sound[:, at : at + some]
            done += some
        overtaken = min(max(self.first - start, 0), copy.shape[1])
        return start + overtaken, copy[:, overtaken:]

    def marks(self) -> np.ndarray:
        """The puts whose sound is kept whole, oldest first: an array of `MARK`."""
        room = len(self._marks)
        puts = int(self._state[_PUTS])
        numbers = np.arange(max(puts - room, 0), puts)
        kept = self._marks[numbers % room]
        # The put under way writes over the oldest mark, and others may have come meanwhile.
        lost = int(self._state[_PUTS]) + 1 - room
        kept = kept[numbers >= lost]
        return kept[kept["frame"] >= self.first]


def _mark_count(ring: int) -> int:
    return ring // FEWEST_FRAMES + 2


def _size(layout: tuple[int, ...]) -> int:
    _, _, channels, _, ring = layout
    return _HEADER_BYTES + MARK.itemsize * _mark_count(ring) + 4 * channels * ring


def _layout(path: Path) -> tuple[int, ...] | None:
    """Magic, version, channels, rate and ring of the tape at `path`; None if it is none of ours."""
    found = head_of(path, 5)
    if found is None:
        return None
    layout, size = found
    sound = layout[:2] == (_MAGIC, _VERSION) and min(layout[2:]) > 0
    return layout if sound and _size(layout) == size else None


def _make(path: Path, layout: tuple[int, ...]) -> None:
    size = _size(layout)
    try:
        lay_out(path, size, {0: np.array(layout, np.int64).tobytes()})
    except OSError as error:
        raise AudioError(
            f"cannot keep a tape of {size / 1e6:.0f} MB at {path} ({error.strerror}). Keep fewer "
            "minutes"
        ) from None


def _mapped(path: Path, size: int, *, write: bool) -> mmap.mmap:
    protection = mmap.PROT_READ | (mmap.PROT_WRITE if write else 0)
    # The writer meets no page for the first time in the loop.
    flags = mmap.MAP_SHARED | (mmap.MAP_POPULATE if write else 0)
    try:
        with path.open("r+b" if write else "rb") as file:
            return mmap.mmap(file.fileno(), size, flags, protection)
    except (OSError, ValueError) as error:
        raise AudioError(f"cannot open the tape {path}: {error}") from None
