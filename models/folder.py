"""A player's own sounds as a corpus: every WAV and FLAC of a folder, in clips of 4 s."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from models.corpus import CLIP_S

SUFFIXES = (".wav", ".flac")
SHORTEST_S = 30.0
PEAK = 0.89  # -1 dBFS: what the loudest moment of the whole folder is brought to
EVERY = 10  # one clip of so many is held out, to measure on


@dataclass(frozen=True)
class Folder:
    """What was read: clips [N, frames] to train on, clips that are held out, and how much."""

    clips: np.ndarray
    held_out: np.ndarray
    files: int
    seconds: float


def read_folder(folder: Path, sample_rate: int) -> Folder:
    """Read a folder and all folders in it: mono, at `sample_rate` in Hz, levels kept among files.

    Raises ValueError with a sentence if it is no folder, if a file in it cannot be used, or if
    there is too little sound in all.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder; give one with WAV or FLAC files in it")
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not paths:
        raise ValueError(f"{folder} holds no WAV or FLAC file; put at least half a minute there")
    sounds = [read_sound(path, sample_rate) for path in paths]
    seconds = sum(len(sound) for sound in sounds) / sample_rate
    if seconds < SHORTEST_S:
        raise ValueError(
            f"{folder} holds {seconds:.1f} s of sound; {SHORTEST_S:.0f} s is the least to learn "
            "from, ten minutes or more are better"
        )
    loudest = max(float(np.abs(sound).max()) for sound in sounds)
    if loudest < 1e-4:
        raise ValueError(f"all files in {folder} are silent; put some with sound there")
    frames = int(CLIP_S * sample_rate)
    clips = in_clips(sounds, frames) * np.float32(PEAK / loudest)
    held = np.arange(len(clips)) % EVERY == EVERY - 1
    if not held.any():
        held[-1] = True
    return Folder(clips[~held], clips[held], len(paths), seconds)


def read_sound(path: Path, sample_rate: int) -> np.ndarray:
    """One file, mono float32 [frames] at `sample_rate`; raises ValueError naming what is wrong."""
    try:
        sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise ValueError(
            f"{path} cannot be read as sound ({error}); repair it or take it out of the folder"
        ) from None
    if not len(sound):
        raise ValueError(f"{path} is empty; take it out of the folder")
    if not np.isfinite(sound).all():
        raise ValueError(f"{path} holds numbers that are no sound (NaN or infinity); take it out")
    mono = soxr.resample(sound.mean(axis=1), rate, sample_rate)
    return np.asarray(mono, dtype=np.float32)


def in_clips(sounds: list[np.ndarray], frames: int) -> np.ndarray:
    """Sounds end to end, with a quarter second of silence between, as clips [N, frames].

    What is left over at the end is filled up with silence.
    """
    gap = np.zeros(frames // 16, dtype=np.float32)
    joined = np.concatenate([part for sound in sounds for part in (sound, gap)])
    clips = -(-len(joined) // frames)
    return np.pad(joined, (0, clips * frames - len(joined))).reshape(clips, frames)
