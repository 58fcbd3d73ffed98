"""From a network's numbers to a shot: sines with envelopes, and bands of noise with envelopes.

    body   sine of the summed pitch, at its level          ─┐
    modes  decaying sines                                   ├─ + ─ only as long as it can be heard
    noise  24 bands of one white noise, each at its level  ─┘

It equals `models/drums/play.py` for the same noise, which a test holds it to. Envelopes here have
corners a tenth of a millisecond apart at the attack: no window smears it.
"""

from functools import cache

import numpy as np

from device.pads.layout import (
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
_FADE = SAMPLE_RATE // 200


def render(numbers: np.ndarray, bands: np.ndarray, shift: int = 0) -> np.ndarray:
    """The shot of `numbers` [SIZE]: float32 [frames], its peak at 1, no longer than it is heard.

    `bands` [BANDS, FRAMES] are those of `noise_bands`, `shift` where in them it begins: another
    shift is another stroke of the same drum.
    """
    noise = numbers[NOISE_DB].reshape(BANDS, TIMES)
    frames = heard_frames(numbers)
    out = _body(numbers, frames) + _modes(numbers, frames)
    for band, level in zip(bands, noise, strict=True):
        if level.max() > QUIET_DB:
            size = _amplitude(np.maximum(level, FLOOR_DB), frames)
            first = min(frames, FRAMES - shift)
            out[:first] += band[shift : shift + first] * size[:first]
            out[first:] += band[: frames - first] * size[first:]
    if frames < FRAMES:
        fade = min(_FADE, frames)
        out[-fade:] *= np.linspace(1.0, 0.0, fade)
    return np.asarray(out / max(float(np.abs(out).max()), 1e-6), np.float32)


def heard_frames(numbers: np.ndarray) -> int:
    """How long a shot is: until its last part is quiet."""
    last = 0
    levels = [numbers[BODY_DB], *numbers[NOISE_DB].reshape(BANDS, TIMES)]
    for level in levels:
        loud = np.flatnonzero(level > QUIET_DB)
        last = max(last, int(loud[-1]) if len(loud) else 0)
    end_s = float(TIME_S[min(last + 1, TIMES - 1)])
    for level_db, decay in zip(numbers[MODE_DB], numbers[MODE_DECAY], strict=True):
        if level_db > QUIET_DB + 6.0:
            tau_s = 10.0 ** float(np.clip(decay, -2.5, 0.5))
            end_s = max(end_s, tau_s * (float(level_db) - QUIET_DB) / 8.686)
    return min(FRAMES, max(_FADE, round(end_s * SAMPLE_RATE) + _FADE))


def noise_bands(white: np.ndarray) -> np.ndarray:
    """White noise [FRAMES] in bands of unit power each: float32 [BANDS, FRAMES], end to end."""
    spectrum = np.fft.rfft(white)
    hz = np.fft.rfftfreq(FRAMES, 1 / SAMPLE_RATE)
    out = np.zeros((BANDS, FRAMES), np.float32)
    for band in range(BANDS):
        inside = (hz >= BAND_EDGES_HZ[band]) & (hz < BAND_EDGES_HZ[band + 1])
        out[band] = np.fft.irfft(np.where(inside, spectrum, 0.0), FRAMES)
        out[band] /= max(float(np.sqrt(np.mean(out[band] ** 2))), 1e-9)
    return out


@cache
def _fine() -> tuple[np.ndarray, np.ndarray]:
    fine = np.linspace(0, TIMES - 1, (TIMES - 1) * FINE + 1)
    return fine, np.interp(fine, np.arange(TIMES), TIME_S) * SAMPLE_RATE


def _amplitude(level_db: np.ndarray, frames: int) -> np.ndarray:
    fine, at = _fine()
    level = np.interp(fine, np.arange(TIMES), level_db)
    size = np.where(level > QUIET_DB, 10.0 ** (level / 20.0), 0.0)
    size[-1] = 0.0
    return np.interp(np.arange(frames), at, size)


def _body(numbers: np.ndarray, frames: int) -> np.ndarray:
    if numbers[BODY_DB].max() <= QUIET_DB:
        return np.zeros(frames)
    octaves = np.interp(np.arange(frames), TIME_S * SAMPLE_RATE, numbers[BODY_OCTAVES])
    phase = 2 * np.pi * np.cumsum(BASE_HZ * 2.0**octaves) / SAMPLE_RATE
    return np.sin(phase) * _amplitude(numbers[BODY_DB], frames)


def _modes(numbers: np.ndarray, frames: int) -> np.ndarray:
    t = np.arange(frames) / SAMPLE_RATE
    out = np.zeros(frames)
    ratio = MODE_EDGES_HZ[1:] / MODE_EDGES_HZ[:-1]
    hz = MODE_EDGES_HZ[:-1] * ratio ** np.clip(numbers[MODE_PLACE], 0, 1)
    for f, level_db, decay in zip(hz, numbers[MODE_DB], numbers[MODE_DECAY], strict=True):
        if level_db > QUIET_DB + 6.0:
            tau_s = 10.0 ** np.clip(decay, -2.5, 0.5)
            out += 10.0 ** (level_db / 20) * np.sin(2 * np.pi * f * t) * np.exp(-t / tau_s)
    fade = SAMPLE_RATE // 20
    if frames > FRAMES - fade:
        out[FRAMES - fade :] *= np.linspace(1, 0, fade)[: frames - FRAMES + fade]
    return out
