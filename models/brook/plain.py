"""Plain tones at any pitch, for the second round's lesson.

The corpus' players keep to their registers, so a bright high tone is rare in it: what was never
heard comes out an octave off. A lesson on tones alone teaches the scale from end to end.
"""

import numpy as np

from models.corpus import CLIP_S, SAMPLE_RATE, envelope, harmonics, pitch_curve

LOWEST_HZ, HIGHEST_HZ = 60.0, 2200.0
SHORTEST_S, LONGEST_S = 0.2, 1.5
MOST_HARMONICS = 32


def plain_tones(seed: int, count: int, seconds: float = CLIP_S) -> np.ndarray:
    """Clips of tones one after the other: float32 [count, frames], the same for the same seed."""
    return np.stack([_clip(np.random.default_rng([seed, i]), seconds) for i in range(count)])


def _clip(rng: np.random.Generator, seconds: float) -> np.ndarray:
    out = np.zeros(int(seconds * SAMPLE_RATE))
    at = 0
    while at < len(out) - SAMPLE_RATE // 20:
        length = int(np.exp(rng.uniform(np.log(SHORTEST_S), np.log(LONGEST_S))) * SAMPLE_RATE)
        length = min(length, len(out) - at)
        pitch = pitch_curve(rng, length, LOWEST_HZ, HIGHEST_HZ)
        count = int(MOST_HARMONICS ** rng.uniform())
        note = harmonics(rng, pitch, rng.uniform(0.5, 2.5), count)
        note *= envelope(length, rng.uniform(0.005, 0.05), 6.0, 0.7)
        level = 10 ** (-rng.uniform(0, 12) / 20)
        out[at : at + length] = level * note / max(np.abs(note).max(), 1e-6)
        at += length
    return (0.5 * out).astype(np.float32)
