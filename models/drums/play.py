"""From numbers back to a shot: the reference that `device/pads/shot.py` must equal.

    body   cos of the summed pitch, at its level          ─┐
    modes  decaying sines                                  ├─ + ─ peak to 1
    noise  24 bands of one white noise, each at its level ─┘

The noise is an argument, white [FRAMES]: the same numbers and noise are the same sound.
"""

import numpy as np

from models.drums.grid import (
    BAND_EDGES_HZ,
    BANDS,
    BASE_HZ,
    BODY_DB,
    BODY_OCTAVES,
    FLOOR_DB,
    FRAMES,
    MODE_DB,
    MODE_DECAY,
    MODE_EDGES_HZ,
    MODE_PLACE,
    NOISE_DB,
    SAMPLE_RATE,
    TIME_S,
    TIMES,
)

FINE = 4
"""Levels go in straight lines of decibels between the times; amplitudes between so many more."""
QUIET_DB = -72.0


def play(numbers: np.ndarray, white: np.ndarray) -> np.ndarray:
    """The shot [FRAMES] of `numbers` [SIZE], float32, its peak at 1."""
    out = body_wave(numbers) + mode_wave(numbers) + noise_wave(numbers, banded(white))
    return np.asarray(out / max(np.abs(out).max(), 1e-6), np.float32)


def amplitude(level_db: np.ndarray) -> np.ndarray:
    """Levels [TIMES] in dB as an amplitude [FRAMES]; what is quiet is silent."""
    fine = np.linspace(0, TIMES - 1, (TIMES - 1) * FINE + 1)
    at_s = np.interp(fine, np.arange(TIMES), TIME_S)
    level = np.interp(fine, np.arange(TIMES), level_db)
    size = np.where(level > QUIET_DB, 10.0 ** (level / 20.0), 0.0)
    size[-1] = 0.0
    return np.interp(np.arange(FRAMES), at_s * SAMPLE_RATE, size)


def body_wave(numbers: np.ndarray) -> np.ndarray:
    """The falling sine [FRAMES]."""
    octaves = np.interp(np.arange(FRAMES), TIME_S * SAMPLE_RATE, numbers[BODY_OCTAVES])
    phase = 2 * np.pi * np.cumsum(BASE_HZ * 2.0**octaves) / SAMPLE_RATE
    return np.sin(phase) * amplitude(numbers[BODY_DB])


def mode_wave(numbers: np.ndarray) -> np.ndarray:
    """The decaying sines [FRAMES]."""
    t = np.arange(FRAMES) / SAMPLE_RATE
    out = np.zeros(FRAMES)
    ratio = MODE_EDGES_HZ[1:] / MODE_EDGES_HZ[:-1]
    hz = MODE_EDGES_HZ[:-1] * ratio ** np.clip(numbers[MODE_PLACE], 0, 1)
    for f, level, decay in zip(hz, numbers[MODE_DB], numbers[MODE_DECAY], strict=True):
        if level > QUIET_DB + 6.0:
            tau = 10.0 ** np.clip(decay, -2.5, 0.5)
            out += 10.0 ** (level / 20) * np.sin(2 * np.pi * f * t) * np.exp(-t / tau)
    fade = SAMPLE_RATE // 20
    out[-fade:] *= np.linspace(1, 0, fade)
    return out


def banded(white: np.ndarray) -> np.ndarray:
    """White noise [FRAMES] in bands of unit power each: [BANDS, FRAMES]."""
    spectrum = np.fft.rfft(white)
    hz = np.fft.rfftfreq(FRAMES, 1 / SAMPLE_RATE)
    out = np.zeros((BANDS, FRAMES), np.float32)
    for band in range(BANDS):
        inside = (hz >= BAND_EDGES_HZ[band]) & (hz < BAND_EDGES_HZ[band + 1])
        out[band] = np.fft.irfft(np.where(inside, spectrum, 0.0), FRAMES)
        out[band] /= max(float(np.sqrt(np.mean(out[band] ** 2))), 1e-9)
    return out


def noise_wave(numbers: np.ndarray, bands: np.ndarray) -> np.ndarray:
    """The noise [FRAMES]."""
    levels = numbers[NOISE_DB].reshape(BANDS, TIMES)
    out = np.zeros(FRAMES)
    for band, level in zip(bands, levels, strict=True):
        if level.max() > QUIET_DB:
            out += band * amplitude(np.maximum(level, FLOOR_DB))
    return out
