"""Onsets: where in a sound something is struck.

    spectrum ─► log magnitude ─► rise over 3 frames, summed ─► above what is usual around it?
                                                               the highest within 30 ms? ─► onset

Spectral flux with an adaptive threshold (Bello et al., "A tutorial on onset detection in music
signals", 2005; the lag and the logarithm as in Böck and Widmer's SuperFlux, 2013). Then the moment
itself: where the level rises most steeply nearby. Made for drums; of soft swells it finds some.
"""

import numpy as np

RATE_HZ = 48_000
SIZE, HOP = 1_024, 240
LAG = 3
"""Frames between what is compared: 15 ms, in which a struck sound has risen."""
APART_S = 0.030
AROUND_S = 0.12
OVER, LEAST = 1.3, 0.0625
"""An onset rises so many times as much as is usual around it, and by this share of the most."""
_GAIN = 300.0
_CHUNK = 4_096
_BANDS = 64


def onsets(sound: np.ndarray) -> np.ndarray:
    """Frames [n], ascending, at which mono `sound` [frames] at 48 kHz is struck."""
    peak = float(np.abs(sound).max(initial=0.0))
    if peak < 1e-4:
        return np.zeros(0, np.int64)
    flux = spectral_flux(sound / np.float32(peak))
    found = picked(flux)
    moments = [_moment(sound, int(frame) * HOP) for frame in found]
    return np.array(sorted(set(moments)), np.int64)


def spectral_flux(sound: np.ndarray) -> np.ndarray:
    """How much the spectrum rises [frames of HOP] of `sound`, whose peak is 1."""
    window = np.hanning(SIZE).astype(np.float32)
    # Two hops of silence before the beginning, so that a sound that begins at once has an onset.
    padded = np.pad(sound, (SIZE // 2 + LAG * HOP, 0))
    padded = np.pad(padded, (0, SIZE))
    count = 1 + len(sound) // HOP + LAG
    frames = np.lib.stride_tricks.sliding_window_view(padded, SIZE)[::HOP][:count]
    edges = np.unique(np.geomspace(2, SIZE // 2, _BANDS).astype(int))
    bands = np.zeros((len(frames), len(edges) - 1), np.float32)
    for first in range(0, len(frames), _CHUNK):
        part = np.abs(np.fft.rfft(frames[first : first + _CHUNK] * window, axis=1))
        sums = np.add.reduceat(part, edges, axis=1)[:, :-1] / np.diff(edges)
        bands[first : first + _CHUNK] = np.log1p(_GAIN / SIZE * sums)
    rise = np.maximum(bands[LAG:] - bands[:-LAG], 0.0).mean(axis=1)
    # Where a sound is cut off at its end, that is no stroke.
    rise[max(1, (len(sound) - SIZE // 2) // HOP) :] = 0.0
    return np.asarray(rise)


def picked(flux: np.ndarray) -> np.ndarray:
    """The frames [n] of `flux` that stand out."""
    around, apart = round(AROUND_S * RATE_HZ / HOP), round(APART_S * RATE_HZ / HOP)
    # Around a file there is silence: its first sound stands out, too.
    wide = np.pad(flux, around)
    usual = np.median(np.lib.stride_tricks.sliding_window_view(wide, 2 * around + 1), axis=1)
    near = np.lib.stride_tricks.sliding_window_view(np.pad(flux, apart), 2 * apart + 1)
    highest = flux >= near.max(axis=1)
    found = np.flatnonzero(highest & (flux > OVER * usual + LEAST * max(flux.max(), 0.2)))
    keep: list[int] = []
    for frame in found:  # a plateau has several highest
        if not keep or frame - keep[-1] > apart:
            keep.append(int(frame))
    return np.array(keep, np.int64)


def _moment(sound: np.ndarray, about: int) -> int:
    """Where near frame `about` the level rises most: the beginning of what was struck."""
    step = 48
    first = max(0, about - SIZE)
    part = sound[first : about + SIZE]
    count = -(-len(part) // step)
    if count < 3:
        return first
    whole = np.pad(np.abs(part), (0, count * step - len(part)))
    level = whole.reshape(count, step).max(axis=1)
    level = np.log(level + 1e-3 * max(float(level.max()), 1e-6))
    # Before the beginning of a file there was silence.
    silent = float(level.min()) if first else float(np.log(1e-3)) + float(level.max())
    before = np.concatenate([[level[0] if first else silent], level[:-1]])
    before2 = np.concatenate([before[:1], before[:-1]])
    return first + int((level - np.minimum(before, before2)).argmax()) * step
