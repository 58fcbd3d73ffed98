"""What training is shown: sounds cut into hops, with pitch, size, brightness and kind of each.

Of the corpus the pitch is known. Of a player's own recordings, which must be of one note at a time,
the recipe's tracker finds it (`tracker.track`); moments without a clear pitch do not count.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.reed.config import ReedConfig
from models.reed.corpus import Clip
from models.reed.tracker import UNVOICED, track

WINDOW = 1024
SIZE_WINDOW = 768
LEAST_VOICED = 0.05  # share of a folder's moments that must have a pitch


@dataclass(frozen=True)
class Material:
    """Sounds [N, T * 256] and, per hop's end [N, T]: MIDI note, RMS, brightness, timbre, weight.

    `fit` [6] turns pitch and size into the usual brightness: what 0 means on the knob.
    """

    sound: Tensor
    note: Tensor
    size: Tensor
    bright: Tensor
    timbre: Tensor
    weight: Tensor
    fit: tuple[float, ...]


def sizes(sound: Tensor, hop: int) -> Tensor:
    """RMS [N, T] around each hop's end of sounds [N, T * hop]."""
    half = SIZE_WINDOW // 2
    power = torch.nn.functional.pad(sound.square(), (half - hop, half))
    window = torch.hann_window(SIZE_WINDOW)
    mean = power.unfold(1, SIZE_WINDOW, hop) @ (window / window.sum())
    return mean[:, : sound.shape[1] // hop].clamp(min=0).sqrt()


def centroids(sound: Tensor, hop: int, sample_rate: int) -> Tensor:
    """Amplitude-weighted mean frequency [N, T] in octaves above 1 Hz, around each hop's end."""
    half = WINDOW // 2
    padded = torch.nn.functional.pad(sound, (half - hop, half))
    hz = torch.arange(WINDOW // 2 + 1) * sample_rate / WINDOW
    rows = []
    for row in padded:  # one at a time: the spectra of all would take gigabytes
        frames = row.unfold(0, WINDOW, hop) * torch.hann_window(WINDOW)
        height = torch.fft.rfft(frames).abs()
        rows.append(torch.log2(((height @ hz) + 1e-6) / (height.sum(dim=1) + 1e-9) + 20))
    return torch.stack(rows)[:, : sound.shape[1] // hop]


def material(
    sound: Tensor, note: Tensor, kind: Tensor, weight: Tensor, config: ReedConfig,
    fit: tuple[float, ...] | None = None,
) -> Material:  # fmt: skip
    """Measure sizes and brightness; `kind` [N] is 0..2. A `fit` is kept (for held-out sounds)."""
    size = sizes(sound, config.hop)
    octaves = centroids(sound, config.hop, config.sample_rate)
    timbre = kind[:, None].expand_as(note)
    loud = 20 * torch.log10(size + 1e-4)
    usable = (weight > 0.5) & (loud > -60)
    columns = usual(note, loud, timbre)
    if fit is None:
        best = torch.linalg.lstsq(columns[usable].double(), octaves[usable].double()[:, None])
        line = best.solution[:, 0]
        rest = octaves[usable].double() - columns[usable].double() @ line
        fit = (*line.tolist(), float(rest.std()) + 1e-3)
    expected = columns @ torch.tensor(fit[:-1])
    bright = ((octaves - expected) / fit[-1]).clamp(-3, 3)
    bright = torch.where(usable, bright, torch.zeros_like(bright))
    # Brightness is a colour, not a movement: a mean over 100 ms, weighted by what sounds.
    kernel = torch.hann_window(21)[1:-1][None, None]
    heavy = size * usable + 1e-5
    smooth = torch.nn.functional.conv1d((bright * heavy)[:, None], kernel, padding=9)[:, 0]
    smooth = smooth / torch.nn.functional.conv1d(heavy[:, None], kernel, padding=9)[:, 0]
    return Material(sound, note, size, smooth, timbre, weight, fit)


def usual(note: Tensor, loud: Tensor, timbre: Tensor) -> Tensor:
    """Columns [..., 5] of which the usual centroid is a sum."""
    kinds = [(1 - (timbre - i).abs()).clamp(min=0) for i in range(3)]
    return torch.stack([(note - 60) / 12, (loud + 30) / 12, *kinds], dim=-1)


def from_clips(
    clips: list[Clip], config: ReedConfig, fit: tuple[float, ...] | None = None
) -> Material:
    """The corpus as material."""
    sound = torch.from_numpy(np.stack([c.sound for c in clips]))
    note = torch.from_numpy(np.stack([c.note for c in clips])).float()
    kind = torch.tensor([float(c.kind) for c in clips])
    return material(sound, note, kind, torch.ones_like(note), config, fit)


def from_sounds(
    sounds: np.ndarray, config: ReedConfig, fit: tuple[float, ...] | None = None
) -> Material:
    """A player's own sounds [N, frames] as material: all of one kind, so `timbre` does nothing.

    Raises ValueError if hardly anything in them has a pitch.
    """
    frames = sounds.shape[1] // config.hop * config.hop
    sound = torch.from_numpy(np.ascontiguousarray(sounds[:, :frames], dtype=np.float32))
    found = [track(row, config.sample_rate, config.hop) for row in sound]
    note = torch.stack([notes for notes, _ in found]).clamp(28, 96)
    weight = (torch.stack([clear for _, clear in found]) > UNVOICED).float()
    if float(weight.mean()) < LEAST_VOICED:
        raise ValueError(
            f"only {100 * float(weight.mean()):.0f} % of these sounds has a pitch; reed learns "
            "from single notes one after the other (a voice, a violin, a clarinet), not from chords"
        )
    kind = torch.zeros(len(sound))
    return material(sound, note, kind, weight, config, fit)


def decibels(size: float) -> float:
    """An RMS in dB of full scale."""
    return 20 * math.log10(max(size, 1e-9))
