"""How well reed follows what it hears: the tracker on made-up tones whose pitch is known.

Tones of 41..84 (87..1047 Hz) with 3 to 20 harmonics of random strengths, vibrato and slides, at
-6..-26 dBFS, in white noise of a stated level below them; and noise and silence alone.
"""

from typing import Any

import numpy as np
import torch

from models.reed.net import Reed

TONES, SECONDS = 40, 0.6
NOISES_DB: tuple[float | None, ...] = (None, 20.0, 10.0, 3.0, 0.0)
LAG_HOPS = 3  # what is said now is compared with the pitch of so many hops ago, see `lag`
SETTLED_S = 0.06  # after a beginning


def tone(index: int, rate: int, noise_db: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Sound [frames] and its pitch [frames] as MIDI notes."""
    rng = np.random.default_rng([77, index])
    n = int(SECONDS * rate)
    t = np.arange(n) / rate
    note = rng.uniform(41, 84) + rng.uniform(0, 0.4) * np.sin(2 * np.pi * rng.uniform(4, 7) * t)
    note = note + (rng.uniform(-3, 3) * t / SECONDS if index % 4 == 0 else 0)
    hz = 440 * 2 ** ((note - 69) / 12)
    phase = 2 * np.pi * np.cumsum(hz) / rate
    x = np.zeros(n)
    for k in range(1, int(rng.integers(3, 21)) + 1):
        if k * hz.max() < 0.45 * rate:
            height = rng.uniform(0.2, 1) * k ** -rng.uniform(0.5, 1.5)
            x += height * np.sin(k * phase + rng.uniform(0, 7))
    x *= 10 ** (-rng.uniform(6, 26) / 20) / x.std()
    if noise_db is not None:
        x += rng.normal(size=n) * x.std() * 10 ** (-noise_db / 20)
    return x.astype(np.float32), note


def follow(net: Reed, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the tracker says at the end of each hop: notes and voicing [hops]."""
    hop, state = net.config.hop, net.tracker.init_state()
    notes, voices = [], []
    with torch.no_grad():
        for at in range(0, len(x) // hop * hop, hop):
            block = torch.from_numpy(x[at : at + hop])[None, None]
            note, voiced, state = net.tracker(block, state)
            notes.append(float(note))
            voices.append(float(voiced))
    return np.array(notes), np.array(voices)


def tracking(net: Reed, tones: int = TONES) -> dict[str, Any]:
    """Per noise: median cents, share of the voiced off by more than 50, share missed; and more."""
    hop, rate = net.config.hop, net.config.sample_rate
    found: dict[str, Any] = {}
    first = int(SETTLED_S * rate / hop)
    for noise in NOISES_DB:
        errors, heard = [], []
        for index in range(tones):
            x, note = tone(index, rate, noise)
            notes, voices = follow(net, x)
            ends = (np.arange(len(notes)) + 1 - LAG_HOPS) * hop
            wanted = note[np.clip(ends, 0, len(note) - 1)]
            settled = np.arange(len(notes)) >= first
            on = settled & (voices > 0.5)
            errors.append(100 * np.abs(notes - wanted)[on])
            heard.append(voices[settled])
        off = np.concatenate(errors)
        found["clean" if noise is None else f"{noise:.0f} dB"] = {
            "median_cents": float(np.median(off)),
            "beyond_50_cents": float((off > 50).mean()),
            "missed": float(1 - np.concatenate(heard).mean()),
        }
    rng = np.random.default_rng(78)
    loud = rng.normal(size=2 * rate).astype(np.float32) * 0.1
    found["noise_taken_for_a_pitch"] = float(follow(net, loud)[1].mean())
    found["silence_taken_for_a_pitch"] = float(follow(net, 1e-4 * loud)[1].mean())
    found["first_pitch_ms"] = first_pitch_ms(net)
    return found


def first_pitch_ms(net: Reed) -> dict[str, float]:
    """ms from the beginning of a tone until the block is over in which it is voiced."""
    hop, rate = net.config.hop, net.config.sample_rate
    found = {}
    for note in (45, 57, 69, 81):
        hz = 440 * 2 ** ((note - 69) / 12)
        t = np.arange(rate // 2) / rate
        x = sum(0.1 / k * np.sin(2 * np.pi * k * hz * t) for k in range(1, 7))
        quiet = np.zeros(20 * hop)
        joined = np.concatenate([quiet, x]).astype(np.float32)
        voices = follow(net, joined)[1]
        found[str(note)] = 1000 * float((np.argmax(voices > 0.5) - 19) * hop) / rate
    return found
