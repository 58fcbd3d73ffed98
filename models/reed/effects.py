"""What each knob does, measured: one number of the sound over the knob's whole way."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.distances import centroid_hz
from models.pitch import pitch_hz
from models.reed.config import KNOBS, place
from models.reed.follow import follow
from models.reed.net import Reed
from models.reed.play import play

STEPS = 7
RATE = 48000
TWO_PERIODS = 436  # frames, of A3: a level that does not ripple


@dataclass(frozen=True)
class Effect:
    """How one knob is looked at: what is measured, in which unit, with what else turned."""

    knob: str
    what: str
    measured: Callable[[Tensor, Reed], float]
    seconds: float = 1.0
    turned: tuple[tuple[str, float], ...] = ()
    off_s: float | None = None
    """When the note is let go."""
    hears: bool = False
    """Whether a tone comes in, and no note is struck."""
    low: float | None = None
    high: float | None = None
    log: bool = False
    longer: float = 0.0
    """Seconds more for each unit of the knob: slow ones take their time."""


def level(y: Tensor) -> float:
    """dB of full scale."""
    return float(10 * torch.log10(y.square().mean() + 1e-12))


def pitch(y: Tensor, net: Reed) -> float:
    """The median pitch as a MIDI note."""
    heard = pitch_hz(y[RATE // 4 :], RATE)
    heard = heard[~heard.isnan()]
    return float(69 + 12 * torch.log2(heard.median() / 440)) if len(heard) else float("nan")


def sway(y: Tensor, net: Reed) -> np.ndarray:
    """The pitch over time in cents around its mean, by reed's own tracker (a short window)."""
    notes = follow(net, y.numpy())[0][60:]
    return 100 * (notes - notes.mean())


def swing(y: Tensor, net: Reed) -> float:
    """Half the way between highest and lowest pitch, cents."""
    curve = sway(y, net)
    return float(np.percentile(curve, 98) - np.percentile(curve, 2)) / 2


def swing_hz(y: Tensor, net: Reed) -> float:
    """How often a second the pitch sways."""
    curve = sway(y, net)
    spectrum = np.abs(np.fft.rfft(curve * np.hanning(len(curve)), 1 << 14))
    return float(np.argmax(spectrum[8:]) + 8) * RATE / net.config.hop / (1 << 14)


def rough(y: Tensor, net: Reed) -> float:
    """Power between the harmonics of A3 over the power on them, dB."""
    tail = y[RATE // 4 : RATE // 4 + 32768]
    power = torch.fft.rfft(tail * torch.hann_window(len(tail))).abs().square()
    place = torch.arange(len(power)) * RATE / len(tail) / 220.0
    on = (place - place.round()).abs() < 0.03
    heard = place > 0.5
    between = power[~on & heard].sum() / (power[on & heard].sum() + 1e-12)
    return float(10 * torch.log10(between + 1e-12))


def odd(y: Tensor, net: Reed) -> float:
    """Odd over even harmonics of A3 up to the tenth, dB."""
    tail = y[RATE // 4 : RATE // 4 + 32768]
    power = torch.fft.rfft(tail * torch.hann_window(len(tail))).abs().square()
    at = [round(k * 220.0 * len(tail) / RATE) for k in range(1, 11)]
    near = torch.stack([power[i - 4 : i + 5].sum() for i in at])
    return float(10 * torch.log10(near[::2].sum() / near[1::2].sum()))


def rise_ms(y: Tensor, net: Reed) -> float:
    """Until nine tenths of the level, ms."""
    curve = y.square().unfold(0, TWO_PERIODS, 32).mean(dim=1).sqrt()
    first = int((curve > 0.9 * curve[-200:].mean()).nonzero()[0])
    return 1000 * (first * 32 + TWO_PERIODS / 2) / RATE


def fall_ms(y: Tensor, net: Reed) -> float:
    """From the release, at 1 s, until 20 dB less, ms."""
    curve = y.square().unfold(0, TWO_PERIODS, 32).mean(dim=1).sqrt()
    begin = (RATE - TWO_PERIODS // 2) // 32
    below = curve[begin:] < 0.1 * curve[begin - 200 : begin].mean()
    return 1000 * float(below.nonzero()[0]) * 32 / RATE if below.any() else float("nan")


NOTE = (("note_1", 57.0), ("level_1", -20.0))
EFFECTS = (
    Effect("note_1", "pitch (note)", pitch, low=36, high=96),
    Effect("level_1", "level (dBFS)", lambda y, net: level(y[RATE // 2 :]), low=-70),
    Effect("timbre", "odd over even (dB)", odd),
    Effect("brightness", "centroid (Hz)", lambda y, net: centroid_hz(y[None, None], RATE)),
    Effect("breath", "between harmonics (dB)", rough),
    Effect("vibrato", "swing (cents)", swing, 1.6),
    Effect("room", "0.1 s after it (dBFS)", lambda y, net: level(y[52800:55200]), 1.2,
           (("release", 10.0),), off_s=1.0),
    Effect("attack", "to 90 % (ms)", rise_ms, 0.5, (("vibrato", 0.0),), log=True, longer=0.002),
    Effect("release", "to -20 dB (ms)", fall_ms, 1.2, (("vibrato", 0.0),), off_s=1.0, log=True,
           longer=0.001),
    Effect("vibrato_rate", "swings a second", swing_hz, 2.4, (("vibrato", 50.0),)),
    Effect("follow", "level (dBFS)", lambda y, net: level(y[RATE // 2 :]), hears=True),
    Effect("transpose", "pitch (note)", pitch, low=-12, high=24),
)  # fmt: skip


def effects(net: Reed) -> list[dict[str, object]]:
    """Per knob: where it stood and what was measured there."""
    t = torch.arange(6 * RATE) / RATE
    hum = sum(0.1 / k * torch.sin(2 * torch.pi * 220 * k * t) for k in range(1, 8))
    assert isinstance(hum, Tensor)
    found: list[dict[str, object]] = []
    for e in EFFECTS:
        knob = KNOBS[place(e.knob)]
        low = knob.minimum if e.low is None else e.low
        high = knob.maximum if e.high is None else e.high
        way = np.linspace(0, 1, STEPS)
        values = low * (high / low) ** way if e.log else low + way * (high - low)
        results = []
        for value in values:
            turned = {"room": 0.0, "vibrato": 0.0, **dict(e.turned)}
            turned |= {} if e.hears else dict(NOTE)
            turned[e.knob] = float(value)
            turns: list[tuple[float, dict[str, float]]] = [(0.0, turned)]
            if e.off_s is not None:
                turns.append((e.off_s, {"level_1": -80.0}))
            y = play(net, e.seconds + e.longer * float(value), turns, hum if e.hears else None)
            results.append(e.measured(y, net))
        found.append(
            {"knob": e.knob, "label": knob.label, "unit": knob.unit, "what": e.what,
             "values": [float(v) for v in values], "measured": results, "log": e.log}
        )  # fmt: skip
    return found
