"""Bowed, blown and sung notes to learn from, made from a seed: one player at a time, pitch known.

Every player is a law for the strengths of harmonics over pitch, dynamics and brightness, plus a
noise of its own: a string through the resonances of a body (fixed in Hz), a reed pipe with weak
even harmonics, a throat with the formants of an open vowel. Louder is brighter. Notes begin and
end, swell, slide, and have vibrato. Textbook sounds, and nobody's recordings.
"""

from dataclasses import dataclass

import numpy as np
from scipy import signal

from models.corpus import SAMPLE_RATE, VOWELS_HZ, resonate, wander

HOP = 256
CLIP_S = 4.0
RANGES = ((36.0, 88.0), (40.0, 86.0), (38.0, 80.0))  # MIDI notes of the players
BODY_HZ = ((280, 70), (460, 80), (700, 160), (1150, 300), (2500, 700), (3300, 900))


@dataclass(frozen=True)
class Clip:
    """Sound [hops * 256] within -1..1, the pitch at each hop's end as a MIDI note, the player."""

    sound: np.ndarray
    note: np.ndarray
    kind: int


def peaks(hz: np.ndarray, places: tuple[tuple[float, float], ...], floor: float) -> np.ndarray:
    """A sum of resonances (centre, width in Hz), at any frequencies; `floor` lies under it."""
    heights = [1 / (1 + ((hz - centre) / width) ** 2) for centre, width in places]
    return np.asarray(floor + np.sum(heights, axis=0))


def bowed(hz: np.ndarray, k: np.ndarray, force: np.ndarray, bright: np.ndarray) -> np.ndarray:
    """A sawtooth, the softer the duller, through a body."""
    return k ** -(1.5 - 0.6 * force - 0.3 * bright) * peaks(hz, BODY_HZ, 0.25)


def reed(hz: np.ndarray, k: np.ndarray, force: np.ndarray, bright: np.ndarray) -> np.ndarray:
    """Odd harmonics first; the even ones come with force and height; a soft end at 2..5 kHz."""
    even = np.clip(0.06 + 0.25 * force + 0.03 * k, 0, 1)
    end = 1500 * 2 ** (1.5 * force + 0.6 * bright)
    return k**-0.7 * np.where(k % 2 == 0, even, 1.0) / (1 + (hz / end) ** 2)


def sung(hz: np.ndarray, k: np.ndarray, force: np.ndarray, bright: np.ndarray) -> np.ndarray:
    """A glottis that closes faster with force, through the formants of a vowel near a."""
    first, second, third = VOWELS_HZ[0]
    places = ((first, 90), (second, 110), (third, 180), (3300, 250), (4200, 400))
    tilt = 1.5 - 0.5 * force - 0.3 * bright
    return k**-tilt * peaks(hz, places, 0.03) * (1 + 0.6 * (hz > 2200) * force)


LAWS = (bowed, reed, sung)
NOISES_HZ = ((2500.0, 3500.0), (1800.0, 2500.0), (3500.0, 3000.0))  # centre and width
NOISES_DB = (-34.0, -30.0, -32.0)  # under the note


def clip(seed: int, index: int, seconds: float = CLIP_S) -> Clip:
    """Clip `index` of corpus `seed`; the players take turns."""
    rng = np.random.default_rng([seed, index])
    kind = index % len(LAWS)
    hops = int(seconds * SAMPLE_RATE) // HOP
    note, level, force, bright = phrase(rng, kind, hops)
    k = np.arange(1.0, 97.0)
    hz = 440 * 2 ** ((note - 69) / 12)
    partials = hz[:, None] * k
    strengths = LAWS[kind](partials, k, force[:, None], bright[:, None]) * (partials < 18000)
    strengths *= (level / np.sqrt(0.5 * (strengths**2).sum(axis=1)))[:, None]
    frames = np.arange(1, hops * HOP + 1) / HOP - 1  # in hops, 0 at the first hop's end
    at = np.arange(hops)
    phase = 2 * np.pi * np.cumsum(np.interp(frames, at, hz)) / SAMPLE_RATE
    sound = np.zeros(hops * HOP)
    for i in range(len(k)):
        if strengths[:, i].max() > 1e-6:
            sound += np.interp(frames, at, strengths[:, i]) * np.sin(
                k[i] * phase + rng.uniform(0, 2 * np.pi)
            )
    hiss = resonate(rng.normal(size=len(sound)), *NOISES_HZ[kind])
    hiss *= 10 ** (NOISES_DB[kind] / 20) / hiss.std()
    breathy = 10 ** (rng.normal(0, 4) / 20) * (1 + 0.5 * wander(rng, len(sound), 3))
    # Chiff: a note's beginning is noisier.
    onset = np.interp(frames, at, np.clip(np.gradient(level) / (level + 1e-3), 0, 0.3))
    sound += np.interp(frames, at, level) * hiss * breathy * (1 + 20 * onset)
    sos = signal.butter(2, 25.0, "high", fs=SAMPLE_RATE, output="sos")
    sound = signal.sosfilt(sos, sound)
    return Clip((sound / max(1.0, np.abs(sound).max())).astype(np.float32), note, kind)


def phrase(
    rng: np.random.Generator, kind: int, hops: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pitch, level (RMS), force 0..1 and brightness [hops] of notes one after the other."""
    note, level = np.full(hops, 57.0), np.zeros(hops)
    force, bright = np.zeros(hops), np.zeros(hops)
    low, high = RANGES[kind]
    at, pitch = int(rng.integers(1, 20)), rng.uniform(low, high)
    while at < hops - 8:
        n = min(int(np.exp(rng.uniform(np.log(0.12), np.log(2.0))) * SAMPLE_RATE / HOP), hops - at)
        pitch = rng.uniform(low, high) if rng.uniform() < 0.5 else pitch + rng.normal(0, 4)
        pitch = float(np.clip(pitch, low, high))
        t = np.arange(n) * HOP / SAMPLE_RATE
        depth = rng.choice([0.0, rng.uniform(0.05, 0.5)]) * np.clip(t / 0.4, 0, 1)
        curve = pitch + depth * np.sin(2 * np.pi * rng.uniform(4, 7) * t)
        if rng.uniform() < 0.25:  # slides to the next
            curve = curve + rng.normal(0, 2) * t / max(float(t[-1]), 1e-3)
        effort = np.clip(rng.uniform(0, 1) + rng.normal(0, 0.25) * slow(rng, n), 0, 1)
        rise, fall = rng.uniform(0.01, 0.2), rng.uniform(0.03, 0.15)
        shape = (1 - np.exp(-(t + 0.003) / (rise / 3))) * np.clip((t[-1] - t) / fall, 0, 1)
        where = slice(at, at + n)
        note[where], force[where] = curve, effort * np.clip(shape + 0.2, 0, 1)
        level[where] = 10 ** ((-38 + 26 * effort) / 20) * shape
        bright[where] = rng.normal(0, 1) + 0.3 * slow(rng, n)
        rest = int(rng.uniform(10, 80)) if rng.uniform() < 0.3 else int(rng.uniform(0, 4))
        note[at + n : at + n + rest] = curve[-1]
        at += n + rest
    note[at:] = note[min(at, hops) - 1]
    return np.clip(note, 28, 96), level, force, bright


def slow(rng: np.random.Generator, hops: int) -> np.ndarray:
    """A curve [hops] of about -1..1 that turns three times a second."""
    return wander(rng, hops * HOP, 3)[::HOP][:hops]


def corpus(seed: int, clips: int) -> list[Clip]:
    """The first `clips` clips of corpus `seed`."""
    return [clip(seed, index) for index in range(clips)]
