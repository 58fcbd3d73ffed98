"""The splice: where the puts of a tape lie in time, with the silence between two of its parts.

tape     │ part 1: a b c d│ part 2: e f g
spliced  │ a b c d ······ e f g             as long as the time between d and e was
"""

from dataclasses import dataclass

import numpy as np

from device.audio.tape import Tape


@dataclass(frozen=True)
class Splice:
    """Puts of a tape, oldest first, laid out from frame 0 on."""

    marks: np.ndarray
    """The puts, as `device.audio.tape.MARK`."""
    places: np.ndarray
    """The frame that each begins at."""
    gaps: tuple[tuple[int, int], ...]
    """Each silence: where it begins and how many frames it has."""

    @property
    def frames(self) -> int:
        """The length of all of it, silence included."""
        return int(self.places[-1] + self.marks["frames"][-1]) if len(self.marks) else 0

    @property
    def times_s(self) -> np.ndarray:
        """When each put read its parameters, rising."""
        return np.maximum.accumulate(self.marks["time_s"])

    def after(self, frame: int) -> "Splice":
        """What begins at `frame` of this or later."""
        return _laid(self.marks, self.places, self.places >= frame)

    def whole_from(self, tape_frame: int) -> "Splice":
        """What the tape, overwritten up to `tape_frame`, still has whole."""
        return _laid(self.marks, self.places, self.marks["frame"] >= tape_frame)


def splice(tape: Tape, seconds: float) -> Splice:
    """The last `seconds` of the tape as one stretch of time; whole puts, and one at least."""
    marks = tape.marks()
    # A clock that goes backwards is that of another boot: what it timed was too long ago.
    backwards = np.flatnonzero((np.diff(marks["time_s"]) < 0) & (np.diff(marks["part"]) != 0))
    if len(backwards):
        marks = marks[backwards[-1] + 1 :]
    if not len(marks):
        return Splice(marks, np.zeros(0, np.int64), ())
    frames = marks["frames"][:-1]
    lasted = np.rint(np.diff(marks["time_s"]) * tape.sample_rate_hz).astype(np.int64)
    # In whole blocks: what is played again in blocks of that size then meets the same ones.
    silence = np.rint(np.maximum(lasted - frames, 0) / frames).astype(np.int64) * frames
    silence[np.diff(marks["part"]) == 0] = 0
    places = np.concatenate([[0], np.cumsum(frames + silence)])
    whole = Splice(marks, places, ())
    earliest = whole.frames - round(seconds * tape.sample_rate_hz)
    return whole.after(min(earliest, int(places[-1])))


def _laid(marks: np.ndarray, places: np.ndarray, chosen: np.ndarray) -> Splice:
    """A new splice of the chosen puts, moved to frame 0."""
    marks, places = marks[chosen], places[chosen]
    places = places - places[0] if len(places) else places
    ends = places + marks["frames"]
    silence = places[1:] - ends[:-1]
    gaps = [(int(ends[i]), int(silence[i])) for i in np.flatnonzero(silence)]
    return Splice(marks, places, tuple(gaps))
