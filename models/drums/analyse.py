"""From a shot to its numbers: what the network learns to play, found by signal processing.

    body      low-passed, its phase turned into pitch, its size into level (analytic signal)
    modes     in each octave band the peak that stands highest out of a long spectrum
    noise     what of the bands' power body and modes do not account for

Powers are subtracted, not waves: phases need not fit, and what was missed becomes noise, which is
the kindest mistake that a drum can have.
"""

import numpy as np
from scipy import signal

from models.drums.grid import (
    BASE_HZ,
    BODY_DB,
    BODY_OCTAVES,
    FLOOR_DB,
    FRAMES,
    MODE_DB,
    MODE_DECAY,
    MODE_EDGES_HZ,
    MODE_PLACE,
    MODES,
    NOISE_DB,
    SAMPLE_RATE,
    SIZE,
    TIME_S,
    TIMES,
)
from models.drums.listen import band_powers, decibels
from models.drums.play import body_wave, mode_wave

BODY_HZ = 420.0
"""The body is what lies below; a kick's fall from higher up is its click, which is noise."""
SETTLED_S, WANDER = 0.012, 0.25
"""A pitch that wanders by this share of itself, once the attack is over, is that of noise."""
PEAK_OVER = 60.0
"""A mode is a peak so many times above its band's median power: noise reaches 15 to 25."""
LONG = 8192
_LOW_PASS = signal.firwin(1025, BODY_HZ, fs=SAMPLE_RATE)


def analyse(sound: np.ndarray) -> np.ndarray:
    """The numbers [SIZE] of mono `sound` [frames], which begins with its first sound, peak at 1."""
    whole = np.zeros(FRAMES, np.float32)
    whole[: min(len(sound), FRAMES)] = sound[:FRAMES]
    numbers = np.zeros(SIZE, np.float32)
    numbers[BODY_DB], numbers[BODY_OCTAVES] = body(whole)
    numbers[MODE_PLACE], numbers[MODE_DB], numbers[MODE_DECAY] = modes(whole)
    tones = body_wave(numbers) + mode_wave(numbers)
    # One decibel more than is there: leakage of a strong sine must not be left as a hiss around it.
    left = band_powers(whole) - 1.26 * band_powers(tones.astype(np.float32))
    numbers[NOISE_DB] = decibels(left).reshape(-1)
    return numbers


def body(whole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Level [TIMES] in dB and pitch [TIMES] in octaves of the low, falling sine."""
    low = signal.fftconvolve(whole, _LOW_PASS, "same")
    # As much silence behind it: the transform is circular, and an attack would come back as a tail.
    analytic = signal.hilbert(np.pad(low, (0, 2**18 - FRAMES)))[:FRAMES]
    size = np.abs(analytic)
    turn = np.angle(analytic[1:] * np.conj(analytic[:-1])) * SAMPLE_RATE / (2 * np.pi)
    turn = np.append(turn, turn[-1])
    weight = size**2 + 1e-12
    smooth = np.hanning(int(0.008 * SAMPLE_RATE))
    hz = signal.fftconvolve(turn * weight, smooth, "same") / np.maximum(
        signal.fftconvolve(weight, smooth, "same"), 1e-12
    )
    short = np.hanning(int(0.003 * SAMPLE_RATE))
    size = signal.fftconvolve(size, short / short.sum(), "same")
    at = np.minimum(np.round(TIME_S * SAMPLE_RATE).astype(int), len(size) - 1)
    level = 20 * np.log10(np.maximum(size[at], 10 ** (FLOOR_DB / 20)))
    strong = level > max(level.max() - 30.0, -50.0)
    octaves = np.log2(np.clip(hz[at], 25.0, 1.2 * BODY_HZ) / BASE_HZ)
    # The pitch of low noise wanders by a large part of itself; that of a falling sine does not.
    settled = np.s_[int(SETTLED_S * SAMPLE_RATE) :]
    weight, turn, hz_then = weight[settled], turn[settled], hz[settled]
    wander = np.sqrt((weight * (turn - hz_then) ** 2).sum() / weight.sum())
    mean_hz = (weight * hz_then).sum() / weight.sum()
    if level.max() < -25.0 or wander > WANDER * mean_hz:
        return np.full(TIMES, FLOOR_DB), np.full(TIMES, np.log2(100.0 / BASE_HZ))
    # Where it is too soft to have a pitch it keeps the last one.
    last = np.flatnonzero(strong)
    octaves = np.interp(np.arange(len(octaves)), last, octaves[last])
    over = np.flatnonzero((level < -66.0) & (np.arange(len(level)) > level.argmax()))
    level[over[0] if len(over) else len(level) :] = FLOOR_DB
    return np.maximum(level, FLOOR_DB), octaves


def modes(whole: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Place [MODES] in their bands 0..1, level in dB at the start, log10 of the decay in s."""
    place, level = np.full(MODES, 0.5), np.full(MODES, FLOOR_DB)
    decay = np.full(MODES, -1.5)
    begin = int(0.004 * SAMPLE_RATE)
    window = np.hanning(2 * LONG)[LONG:]
    first = np.abs(np.fft.rfft(whole[begin : begin + LONG] * window)) / (window.sum() / 2)
    hop, short = 512, 2048
    frames = np.lib.stride_tricks.sliding_window_view(whole[: 40 * hop + short], short)[::hop]
    hann = np.hanning(short)
    later = np.abs(np.fft.rfft(frames * hann, axis=1)) / (hann.sum() / 2)
    width = SAMPLE_RATE / LONG
    for m in range(MODES):
        low, high = (int(MODE_EDGES_HZ[m + k] / width) for k in (0, 1))
        band = first[low:high]
        peak = int(band.argmax())
        if band[peak] ** 2 < PEAK_OVER * np.median(band**2) or band[peak] < 2e-3:
            continue
        hz = (low + peak) * width
        track = later[:, round(hz * short / SAMPLE_RATE)]
        track_db = 20 * np.log10(np.maximum(track, 1e-5))
        used = track_db > max(track_db.max() - 35.0, -66.0)
        used &= np.cumprod(used | (np.arange(len(used)) < 2)).astype(bool)
        k = np.flatnonzero(used)
        if len(k) < 2:
            k = np.arange(3)
        slope = np.polyfit(k * hop / SAMPLE_RATE, track_db[k], 1)[0]
        tau = float(np.clip(-8.686 / min(slope, -1.0), 0.004, 3.0))
        # What the long window saw of a sine of decay tau, undone.
        t = np.arange(LONG) / SAMPLE_RATE
        seen = (window * np.exp(-t / tau)).sum() / window.sum()
        start = band[peak] / max(seen, 1e-3) * np.exp(begin / SAMPLE_RATE / tau)
        place[m] = np.log(hz / MODE_EDGES_HZ[m]) / np.log(MODE_EDGES_HZ[m + 1] / MODE_EDGES_HZ[m])
        level[m] = 20 * np.log10(np.clip(start, 1e-4, 1.5))
        decay[m] = np.log10(tau)
    return place, level, decay
