"""What hail learns from: shots as features and numbers, synthesised, or a player's own.

Own shots: WAV and FLAC files with one hit each, in any folders. A folder's or a file's name tells
the class where it holds its word (Kicks/909.wav, snare_12.wav); others are learned without one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.drums.analyse import analyse
from models.drums.grid import FEATURES, FRAMES, SAMPLE_RATE, SIZE
from models.drums.listen import listen
from models.drums.shots import CLASSES, shot
from models.folder import SUFFIXES, read_sound

PART = 300
NAMES = ("features", "among", "numbers", "kinds")
FEWEST = 40
BEGINS = 10 ** (-40 / 20)
"""Of the peak: a shot begins where it first is so loud."""
WORDS = {
    "kick": ("kick", "bassdrum", "bass drum", "bd"),
    "snare": ("snare", "sd", "rimshot"),
    "hat": ("hat", "hh"),
    "tom": ("tom",),
    "clap": ("clap", "snap"),
    "cymbal": ("cymbal", "crash", "ride", "splash", "china"),
    "perc": ("perc", "cowbell", "conga", "bongo", "block", "clave", "shaker", "tamb", "rim"),
}

Watch = Callable[[Sequence[int]], Iterable[int]]
"""Goes through a range and may show how far it is."""


@dataclass(frozen=True)
class Shots:
    """Features [N, FEATURES] and numbers [N, SIZE] float32, classes int64 [N] (-1: unknown).

    `among` [N, FEATURES] are those of the same shots as a loop has them: see `overlaid`.
    """

    features: np.ndarray
    among: np.ndarray
    numbers: np.ndarray
    kinds: np.ndarray
    source: str


def synthesised(seed: int, count: int, keep: Path | None, watch: Watch = iter) -> Shots:
    """The first `count` shots of a seed; parts that lie in the folder `keep` are not made again."""
    parts = []
    for first in watch(range(0, count, PART)):
        last = min(first + PART, count)
        path = keep / f"shots-{seed}-{first}-{last}.npz" if keep else None
        if path is not None and path.exists():
            with np.load(path) as held:
                parts.append(tuple(held[name] for name in NAMES))
            continue
        part = _made([shot(seed, index) for index in range(first, last)], seed + first)
        if path is not None:
            temporary = path.with_suffix(".partial.npz")
            arrays: dict[str, Any] = dict(zip(NAMES, part, strict=True))
            np.savez(temporary, **arrays)
            temporary.replace(path)
        parts.append(part)
    features, among, numbers, kinds = (np.concatenate(each) for each in zip(*parts, strict=True))
    source = f"{count} shots, synthesised by models/drums/shots.py"
    return Shots(features, among, numbers, kinds, source)


def read_own(folder: Path, watch: Watch = iter) -> Shots:
    """Every shot of a folder.

    Raises ValueError with a sentence if there are too few, or one cannot be read.
    """
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder; give one with WAV or FLAC files in it")
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if len(paths) < FEWEST:
        raise ValueError(
            f"{folder} holds {len(paths)} WAV or FLAC files; {FEWEST} shots are the least to learn "
            "from, some hundreds are better"
        )
    pairs = []
    for place in watch(range(len(paths))):
        sound = trimmed(read_sound(paths[place], SAMPLE_RATE))
        if len(sound):
            pairs.append((sound, kind_of(paths[place].relative_to(folder))))
    if len(pairs) < FEWEST:
        raise ValueError(f"only {len(pairs)} files in {folder} are not silent; {FEWEST} are needed")
    features, among, numbers, kinds = _made(pairs, 0)
    return Shots(features, among, numbers, kinds, f"{len(pairs)} shots of a player's own")


def trimmed(sound: np.ndarray) -> np.ndarray:
    """From its first sound on, its peak at 1, at most FRAMES; empty if it is silent."""
    size = np.abs(sound[: 10 * FRAMES])
    peak = float(size.max(initial=0.0))
    if peak < 1e-4:
        return sound[:0]
    begin = int(np.argmax(size > BEGINS * peak))
    return sound[begin : begin + FRAMES] / np.float32(peak)


def kind_of(path: Path) -> int:
    """The class that a path's words tell, the file's before its folders'; -1 if none does."""
    for part in reversed(path.with_suffix("").parts):
        text = part.lower()
        for kind, name in enumerate(CLASSES):
            if any(_holds(text, word) for word in WORDS[name]):
                return kind
    return -1


def _holds(text: str, word: str) -> bool:
    """Whether a word stands in a text; one of two letters only by itself."""
    if len(word) > 2:
        return word in text
    return word in "".join(c if c.isalpha() else " " for c in text).split()


def overlaid(sound: np.ndarray, other: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A shot as it is cut out of a loop: over the tail of another, ended by the next.

    Both begin with their first sound, their peaks at 1. The cut may be a millisecond off.
    """
    length = int(rng.uniform(0.12, 0.6) * SAMPLE_RATE) if rng.uniform() < 0.8 else FRAMES
    ringing = other[int(rng.uniform(0.05, 0.4) * SAMPLE_RATE) :]
    out = rng.standard_normal(min(length, FRAMES)) * 10 ** (-rng.uniform(50, 80) / 20)
    count = min(len(ringing), len(out))
    out[:count] += ringing[:count] * 10 ** (-rng.uniform(-3, 18) / 20)
    late = int(rng.integers(-48, 97))
    own = sound[max(-late, 0) :][: len(out) - max(late, 0)]
    out[max(late, 0) : max(late, 0) + len(own)] += own
    return out.astype(np.float32)


def _made(pairs: Sequence[tuple[np.ndarray, int]], seed: int) -> tuple[np.ndarray, ...]:
    """The arrays of `NAMES`, of shots and their classes."""
    count = len(pairs)
    features, among = (np.zeros((count, FEATURES), np.float32) for _ in range(2))
    numbers = np.zeros((count, SIZE), np.float32)
    for row, (sound, _) in enumerate(pairs):
        rng = np.random.default_rng([seed, row])
        other = pairs[int(rng.integers(count))][0]
        features[row], numbers[row] = listen(sound), analyse(sound)
        among[row] = listen(overlaid(sound, other, rng))
    return features, among, numbers, np.array([kind for _, kind in pairs], np.int64)
