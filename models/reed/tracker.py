"""A streaming pitch tracker: McLeod's way (McLeod and Wyvill 2005) at a quarter of the rate.

    48 kHz ─► low-pass, every 4th ─► last 449 frames at 12 kHz ─► how alike are two stretches of
    21 ms, a lag apart, for each lag of 9 .. 188? ─► first peak of at least 0.9 of the highest
    ─► place between the lags, by a polynomial through nine ─► pitch, clarity

Twice the product over the sum of the energies is 1 for a perfect period and falls with noise: the
clarity, by which a sound counts as voiced. A leap of more than a semitone and a half is believed
only when the next hop says the same, which costs 5 ms and saves most octave errors.
65..1200 Hz. What is heard is on average half a stretch and half a period old: 11..19 ms.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from scipy import signal
from torch import Tensor, nn

THIN = 4
STRETCH = 256  # thinned frames that are compared: 21 ms
SHORTEST, LONGEST = 9, 188  # lags in thinned frames: 1333 .. 64 Hz
FINE = 100  # places between two lags
REACH = 4  # lags on either side that the interpolation looks at
FURTHEST = LONGEST + REACH + 1
PAST = STRETCH + FURTHEST
TAPS = 64
CUT_HZ = 3500.0
FIRST_OF = 0.9  # of the highest peak
CENTRE = 57.0  # the note that is said before any is heard
VOICED, UNVOICED = 0.7, 0.5  # clarity at which a sound begins and ceases to be voiced
FAINT = 1e-6  # mean square, -60 dBFS: takes a quarter off the clarity
LEAP = 1.5  # semitones


def between() -> np.ndarray:
    """Values at 9 lags -> values at 201 places from a lag after the middle to one before it.

    Lagrange's polynomial: a windowed sinc ripples by more than the top of a low pitch is bent.
    """
    lags = np.arange(REACH, -REACH - 1, -1)
    places = np.arange(FINE, -FINE - 1, -1) / FINE
    weights = np.ones((len(lags), len(places)))
    for i, lag in enumerate(lags):
        for other in lags[lags != lag]:
            weights[i] *= (places - other) / (lag - other)
    return weights


class Alike(nn.Module):
    """Pasts [B, 449] at 12 kHz -> period in seconds and clarity -1..1, both [B, 1].

    Lags go down along the axis, from 193 at index 0; the peaks looked at are 188 .. 9.
    """

    weights: Tensor
    ones: Tensor
    early: Tensor

    def __init__(self, sample_rate: int) -> None:
        super().__init__()
        weights = torch.from_numpy(between()).float()
        self.register_buffer("weights", weights, persistent=False)
        self.register_buffer("ones", torch.ones(1, 1, STRETCH), persistent=False)
        # Of the peaks that are high enough the shortest lag counts: the greatest index.
        early = torch.arange(1.0, LONGEST - SHORTEST + 2)
        self.register_buffer("early", early[None], persistent=False)
        self.beside: Tensor
        self.register_buffer("beside", torch.arange(9)[None], persistent=False)
        self.rate = sample_rate / THIN

    def forward(self, past: Tensor) -> tuple[Tensor, Tensor]:
        past = past - past.mean(dim=1, keepdim=True)
        now = past[:, 193:]
        # Rows as groups: each past is compared with its own present.
        products = F.conv1d(past[None], now[:, None], groups=past.shape[0])[0]
        energies = F.conv1d((past * past)[:, None], self.ones)[:, 0]
        floor = 3e-4  # 256 * FAINT and a little: what is faint is not clear
        alike = 2.0 * products / (energies + energies[:, 193:] + floor)
        middle = alike[:, 5:185]  # lags 188 .. 9
        peak = (middle > alike[:, 4:184]) & (middle >= alike[:, 6:186])
        heights = torch.where(peak, middle, torch.zeros_like(middle))
        enough = heights >= 0.9 * heights.amax(dim=1, keepdim=True)
        at = torch.argmax(enough.to(past.dtype) * self.early, dim=1, keepdim=True)
        fine = torch.gather(alike, 1, at + 1 + self.beside) @ self.weights
        top = torch.argmax(fine, dim=1, keepdim=True)
        lag = 189.0 - at.to(past.dtype) - top.to(past.dtype) * 0.01
        return lag / self.rate, fine.amax(dim=1, keepdim=True)


class Tracker(nn.Module):
    """Sound [1, 1, 256] -> pitch and voicing (0 or 1), both [1, 1]; pitch as a MIDI note.

    The state is the sound's end [1, 1, 60], the thinned past [1, 449], and [1, 3]: the pitch held
    and the one last heard, both from A3, and the voicing.
    """

    low_pass: Tensor

    def __init__(self, sample_rate: int) -> None:
        super().__init__()
        taps = signal.firwin(TAPS, CUT_HZ, fs=sample_rate)
        self.register_buffer(
            "low_pass", torch.from_numpy(taps[None, None]).float(), persistent=False
        )
        self.alike = Alike(sample_rate)

    def init_state(self) -> list[Tensor]:
        return [torch.zeros(1, 1, TAPS - THIN), torch.zeros(1, PAST), torch.zeros(1, 3)]

    def forward(self, x: Tensor, state: list[Tensor]) -> tuple[Tensor, Tensor, list[Tensor]]:
        line = torch.cat([state[0], x], dim=2)
        thinned = F.conv1d(line, self.low_pass, stride=4)[:, 0]
        past = torch.cat([state[1][:, 64:], thinned], dim=1)
        period, clarity = self.alike(past)
        heard = torch.log(period * 440.0) * (-12.0 / math.log(2.0)) + 12.0
        was = state[2]
        # Begins at 0.7, goes on until 0.5.
        clear = clarity + was[:, 2:] * 0.2 > 0.7
        sure = (heard - was[:, :2]).abs().amin(dim=1, keepdim=True) < 1.5
        held = torch.where(clear & sure, heard, was[:, :1])
        # Voiced begins with the first pitch that is sure, and goes on until clarity is lost.
        voiced = (clear & (sure | (was[:, 2:] > 0.5))).to(x.dtype)
        after = torch.cat([held, heard, voiced], dim=1)
        return held + 57.0, voiced, [line[:, :, 256:], past, after]


def track(x: Tensor, sample_rate: int, hop: int) -> tuple[Tensor, Tensor]:
    """Offline: pitch [T] as MIDI notes and clarity [T] of x [frames], centred on each hop's end.

    The same measure as the streaming tracker's on stretches around the moment, then a median of
    seven hops. Where there is no clarity the last pitch holds.
    """
    alike = Alike(sample_rate)
    taps = signal.firwin(TAPS, CUT_HZ, fs=sample_rate)
    thin = torch.from_numpy(signal.resample_poly(x.numpy(), 1, THIN, window=taps)).float()
    # What is heard is half a stretch and half a (typical) period old: look so far ahead.
    ahead = STRETCH // 2 + 40
    padded = F.pad(thin, (PAST, ahead))
    hops = len(x) // hop
    ends = (torch.arange(1, hops + 1) * hop // THIN) + PAST + ahead
    pasts = padded[ends[:, None] - PAST + torch.arange(PAST)]
    parts = [alike(part) for part in pasts.split(256)]
    period, clear = (torch.cat([part[i][:, 0] for part in parts]) for i in range(2))
    notes = 69.0 - 12.0 * torch.log2(period * 440.0)
    sides = F.pad(notes[None, None], (3, 3), mode="replicate")[0, 0]
    notes = sides.unfold(0, 7, 1).median(dim=1).values
    voiced = clear > UNVOICED
    last = torch.where(voiced, torch.arange(hops), torch.zeros(hops, dtype=torch.long))
    return notes[torch.cummax(last, dim=0).values], clear
