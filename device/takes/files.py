"""The two files of a take: what is on the tape as a WAV, and the moves beside it as a timeline.

Each is whole and on the disk when its function returns; `device.takes.take` names them.
"""

import json
import os
import wave
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from device.audio.tape import Tape
from device.errors import AudioError
from device.takes.splice import Splice

Progress = Callable[[float], None]
"""Called with the share done, 0..1, after each second of sound and each step."""

_FULL_SCALE = 2.0**23


def write_wav(
    path: Path, tape: Tape, heard: Splice, tell: Progress
) -> tuple[Splice, tuple[tuple[int, int], ...]]:
    """Write the sound, a second at a time; returns what of it was still there, and the silence."""
    chunk = tape.sample_rate_hz
    # The oldest sound is nearest to being overwritten: what of it has gone is left out.
    while (first := tape.read(int(heard.marks["frame"][0]), chunk)[0]) != heard.marks["frame"][0]:
        heard = heard.whole_from(first)
        if not heard.frames:
            raise AudioError("the tape was overwritten before it could be read; try again")
    gaps, written = list(heard.gaps), 0
    # Not through soundfile: it hides what the disk says, and a full one must be told.
    with path.open("wb") as file, wave.open(file, "wb") as sound:
        sound.setparams((tape.channels, 3, tape.sample_rate_hz, heard.frames, "NONE", ""))
        for start, frames in _runs(heard, chunk):
            if start is None:
                audio = np.zeros((tape.channels, frames), np.float32)
            else:
                begin, audio = tape.read(start, frames)
                if lost := begin - start:
                    gaps.append((written, lost))
                    audio = np.pad(audio, ((0, 0), (lost, 0)))
            sound.writeframesraw(codes(audio))
            written += frames
            tell(0.95 * written / heard.frames)
        file.flush()
        os.fsync(file.fileno())
    return heard, _joined(sorted(gaps))


def _joined(gaps: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Gaps in order, those that follow each other made one."""
    joined: list[tuple[int, int]] = []
    for at, frames in gaps:
        if joined and sum(joined[-1]) == at:
            at, frames = joined[-1][0], joined.pop()[1] + frames
        joined.append((at, frames))
    return tuple(joined)


def _runs(heard: Splice, most: int) -> Iterator[tuple[int | None, int]]:
    """The sound in order as runs of the tape, at most `most` frames each; None is silence."""
    ends = np.flatnonzero(np.diff(heard.places) != heard.marks["frames"][:-1])
    silence = iter(heard.gaps)
    for begin, end in zip([0, *(ends + 1)], [*ends, len(heard.marks) - 1], strict=True):
        start = int(heard.marks["frame"][begin])
        stop = int(heard.marks["frame"][end] + heard.marks["frames"][end])
        for at in range(start, stop, most):
            yield at, min(most, stop - at)
        gap = next(silence, (0, 0))[1]
        for at in range(0, gap, most):
            yield None, min(most, gap - at)


def codes(audio: np.ndarray) -> bytes:
    """Float32 [channels, frames] as interleaved 24-bit little-endian codes."""
    scaled = np.rint(np.nan_to_num(audio.T.astype(np.float64)) * _FULL_SCALE)
    words = np.clip(scaled, -_FULL_SCALE, _FULL_SCALE - 1).astype("<i4", order="C")
    return words.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def write_json(path: Path, took: Mapping[str, Any], moves: Sequence[Mapping[str, Any]]) -> None:
    """One event a line: it is read by people, too."""
    lines = ",\n".join(f"  {json.dumps(move)}" for move in moves)
    with path.open("w", encoding="utf-8") as file:
        file.write(f'{{"take": {json.dumps(took, indent=1)},\n"events": [\n{lines}\n]}}\n')
        file.flush()
        os.fsync(file.fileno())
