"""Sound to learn from, synthesised from a seed: nobody's recordings, the same samples every time.

Nine players, each a few lines of textbook synthesis: a singing voice (glottal harmonics through
formants), plucked strings (Karplus and Strong 1983), bowed strings, struck bars, breath, whistled
glides, drums, chords and a buzzing reed. Notes fall anywhere, not on the tempered scale, at levels
from a whisper to nearly full, with silences between them. It is meant to be varied, not beautiful.

    clip(seed, index) -> float32 [frames], |x| <= 1
"""

from collections.abc import Callable

import numpy as np
from scipy import signal

SAMPLE_RATE = 48000
CLIP_S = 4.0

Player = Callable[[np.random.Generator, int], np.ndarray]


def envelope(n: int, attack_s: float, decay_s: float, hold: float = 0.0) -> np.ndarray:
    """Rise in `attack_s`, then fall towards `hold`; the last 10 ms close to zero."""
    t = np.arange(n) / SAMPLE_RATE
    shape = (1 - np.exp(-t / max(attack_s / 3, 1e-4))) * (hold + (1 - hold) * np.exp(-t / decay_s))
    close = min(n, SAMPLE_RATE // 100)
    shape[n - close :] *= np.linspace(1, 0, close)
    return shape


def wander(rng: np.random.Generator, n: int, rate_hz: float) -> np.ndarray:
    """A slow random curve [n], about -1..1, with a new target `rate_hz` times a second."""
    points = max(4, int(n / SAMPLE_RATE * rate_hz) + 4)
    return np.interp(np.linspace(0, points - 1, n), np.arange(points), rng.uniform(-1, 1, points))


def pitch_curve(rng: np.random.Generator, n: int, low_hz: float, high_hz: float) -> np.ndarray:
    """A note's pitch [n] in Hz: a start, perhaps a glide, perhaps vibrato."""
    t = np.arange(n) / SAMPLE_RATE
    start = np.log2(low_hz) + rng.uniform() * np.log2(high_hz / low_hz)
    glide = rng.normal(0, 0.25) * t / max(t[-1], 1e-3) if rng.uniform() < 0.3 else 0.0
    depth = rng.uniform(0, 0.03) * np.clip(t / 0.4, 0, 1)
    vibrato = depth * np.sin(2 * np.pi * rng.uniform(4, 7) * t)
    return 2.0 ** (start + glide + vibrato + 0.004 * wander(rng, n, 6))


def harmonics(rng: np.random.Generator, f0: np.ndarray, slope: float, limit: int) -> np.ndarray:
    """A sum of harmonics with amplitudes k^-slope, none above 16 kHz."""
    phase = 2 * np.pi * np.cumsum(f0) / SAMPLE_RATE
    count = max(1, min(limit, int(16000 / f0.max())))
    out = np.zeros(len(f0))
    for k in range(1, count + 1):
        out += k**-slope * np.sin(k * phase + rng.uniform(0, 0.5))
    return out


def resonate(x: np.ndarray, centre_hz: float, width_hz: float) -> np.ndarray:
    """One two-pole resonance with unit gain at its centre, about."""
    r = np.exp(-np.pi * width_hz / SAMPLE_RATE)
    angle = 2 * np.pi * centre_hz / SAMPLE_RATE
    scale = (1 - r) * np.sqrt(1 - 2 * r * np.cos(2 * angle) + r * r)
    return np.asarray(signal.lfilter([scale], [1, -2 * r * np.cos(angle), r * r], x))


VOWELS_HZ = (  # formants of a, i, u, e, o
    (730, 1090, 2440),
    (270, 2290, 3010),
    (300, 870, 2240),
    (530, 1840, 2480),
    (570, 840, 2410),
)


def voice(rng: np.random.Generator, n: int) -> np.ndarray:
    """A vowel turning into another, with a little breath."""
    f0 = pitch_curve(rng, n, 80, 500)
    source = harmonics(rng, f0, rng.uniform(0.9, 1.5), 60)
    source += rng.uniform(0, 0.2) * rng.normal(size=n)
    turn = np.clip(np.linspace(-1, 2, n) + 0.3 * wander(rng, n, 2), 0, 1)
    size = rng.uniform(0.9, 1.25)
    out = np.zeros(n)
    for part in (1 - turn, turn):
        formants = VOWELS_HZ[rng.integers(len(VOWELS_HZ))]
        for level, centre in zip((1.0, 0.6, 0.35), formants, strict=True):
            out += part * level * resonate(source, centre * size, 60 + 0.06 * centre)
    return out * envelope(n, rng.uniform(0.02, 0.15), 4.0, 0.5)


def plucked(rng: np.random.Generator, n: int) -> np.ndarray:
    """Karplus-Strong: a burst of noise going round a delay line with a two-point average."""
    freq = 2.0 ** rng.uniform(np.log2(60), np.log2(900))
    period = SAMPLE_RATE / freq - 0.5
    whole, part = int(period), period - int(period)
    burst = np.zeros(n)
    burst[: min(whole, n)] = rng.uniform(-1, 1, min(whole, n))
    burst = signal.lfilter([1 - (b := rng.uniform(0, 0.8))], [1, -b], burst)
    loss = 0.5 * 10 ** (-3 / (freq * rng.uniform(0.4, 4.0)))
    loop = np.zeros(whole + 3)
    loop[0] = 1.0
    loop[whole] -= loss * (1 - part)
    loop[whole + 1] -= loss
    loop[whole + 2] -= loss * part
    return np.asarray(signal.lfilter([1.0], loop, burst)) * envelope(n, 0.001, 3.0)


def bowed(rng: np.random.Generator, n: int) -> np.ndarray:
    """A sawtooth through body resonances, with slow attack, vibrato and bow noise."""
    f0 = pitch_curve(rng, n, 65, 700)
    source = harmonics(rng, f0, 1.0, 40) + 0.05 * rng.normal(size=n)
    out = 0.3 * source
    for _ in range(4):
        out += resonate(source, rng.uniform(200, 4000), rng.uniform(80, 400))
    swell = 1 + 0.5 * wander(rng, n, 3)
    return out * swell * envelope(n, rng.uniform(0.05, 0.4), 6.0, 0.6)


def struck(rng: np.random.Generator, n: int) -> np.ndarray:
    """A bar or a bell: partials off the harmonic series, high ones dying first."""
    t = np.arange(n) / SAMPLE_RATE
    base = 2.0 ** rng.uniform(np.log2(100), np.log2(1200))
    stretch = rng.uniform(1.0, 2.0)
    ring = rng.uniform(0.15, 2.0)
    out = np.zeros(n)
    for k in range(1, 9):
        freq = base * k**stretch * rng.uniform(0.98, 1.02)
        if freq < 15000:
            level = rng.uniform(0.2, 1.0) / k
            out += level * np.sin(2 * np.pi * freq * t) * np.exp(-t * k**0.7 / ring)
    click = rng.normal(size=n) * np.exp(-t / 0.004)
    return out * envelope(n, 0.001, 10.0) + rng.uniform(0, 0.3) * click


def breath(rng: np.random.Generator, n: int) -> np.ndarray:
    """Noise between two moving resonances, coming and going."""
    white = rng.normal(size=n)
    move = np.clip(0.5 + 0.7 * wander(rng, n, 3), 0, 1)
    low, high = 2.0 ** rng.uniform(np.log2(300), np.log2(9000), 2)
    out = (1 - move) * resonate(white, low, 0.4 * low) + move * resonate(white, high, 0.4 * high)
    out += rng.uniform(0, 0.1) * white
    return out * (1 + 0.8 * wander(rng, n, 4)) * envelope(n, rng.uniform(0.01, 0.3), 5.0, 0.3)


def whistled(rng: np.random.Generator, n: int) -> np.ndarray:
    """Nearly a sine, often gliding, with a breath of noise around it."""
    f0 = pitch_curve(rng, n, 100, 3000) * 2.0 ** (rng.uniform(0, 0.3) * wander(rng, n, 2))
    out = harmonics(rng, f0, rng.uniform(2.0, 6.0), 4) + 0.02 * rng.normal(size=n)
    return out * envelope(n, rng.uniform(0.02, 0.2), 5.0, 0.7)


def drum(rng: np.random.Generator, n: int) -> np.ndarray:
    """A kick, a snare or a cymbal."""
    t = np.arange(n) / SAMPLE_RATE
    kind = rng.integers(3)
    if kind == 0:
        sweep = rng.uniform(45, 80) + rng.uniform(80, 300) * np.exp(-t / 0.03)
        out = np.sin(2 * np.pi * np.cumsum(sweep) / SAMPLE_RATE)
        out *= np.exp(-t / rng.uniform(0.1, 0.4))
    elif kind == 1:
        skin = np.sin(2 * np.pi * rng.uniform(150, 280) * t) * np.exp(-t / 0.08)
        out = skin + rng.normal(size=n) * np.exp(-t / rng.uniform(0.05, 0.25))
    else:
        sos = signal.butter(2, rng.uniform(4000, 9000), "high", fs=SAMPLE_RATE, output="sos")
        out = signal.sosfilt(sos, rng.normal(size=n)) * np.exp(-t / rng.uniform(0.03, 0.6))
    return np.asarray(out) * envelope(n, 0.001, 10.0)


def chord(rng: np.random.Generator, n: int) -> np.ndarray:
    """Two to four notes of a chord, each of a few harmonics, some struck and some swelling."""
    root = 2.0 ** rng.uniform(np.log2(90), np.log2(400))
    slope, out = rng.uniform(0.8, 2.0), np.zeros(n)
    shapes = ((0, 7), (0, 4, 7), (0, 3, 7), (0, 5, 10), (0, 4, 7, 11))
    for semitones in shapes[rng.integers(len(shapes))]:
        f0 = np.full(n, root * 2 ** (semitones / 12 + rng.normal(0, 0.003)))
        out += harmonics(rng, f0, slope, 16)
    return out * envelope(n, rng.choice([0.005, 0.3]), rng.uniform(0.5, 3.0), 0.1)


def reed(rng: np.random.Generator, n: int) -> np.ndarray:
    """Mostly odd harmonics, opening and closing: a clarinet's cousin."""
    f0 = pitch_curve(rng, n, 110, 900)
    phase = 2 * np.pi * np.cumsum(f0) / SAMPLE_RATE
    drive = rng.uniform(1.0, 6.0) * (1 + 0.5 * wander(rng, n, 3))
    out = np.tanh(drive * np.sin(phase)) + 0.1 * np.sin(2 * phase) + 0.02 * rng.normal(size=n)
    return out * envelope(n, rng.uniform(0.02, 0.1), 6.0, 0.7)


PLAYERS: tuple[Player, ...] = (
    voice, plucked, bowed, struck, breath, whistled, drum, chord, reed,
)  # fmt: skip


def clip(seed: int, index: int, seconds: float = CLIP_S) -> np.ndarray:
    """Clip `index` of corpus `seed`: float32 [seconds * 48000] within -1..1, no DC.

    Clips take the players in turn. Every third clip has a second player under the first.
    """
    rng = np.random.default_rng([seed, index])
    n = int(seconds * SAMPLE_RATE)
    out = phrase(rng, PLAYERS[index % len(PLAYERS)], n)
    if index % 3 == 2:
        other = PLAYERS[rng.integers(len(PLAYERS))]
        out = out + rng.uniform(0.1, 0.7) * phrase(rng, other, n)
    sos = signal.butter(2, 25.0, "high", fs=SAMPLE_RATE, output="sos")
    out = signal.sosfilt(sos, out)
    peak_db = -rng.gamma(1.5, 6.0) - 1.0  # mostly -1..-20 dBFS, sometimes much less
    return (out / max(np.abs(out).max(), 1e-6) * 10 ** (max(peak_db, -50) / 20)).astype(np.float32)


def phrase(rng: np.random.Generator, player: Player, n: int) -> np.ndarray:
    """Notes of one player over `n` frames, of several lengths and levels, with rests."""
    out = np.zeros(n)
    shortest, longest = (0.08, 0.6) if player is drum else (0.15, 2.0)
    at = int(rng.uniform(0, 0.3) * SAMPLE_RATE)
    while at < n - SAMPLE_RATE // 20:
        length = int(np.exp(rng.uniform(np.log(shortest), np.log(longest))) * SAMPLE_RATE)
        length = min(length, n - at)
        note = player(rng, length)
        level = 10 ** (-rng.uniform(0, 20) / 20)
        out[at : at + length] += level * note / max(np.abs(note).max(), 1e-6)
        rest = rng.uniform(0.2, 0.8) if rng.uniform() < 0.25 else rng.uniform(0, 0.05)
        at += length + int(rest * SAMPLE_RATE)
    return out


def corpus(seed: int, clips: int, seconds: float = CLIP_S) -> np.ndarray:
    """The first `clips` clips of corpus `seed`: float32 [clips, frames]."""
    return np.stack([clip(seed, index, seconds) for index in range(clips)])
