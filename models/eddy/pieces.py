"""Pieces to learn phrases from: notes of the corpus' players, set to a pulse and said again.

A piece has a pulse, a palette of three to five notes of one player, a motif of them over a bar, and
most bars say the motif again, with a note left out or changed here and there. Half the pieces have
a second player under the first, in the same bar. Nothing in it is meant to be art: it is there so
that what came before says something of what comes next.

    piece(seed, index, seconds) -> float32 [frames], |x| <= 1
"""

import numpy as np
from scipy import signal

from models.corpus import PLAYERS, SAMPLE_RATE, Player, clip, drum

BARS = (6, 8, 8, 12, 16)  # pulses
Motif = list[tuple[int, int, int, float]]
"""Events: at which pulse, which note of the palette, how many pulses long, how loud (0..1)."""


def palette(rng: np.random.Generator, player: Player, pulse_s: float) -> list[np.ndarray]:
    """Three to five notes of a player, long enough for four pulses, peak 1."""
    frames = int(min(4 * pulse_s, 1.2) * SAMPLE_RATE)
    notes = [player(rng, frames) for _ in range(rng.integers(3, 6))]
    return [note / max(np.abs(note).max(), 1e-6) for note in notes]


def motif(rng: np.random.Generator, bar: int, notes: int) -> Motif:
    """Events of one bar: each begins where one may, and lasts to the next at most."""
    density = rng.uniform(0.35, 0.8)
    starts = [0, *(p for p in range(1, bar) if rng.uniform() < density)]
    ends = [*starts[1:], bar]
    return [
        (
            start,
            int(rng.integers(notes)),
            min(int(rng.integers(1, 5)), end - start),
            10 ** (-rng.uniform(0, 12) / 20),
        )
        for start, end in zip(starts, ends, strict=True)
    ]


def varied(rng: np.random.Generator, phrase: Motif, notes: int) -> Motif:
    """The motif again, an event in twelve left out and one in twelve on another note."""
    kept = [event for event in phrase if rng.uniform() > 1 / 12]
    return [
        (at, int(rng.integers(notes)) if rng.uniform() < 1 / 12 else note, length, level)
        for at, note, length, level in kept
    ]


def line(
    rng: np.random.Generator, player: Player, pulse_s: float, bar: int, frames: int
) -> np.ndarray:
    """One player through the whole piece."""
    notes = palette(rng, player, pulse_s)
    phrases = [motif(rng, bar, len(notes)) for _ in range(2)]
    out = np.zeros(frames)
    fade = SAMPLE_RATE // 100
    for number in range(int(frames / SAMPLE_RATE / (pulse_s * bar)) + 1):
        which = 0 if rng.uniform() < 0.7 else 1
        for at, note, length, level in varied(rng, phrases[which], len(notes)):
            begin = int((number * bar + at) * pulse_s * SAMPLE_RATE)
            sound = notes[note][: max(int(length * pulse_s * SAMPLE_RATE), 2 * fade)].copy()
            sound[-fade:] *= np.linspace(1, 0, fade)
            end = min(begin + len(sound), frames)
            if end > begin:
                out[begin:end] += level * sound[: end - begin]
    return out


def piece(seed: int, index: int, seconds: float) -> np.ndarray:
    """Piece `index` of `seed`: float32 [seconds * 48000] within -1..1; players take turns."""
    rng = np.random.default_rng([seed, index, 5])
    frames = int(seconds * SAMPLE_RATE)
    pulse_s = float(np.exp(rng.uniform(np.log(0.1), np.log(0.28))))
    bar = int(rng.choice(BARS))
    out = line(rng, PLAYERS[index % len(PLAYERS)], pulse_s, bar, frames)
    if index % 2:
        other = drum if rng.uniform() < 0.5 else PLAYERS[rng.integers(len(PLAYERS))]
        out += rng.uniform(0.2, 0.7) * line(rng, other, pulse_s, bar, frames)
    sos = signal.butter(2, 25.0, "high", fs=SAMPLE_RATE, output="sos")
    out = signal.sosfilt(sos, out)
    peak_db = -rng.uniform(1.0, 15.0)
    scaled: np.ndarray = out / max(np.abs(out).max(), 1e-6) * 10 ** (peak_db / 20)
    return scaled.astype(np.float32)


def stream(seed: int, index: int, seconds: float) -> np.ndarray:
    """Clips of `models.corpus` one after the other, float32 [seconds * 48000]."""
    each = 4.0
    count = -(-seconds // each)
    clips = [clip(seed, int(index * count + i), each) for i in range(int(count))]
    return np.concatenate(clips)[: int(seconds * SAMPLE_RATE)]
