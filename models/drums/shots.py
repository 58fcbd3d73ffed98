"""Drum shots to learn from, synthesised from a seed: seven classes, no two shots alike.

Each class is a few lines of what analogue drum machines do: swept sines, bursts of filtered noise,
squares off the harmonic series. Ranges are wide on purpose and touch those of other classes.

    shot(seed, index) -> (float32 [frames], class), its peak at 1, at most SHOT_S long
"""

from collections.abc import Callable

import numpy as np
from scipy import signal

SAMPLE_RATE = 48000
SHOT_S = 2.0
CLASSES = ("kick", "snare", "hat", "tom", "clap", "cymbal", "perc")

Rng = np.random.Generator


def shot(seed: int, index: int) -> tuple[np.ndarray, int]:
    """Shot `index` of corpus `seed`: float32 [frames] from its first sound on, and its class."""
    rng = np.random.default_rng([seed, index])
    kind = index % len(CLASSES)
    sound = PLAYERS[kind](rng)
    sound = room(rng, sound) if rng.uniform() < 0.3 else sound
    if rng.uniform() < 0.3:
        drive = rng.uniform(1.0, 4.0)
        sound = np.tanh(drive * sound / np.abs(sound).max())
    sound = sound[: int(SHOT_S * SAMPLE_RATE)]
    close = min(len(sound), SAMPLE_RATE // 50)
    sound[len(sound) - close :] *= np.linspace(1, 0, close)
    return (sound / max(np.abs(sound).max(), 1e-9)).astype(np.float32), kind


def between(rng: Rng, low: float, high: float) -> float:
    """A number drawn evenly on a logarithmic scale."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def times(decay_s: float) -> np.ndarray:
    """Seconds [frames], for as long as something of this decay (to 1/e) can be heard."""
    return np.arange(int(min(7.0 * decay_s + 0.02, SHOT_S) * SAMPLE_RATE)) / SAMPLE_RATE


def swept(rng: Rng, t: np.ndarray, end_hz: float, jump: float, fall_s: float) -> np.ndarray:
    """A sine that falls from `jump` times its end to its end."""
    hz = end_hz * (1.0 + (jump - 1.0) * np.exp(-t / fall_s))
    return np.sin(2 * np.pi * np.cumsum(hz) / SAMPLE_RATE)


def hiss(rng: Rng, n: int, low_hz: float, high_hz: float, order: int = 2) -> np.ndarray:
    """Noise between two frequencies, of about unit size."""
    edges = [low_hz, min(high_hz, 0.47 * SAMPLE_RATE)]
    sos = signal.butter(order, edges, "bandpass", fs=SAMPLE_RATE, output="sos")
    out = signal.sosfilt(sos, rng.normal(size=n + 2000))[2000:]
    return np.asarray(out / max(out.std(), 1e-9))


def room(rng: Rng, sound: np.ndarray) -> np.ndarray:
    """A little room around it."""
    decay_s = between(rng, 0.03, 0.3)
    t = times(decay_s)
    echo = hiss(rng, len(t), 150, between(rng, 2000, 12000)) * np.exp(-t / decay_s)
    echo[: int(0.004 * SAMPLE_RATE)] = 0.0
    wet = signal.fftconvolve(sound, echo)
    out = np.pad(sound, (0, len(wet) - len(sound)))
    return np.asarray(out + rng.uniform(0.05, 0.3) * wet * np.abs(sound).max() / np.abs(wet).max())


def kick(rng: Rng) -> np.ndarray:
    decay_s = between(rng, 0.05, 0.45)
    t = times(decay_s)
    body = swept(rng, t, between(rng, 38, 75), between(rng, 1.5, 8), between(rng, 0.008, 0.06))
    out = np.tanh(rng.uniform(0.5, 2.5) * body * np.exp(-t / decay_s))
    click = hiss(rng, len(t), between(rng, 500, 3000), 12000)
    click *= np.exp(-t / between(rng, 0.001, 0.01))
    return np.asarray(out + rng.uniform(0.0, 0.35) * click)


def snare(rng: Rng) -> np.ndarray:
    tail_s = between(rng, 0.04, 0.22)
    t = times(tail_s)
    base = between(rng, 130, 260)
    skin = swept(rng, t, base, rng.uniform(1.0, 1.8), 0.015)
    skin += rng.uniform(0, 0.8) * np.sin(2 * np.pi * base * rng.uniform(1.5, 1.9) * t)
    skin *= np.exp(-t / between(rng, 0.02, 0.12))
    wires = hiss(rng, len(t), between(rng, 300, 2500), between(rng, 7000, 20000))
    wires *= (1 - np.exp(-t / between(rng, 0.0003, 0.003))) * np.exp(-t / tail_s)
    return np.asarray(rng.uniform(0.2, 1.0) * skin + rng.uniform(0.25, 0.7) * wires)


def metal(rng: Rng, t: np.ndarray, base_hz: float, count: int = 6) -> np.ndarray:
    """Square waves off the harmonic series, as drum machines make their cymbals of."""
    ratios = np.sort(rng.uniform(1.0, 2.6, count)) * base_hz
    out = np.zeros(len(t))
    for hz in ratios:
        for k in range(1, 16, 2):
            if k * hz < 20000:
                out += np.sin(2 * np.pi * k * hz * t + rng.uniform(0, 6.28)) / k
    return out / count


def hat(rng: Rng) -> np.ndarray:
    decay_s = between(rng, 0.008, 0.25)
    t = times(decay_s)
    low = between(rng, 4000, 9000)
    out = rng.uniform(0.3, 1.0) * hiss(rng, len(t), low, 21000)
    sos = signal.butter(3, low, "high", fs=SAMPLE_RATE, output="sos")
    out += rng.uniform(0, 3.0) * signal.sosfilt(sos, metal(rng, t, between(rng, 300, 900)))
    return np.asarray(out * np.exp(-t / decay_s))


def tom(rng: Rng) -> np.ndarray:
    decay_s = between(rng, 0.08, 0.4)
    t = times(decay_s)
    base = between(rng, 70, 240)
    out = swept(rng, t, base, rng.uniform(1.1, 1.9), between(rng, 0.02, 0.1)) * np.exp(-t / decay_s)
    for ratio in (1.5, 2.1):
        ring = np.exp(-t / (decay_s * rng.uniform(0.15, 0.5)))
        out += (
            rng.uniform(0, 0.3)
            * np.sin(2 * np.pi * base * ratio * rng.uniform(0.95, 1.05) * t)
            * ring
        )
    stick = hiss(rng, len(t), 400, between(rng, 3000, 9000)) * np.exp(
        -t / between(rng, 0.003, 0.02)
    )
    return np.asarray(out + rng.uniform(0.02, 0.2) * stick)


def clap(rng: Rng) -> np.ndarray:
    tail_s = between(rng, 0.04, 0.2)
    t = times(tail_s)
    shape = rng.uniform(0.3, 0.8) * np.exp(-t / tail_s)
    gap_s, count = rng.uniform(0.007, 0.016), int(rng.integers(2, 5))
    shape[t < gap_s * count] *= 0.3
    for k in range(count + 1):
        since = t - k * gap_s * rng.uniform(0.9, 1.1)
        shape += np.where(
            since >= 0, np.exp(-np.maximum(since, 0) / rng.uniform(0.002, 0.006)), 0.0
        )
    centre = between(rng, 800, 2200)
    noise = hiss(rng, len(t), 0.6 * centre, between(rng, 1.8, 5.0) * centre)
    return np.asarray(noise * shape)


def cymbal(rng: Rng) -> np.ndarray:
    decay_s = between(rng, 0.25, 0.9)
    t = times(decay_s)
    wash = hiss(rng, len(t), between(rng, 1500, 5000), 20000) * np.exp(-t / decay_s)
    ring = metal(rng, t, between(rng, 250, 700), 7)
    sos = signal.butter(2, between(rng, 800, 4000), "high", fs=SAMPLE_RATE, output="sos")
    ring = signal.sosfilt(sos, ring) * np.exp(-t / (decay_s * rng.uniform(0.4, 1.0)))
    bite = hiss(rng, len(t), 2000, 18000) * np.exp(-t / between(rng, 0.005, 0.04))
    return np.asarray(
        rng.uniform(0.3, 1) * wash + rng.uniform(0, 4) * ring + rng.uniform(0, 1) * bite
    )


def perc(rng: Rng) -> np.ndarray:
    """A cowbell, a woodblock, a rim, a bell or a shaker."""
    which = rng.integers(4)
    if which == 3:
        decay_s = between(rng, 0.02, 0.09)
        t = times(decay_s)
        swell = 1 - np.exp(-t / between(rng, 0.008, 0.03))
        return hiss(rng, len(t), between(rng, 2500, 5000), 14000) * swell * np.exp(-t / decay_s)
    low, high, decay_s = ((450, 900, 0.1), (600, 2500, 0.03), (350, 2000, 0.3))[which]
    decay_s = between(rng, 0.5 * decay_s, 2 * decay_s)
    t = times(decay_s)
    base = between(rng, low, high)
    ratios = ((1.0, 1.48, 2.1), (1.0, 1.7, 2.6), (1.0, 2.76, 5.4))[which]
    out = np.zeros(len(t))
    for k, ratio in enumerate(ratios):
        hz = base * ratio * rng.uniform(0.97, 1.03)
        ring = np.exp(-t * (1 + rng.uniform(0, 1.5) * k) / decay_s)
        out += (rng.uniform(0.2, 1.0) if k else 1.0) * np.sin(2 * np.pi * hz * t) * ring
    click = hiss(rng, len(t), 1000, 15000) * np.exp(-t / between(rng, 0.001, 0.005))
    return out + rng.uniform(0, 0.3) * click


PLAYERS: tuple[Callable[[Rng], np.ndarray], ...] = (kick, snare, hat, tom, clap, cymbal, perc)
