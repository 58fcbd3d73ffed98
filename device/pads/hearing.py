"""What the drum engine's network is given of a shot: bands over time, and a fine low spectrum.

    listen(sound) -> float32 [FEATURES], about -1..1, the same for any level of the sound

Bands below 2 kHz are measured with windows of 21 ms, those above with 5 ms: pitch needs the long
ones, an attack the short ones. A window that reaches over the beginning counts only what of it lies
within, so that an attack does not look soft. It equals `models/drums/listen.py`; a test compares.
"""

import numpy as np

from device.pads.layout import BAND_EDGES_HZ, FLOOR_DB, FRAMES, LOW_HZ, SAMPLE_RATE, TIME_S

LONG, SHORT = 1024, 256
SPLIT_HZ = 2000.0
LOW_FRAMES = 16384


def listen(sound: np.ndarray) -> np.ndarray:
    """Features of mono `sound` [frames], which begins with its first sound."""
    peak = max(float(np.abs(sound).max(initial=0.0)), 1e-6)
    whole = np.zeros(FRAMES, np.float32)
    count = min(len(sound), FRAMES)
    whole[:count] = sound[:count] / peak
    bands = decibels(band_powers(whole))
    lows = decibels(low_powers(whole))
    return np.concatenate([bands.reshape(-1), lows]) / -FLOOR_DB * 2.0 + 1.0


def decibels(power: np.ndarray) -> np.ndarray:
    """Of mean squares: 0 is that of a full-scale square wave; not below the floor."""
    return 10.0 * np.log10(np.maximum(power, 10.0 ** (FLOOR_DB / 10.0))).astype(np.float32)


def band_powers(whole: np.ndarray) -> np.ndarray:
    """Mean square of every band at every time: [BANDS, TIMES], of a sound [FRAMES]."""
    out = np.zeros((len(BAND_EDGES_HZ) - 1, len(TIME_S)), np.float32)
    for size, low_hz, high_hz in ((LONG, 0.0, SPLIT_HZ), (SHORT, SPLIT_HZ, 1e9)):
        power = windowed_powers(whole, size)
        centres = np.sqrt(BAND_EDGES_HZ[1:] * BAND_EDGES_HZ[:-1])
        for band in np.flatnonzero((centres >= low_hz) & (centres < high_hz)):
            out[band] = power @ bin_shares(size, BAND_EDGES_HZ[band], BAND_EDGES_HZ[band + 1])
    return out


def windowed_powers(whole: np.ndarray, size: int) -> np.ndarray:
    """Power of every bin around every time: [TIMES, bins], summing to the mean square."""
    window = np.hanning(size + 1)[:size].astype(np.float32)
    centre = np.round(TIME_S * SAMPLE_RATE).astype(int)
    padded = np.pad(whole, (size // 2, size))
    frames = padded[centre[:, None] + np.arange(size)] * window
    spectrum = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    within = np.pad(np.ones(FRAMES, np.float32), (size // 2, size))
    weight = (within[centre[:, None] + np.arange(size)] * window**2).sum(axis=1)
    spectrum[:, 1:-1] *= 2.0
    return np.asarray(spectrum / (size * weight[:, None]), np.float32)


def bin_shares(size: int, low_hz: float, high_hz: float) -> np.ndarray:
    """How much of each bin [bins] lies between two frequencies."""
    width = SAMPLE_RATE / size
    below = np.arange(size // 2 + 1) * width - width / 2
    overlap = np.minimum(below + width, high_hz) - np.maximum(below, low_hz)
    return np.clip(overlap / width, 0.0, 1.0).astype(np.float32)


def low_powers(whole: np.ndarray) -> np.ndarray:
    """The loudest bin around each of the low places: [LOW_PLACES]."""
    window = np.hanning(2 * LOW_FRAMES)[LOW_FRAMES:]
    power = np.abs(np.fft.rfft(whole[:LOW_FRAMES] * window)) ** 2 / (LOW_FRAMES * 0.375) ** 2
    step = float(np.sqrt(LOW_HZ[1] / LOW_HZ[0]))
    width = SAMPLE_RATE / LOW_FRAMES
    first = np.floor(LOW_HZ / step / width).astype(int)
    last = np.ceil(LOW_HZ * step / width).astype(int)
    return np.array([power[a : b + 1].max() for a, b in zip(first, last, strict=True)])
