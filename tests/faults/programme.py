"""A minute of everything a stage can send into the box, one kind of it a second."""

import numpy as np


def programme(channels: int, sample_rate_hz: int, seed: int = 0, seconds: int = 60) -> np.ndarray:
    """Float32 [channels, seconds · rate]: music-like, loud, silent, DC, denormal, and not numbers.

    What is infinite or NaN is in it on purpose: a broken cable or a driver's first block can be.
    """
    random = np.random.default_rng(seed)
    t = np.arange(sample_rate_hz) / sample_rate_hz
    sound = np.concatenate([_piece(k, t, random).astype(np.float32) for k in range(seconds)])
    # Channels differ, so that nothing can hide behind its neighbour.
    return np.stack([np.roll(sound, c * sample_rate_hz // 3) for c in range(channels)])


def _piece(k: int, t: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """One second, of the k-th kind of twelve."""
    n = len(t)
    pitch_hz = 55.0 * 2.0 ** random.uniform(0.0, 6.0)
    sine = np.sin(2.0 * np.pi * pitch_hz * t)
    match k % 12:
        case 0:
            return 0.3 * sine * np.exp(-4.0 * (t % 0.25))
        case 1:
            return np.zeros(n)
        case 2:
            return 0.2 * random.standard_normal(n)
        case 3:
            return 0.7 * np.sin(2.0 * np.pi * 40.0 * t * (1.0 + 200.0 * t))
        case 4:
            return np.sign(np.sin(2.0 * np.pi * 20.0 * t))
        case 5:
            return np.full(n, float(random.choice([-1.0, 1.0])))
        case 6:
            return np.where(np.arange(n) % 4801 == 0, 1.0, 0.0)
        case 7:
            # By their bits: a thread in which onnxruntime has been opened makes them zero.
            bits = random.integers(1, 1 << 22, n, dtype=np.uint32)
            return bits.view(np.float32)
        case 8:
            return 8.0 * sine
        case 9:
            return _spoilt(0.3 * sine, (np.nan, np.inf, -np.inf), random)
        case 10:
            return _spoilt(0.3 * sine, (3e38, -3e38, 1e30), random)
        case _:
            return 0.1 * random.standard_normal(n) * np.sin(2.0 * np.pi * 3.0 * t) ** 8


def _spoilt(
    sound: np.ndarray, bad: tuple[float, ...], random: np.random.Generator, count: int = 200
) -> np.ndarray:
    """`sound` with bad values here and there, and a tenth of a second of nothing else."""
    sound = sound.copy()
    sound[random.integers(0, len(sound), count)] = random.choice(bad, count)
    stretch = int(random.integers(0, len(sound) * 9 // 10))
    sound[stretch : stretch + len(sound) // 10] = bad[0]
    return sound
