"""Segments: a file cut where it is struck, each from its onset to the next, or to its silence."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from device.audio.sound import load_sound
from device.errors import AudioError
from device.library.onsets import RATE_HZ, onsets

LONGEST_S, SHORTEST_S = 2.0, 0.02
SILENT = 10 ** (-50 / 20)
"""Of a segment's peak: after it was last so loud it is over."""
FAINT = 10 ** (-46 / 20)
"""Of a file's peak: softer segments are not worth keeping."""
MOST = 4_000
"""Of one file."""
_GRAIN = 480


@dataclass(frozen=True)
class Segment:
    """Frames of a file, at 48 kHz."""

    start: int
    frames: int


def segments(sound: np.ndarray) -> list[Segment]:
    """Where mono `sound` [frames] at 48 kHz is worth playing, in order."""
    peak = float(np.abs(sound).max(initial=0.0))
    if peak < 1e-4:
        return []
    starts = onsets(sound)
    if not len(starts):
        starts = np.array([int(np.argmax(np.abs(sound) > 0.01 * peak))])
    found = []
    for start, after in zip(starts, [*starts[1:], len(sound)], strict=True):
        part = np.abs(sound[start : min(after, start + round(LONGEST_S * RATE_HZ))])
        loudest = float(part.max(initial=0.0))
        if loudest < FAINT * peak:
            continue
        last = int(np.flatnonzero(part > SILENT * loudest)[-1]) + 1
        frames = min(len(part), -(-last // _GRAIN) * _GRAIN)
        if frames >= SHORTEST_S * RATE_HZ:
            found.append(Segment(int(start), frames))
    return found[:MOST]


def read_mono(path: Path) -> np.ndarray:
    """A sound file as float32 [frames] at 48 kHz: its channels' mean.

    Raises:
        AudioError: if it is missing, no sound file, empty, too long, or holds NaN.
    """
    return load_sound(path, 1, RATE_HZ).audio[0]


def cut(path: Path, segment: Segment) -> np.ndarray:
    """A segment of a file as it is played: float32 [frames], its end faded.

    Raises:
        AudioError: if the file cannot be read any more, or has become shorter.
    """
    sound = read_mono(path)[segment.start : segment.start + segment.frames].copy()
    if not len(sound):
        raise AudioError(f"{path.name} has become shorter since it was listened to. Listen again")
    fade = min(len(sound), RATE_HZ // 200)
    sound[-fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return sound
