"""What brook hears: how strong each place sounds, which way it leans, and where in time.

    audio ─ PQMF 16 ─┬─ 160 tuned filters, read twice a hop ─┬─ powers            320
                     │                                       └─ turn between both  320
                     └─ 16 bands x 8 slices of the hop ─────── powers             128

A filter's magnitude says roughly that a partial is near; how far its phase turns between two
readings says exactly where (the phase vocoder, Flanagan and Golden 1966). Nothing here is learned.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.brook.grid import PARTIALS, centres_hz, gaps_hz
from models.pqmf import Analysis, modulated
from models.tones import leaning_window

LOW_PARTIALS = 64  # all below the first band's upper edge
LOW_BANDS = (0, 2)
HIGH_BANDS = (1, 9)
LOW_TAPS = 192  # band samples: 64 ms at 48 kHz and 16 bands
HIGH_TAPS = 64  # 21 ms
SHARPNESS = 0.8  # a window's length times the gap between neighbours
SLICES = 8
READINGS = 2  # a hop
# Power that counts as silence, -70 dB. Lower, and rounding in the filters shows in the latents.
FLOOR = 1e-7
# A turn counts less below this power, -60 dB: a phase read out of rounding would be any phase.
FAINT = 1e-6
POWERS = READINGS * PARTIALS + 16 * SLICES
FEATURES = POWERS + 2 * PARTIALS


def tuned(places: slice, bands: tuple[int, int], taps: int, rate: int, pqmf: np.ndarray) -> Tensor:
    """Kernels [2 * places, bands, taps], real parts first, that read partials out of bands.

    A sine of amplitude 1 in the middle of a place gives it a magnitude of about 1.
    """
    centres, gaps = centres_hz()[places], gaps_hz()[places]
    count = pqmf.shape[0]
    chosen = pqmf[bands[0] : bands[1]]
    kernels = np.zeros((len(centres), chosen.shape[0], taps), dtype=complex)
    for i, (freq, gap) in enumerate(zip(centres, gaps, strict=True)):
        omega = 2 * math.pi * freq / rate
        response = chosen @ np.exp(-1j * omega * np.arange(chosen.shape[1]))
        length = min(SHARPNESS / gap * rate / count, taps)
        wave = leaning_window(length, taps) * np.exp(-1j * omega * count * np.arange(taps))
        power = float((np.abs(response) ** 2).sum())
        kernels[i] = 2 * np.conj(response)[:, None] * wave / power
    return torch.from_numpy(np.concatenate([kernels.real, kernels.imag])).float()


class Ear(nn.Module):
    """x [B, 1, hops * hop] -> powers [B, 448, hops] and turns [B, 320, hops]."""

    low: Tensor
    high: Tensor
    back_re: Tensor
    back_im: Tensor

    def __init__(
        self, sample_rate: int, hop: int, bands: int, taps: int, attenuation_db: float
    ) -> None:
        super().__init__()
        self.bands, self.hop = bands, hop
        self.stride = hop // bands // READINGS  # band samples between two readings
        self.slice_length = hop // bands // SLICES
        self.floor, self.faint = FLOOR, FAINT
        self.analysis = Analysis(bands, taps, attenuation_db)
        pqmf, _ = modulated(bands, taps, attenuation_db)
        low = tuned(slice(0, LOW_PARTIALS), LOW_BANDS, LOW_TAPS, sample_rate, pqmf)
        high = tuned(slice(LOW_PARTIALS, None), HIGH_BANDS, HIGH_TAPS, sample_rate, pqmf)
        self.register_buffer("low", low, persistent=False)
        self.register_buffer("high", high, persistent=False)
        # How far a partial in the middle of its place turns between two readings, taken back.
        turn = 2 * math.pi * centres_hz()[:, None] * (hop / READINGS) / sample_rate
        back_re, back_im = torch.from_numpy(np.cos(turn)), torch.from_numpy(-np.sin(turn))
        self.register_buffer("back_re", back_re.float(), persistent=False)
        self.register_buffer("back_im", back_im.float(), persistent=False)

    def init_state(self, batch: int = 1) -> list[Tensor]:
        """The recent past of the input, of the low and of the high bands."""
        low, high = LOW_BANDS[1] - LOW_BANDS[0], HIGH_BANDS[1] - HIGH_BANDS[0]
        return [
            self.analysis.init_state(batch),
            torch.zeros(batch, low, LOW_TAPS - self.stride),
            torch.zeros(batch, high, HIGH_TAPS - self.stride),
        ]

    def forward(self, x: Tensor, state: list[Tensor]) -> tuple[Tensor, Tensor, list[Tensor]]:
        bands, past = self.analysis(x, state[0])
        # LOW_BANDS and HIGH_BANDS, spelt out: TorchScript reads no globals.
        low = torch.cat([state[1], bands[:, 0:2]], dim=2)
        high = torch.cat([state[2], bands[:, 1:9]], dim=2)
        after = [
            past,
            low[:, :, low.shape[2] - state[1].shape[2] :],
            high[:, :, high.shape[2] - state[2].shape[2] :],
        ]
        low = F.conv1d(low, self.low, stride=self.stride)
        high = F.conv1d(high, self.high, stride=self.stride)
        half_low, half_high = low.shape[1] // 2, high.shape[1] // 2
        re = torch.cat([low[:, :half_low], high[:, :half_high]], dim=1)
        im = torch.cat([low[:, half_low:], high[:, half_high:]], dim=1)
        # [B, 160, hops * 2] -> the hop's first and second reading
        batch, hops = re.shape[0], re.shape[2] // 2
        re, im = re.reshape(batch, -1, hops, 2), im.reshape(batch, -1, hops, 2)
        re0, re1, im0, im1 = re[:, :, :, 0], re[:, :, :, 1], im[:, :, :, 0], im[:, :, :, 1]
        power0, power1 = re0 * re0 + im0 * im0, re1 * re1 + im1 * im1
        # The mean of both, not their product's root: one faint reading makes a turn worthless.
        size = 0.5 * (power0 + power1) + self.faint
        cross_re, cross_im = re1 * re0 + im1 * im0, im1 * re0 - re1 * im0
        turns = torch.cat(
            [
                (cross_re * self.back_re - cross_im * self.back_im) / size,
                (cross_re * self.back_im + cross_im * self.back_re) / size,
            ],
            dim=1,
        )
        # [B, 16, hops * 32] -> mean squares [B, 16 * 8, hops]
        sliced = (bands * bands).reshape(
            batch, self.bands, hops, bands.shape[2] // hops // self.slice_length, -1
        )
        energies = sliced.mean(dim=4).permute(0, 1, 3, 2).reshape(batch, -1, hops)
        return torch.cat([power0, power1, energies], dim=1), turns, after

    def features(self, powers: Tensor, turns: Tensor) -> Tensor:
        """Powers and turns -> what a network likes [B, 768, hops]: -70..0 dB becomes -1..2.5."""
        return torch.cat([(torch.log10(powers + self.floor) + 5.0) * 0.5, turns], dim=1)
