"""The bank: the pads' sounds in shared memory. Control lays them there, the loop plays them.

    header │ one row of settings per pad │ sound [pads, 2, frames], float32, mono

Every pad has two places for its sound. A new one is written into the place that nobody hears, and
then the row's `version` says that this is it: the loop sees the whole old or the whole new one.
What sounds meanwhile is crossed over by the loop, which answers in `seen` once it has left the old
place; until then there is no room for yet another. Either process may die and come back: the sounds
lie there.

In memory: 4 bytes · 2 · pads · rate · seconds (16 pads of 3 s at 48 kHz: 18 MB), all of it taken at
the start, so that a memory that is full is a sentence then and not the death of the loop later.
"""

import mmap
import os
from pathlib import Path

import numpy as np

from device.errors import AudioError
from device.shared import head_of, lay_out

PADS = 16
MAX_S = 3.0
GROUPS = 8
"""Choke groups 1..8; 0 is none."""

ROW = np.dtype(
    [
        ("version", "<i8"),  # the sound is in place version & 1; 0: there was never one
        ("seen", "<i8"),  # the newest version that alone is heard; written by the loop
        ("frames", "<i8", (2,)),  # of the sound in each place
        ("gain", "<f8"),  # amplitude
        ("pan", "<f8"),  # -1 left .. 1 right
        ("choke", "<i8"),  # group: a hit ends the others of its group
    ]
)
_MAGIC, _VERSION = 0x4F4E4450_41445331, 1
_HEADER_BYTES = 4096
_ROWS_AT = 64
_BEAT = 4


class Bank:
    """One bank. `create` makes it, or goes on with one of the same rate; without, it is opened."""

    def __init__(self, path: Path, *, sample_rate_hz: int = 0, create: bool = False) -> None:
        """Map the bank at `path`, a file in a memory file system.

        Raises:
            AudioError: if there is none, it is of another version, or memory is too short.
        """
        self.path = path
        if create:
            if not 8_000 <= sample_rate_hz <= 192_000:
                raise AudioError(
                    f"pads at {sample_rate_hz} Hz are not possible; 8000 to 192000 are"
                )
            wanted = (_MAGIC, _VERSION, sample_rate_hz, int(MAX_S * sample_rate_hz))
            if _layout(path) != wanted:
                _make(path, wanted)
        layout = _layout(path)
        if layout is None:
            raise AudioError(
                f"there are no pads at {path}: nothing plays, or it is another version"
            )
        _, _, self.sample_rate_hz, self.frames = layout
        try:
            with path.open("r+b") as file:
                self._map = mmap.mmap(file.fileno(), _size(layout), flags=_FLAGS)
                self._inode = os.fstat(file.fileno()).st_ino
        except (OSError, ValueError) as error:
            raise AudioError(f"cannot open the pads {path}: {error}") from None
        self.rows = np.frombuffer(self._map, ROW, PADS, _ROWS_AT)
        self._head = np.frombuffer(self._map, np.int64, 8)
        sound = np.frombuffer(self._map, np.float32, PADS * 2 * self.frames, _HEADER_BYTES)
        self.sound = sound.reshape(PADS, 2, self.frames)
        """Float32 [pads, 2, frames]."""

    # --- the loop's side -----------------------------------------------------------------------

    def beat(self) -> None:
        """The loop has played one more block."""
        self._head[_BEAT] += 1

    # --- control's side ------------------------------------------------------------------------

    @property
    def beats(self) -> int:
        """Blocks played so far: a loop that lives moves it on."""
        return int(self._head[_BEAT])

    @property
    def replaced(self) -> bool:
        """Whether another bank has taken this one's place: the stream has another rate now."""
        try:
            return self.path.stat().st_ino != self._inode
        except OSError:
            return True

    def ready(self, pad: int) -> bool:
        """Whether the place for a new sound is free: the loop has left what was there before."""
        row = self.rows[_known(pad)]
        return bool(row["seen"] == row["version"])

    def put(self, pad: int, sound: np.ndarray) -> None:
        """Lay float32 `sound` [frames] on a pad; what is longer than there is room for is faded.

        Wait until `ready`, unless no loop plays.

        Raises:
            AudioError: if there is no such pad, or the sound is empty or not finite.
        """
        row = self.rows[_known(pad)]
        if sound.ndim != 1 or not len(sound) or not np.isfinite(sound).all():
            raise AudioError(f"that is no sound for pad {pad + 1}: empty, or not finite")
        version = int(row["version"]) + 1
        count, place = min(len(sound), self.frames), version & 1
        into = self.sound[pad, place]
        into[:count] = sound[:count]
        into[count:] = 0.0
        fade = min(count, self.sample_rate_hz // 200)
        if count < len(sound):
            into[count - fade : count] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
        row["frames"][place] = count
        row["version"] = version

    def place(self, pad: int, *, gain: float, pan: float, choke: int) -> None:
        """Set how the next hits of a pad sound.

        Raises:
            AudioError: if there is no such pad or a value is out of its range.
        """
        row = self.rows[_known(pad)]
        if not (0.0 <= gain <= 8.0 and -1.0 <= pan <= 1.0 and 0 <= choke <= GROUPS):
            raise AudioError(
                f"gain {gain:g}, pan {pan:g}, choke {choke} is not possible; gain 0..8, pan -1..1, "
                f"choke 0..{GROUPS} are"
            )
        row["gain"], row["pan"], row["choke"] = gain, pan, choke

    def held(self, pad: int) -> np.ndarray:
        """A copy of a pad's sound, float32 [frames]; empty if there was never one."""
        row = self.rows[_known(pad)]
        version = int(row["version"])
        return self.sound[
            pad, version & 1, : int(row["frames"][version & 1]) * (version > 0)
        ].copy()


_FLAGS = mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0)


def _known(pad: int) -> int:
    if not 0 <= pad < PADS:
        raise AudioError(f"there is no pad {pad + 1}; there are 1 to {PADS}")
    return pad


def _size(layout: tuple[int, ...]) -> int:
    return _HEADER_BYTES + 4 * PADS * 2 * layout[3]


def _layout(path: Path) -> tuple[int, ...] | None:
    """Magic, version, rate and frames of the bank at `path`; None if it is none of ours."""
    found = head_of(path, 4)
    if found is None:
        return None
    layout, size = found
    ours = layout[:2] == (_MAGIC, _VERSION) and min(layout[2:]) > 0
    return layout if ours and _size(layout) == size else None


def _make(path: Path, layout: tuple[int, ...]) -> None:
    size, rows = _size(layout), np.zeros(PADS, ROW)
    rows["gain"] = 1.0
    head = np.array(layout, np.int64).tobytes()
    try:
        lay_out(path, size, {0: head, _ROWS_AT: rows.tobytes()})
    except OSError as error:
        raise AudioError(
            f"cannot keep {size / 1e6:.0f} MB of pads at {path} ({error.strerror})"
        ) from None
