"""Shaped noise: random spectra, weighted band by band, turned to sound and overlapped.

Two frames of 256 a hop under sine windows, whose squares add up to one: noise that is stationary
stays so. Voices add up as powers, so all of them share one noise. There is no bin at 0 Hz.
"""

import math

import numpy as np
import torch
from torch import Tensor, nn

FRAME = 256
STEP = FRAME // 2
BINS = FRAME // 2  # 1 .. 128, of 187.5 Hz
BEND_HZ = 700.0  # below this, bands are about equally wide


def band_shapes(bands: int, sample_rate: int) -> np.ndarray:
    """How each band's power lies over the bins, [bands, 128]: triangles of area one."""
    hz = np.arange(1, BINS + 1) * sample_rate / FRAME
    warped = np.log(1 + hz / BEND_HZ)
    places = np.linspace(warped[0], warped[-1], bands)
    width = places[1] - places[0]
    weights = np.clip(1 - np.abs(warped[None] - places[:, None]) / width, 1e-6, None)
    return weights / weights.sum(axis=1, keepdims=True)


def to_sound() -> np.ndarray:
    """Real and imaginary parts of the bins to a windowed frame, [256, 256]."""
    n = np.arange(FRAME)
    angle = 2 * math.pi * np.arange(1, BINS + 1)[:, None] * n / FRAME
    window = np.sin(math.pi * (n + 0.5) / FRAME)
    return np.concatenate([np.cos(angle), -np.sin(angle)]) * window


class Hiss(nn.Module):
    """Powers of the bands [B, T, bands] and draws [B, T, 512], N(0, 1) -> sound [B, T * 256]."""

    spread: Tensor
    waves: Tensor

    def __init__(self, bands: int, sample_rate: int) -> None:
        super().__init__()
        spread = torch.from_numpy(band_shapes(bands, sample_rate)).float()
        self.register_buffer("spread", spread, persistent=False)
        self.register_buffer("waves", torch.from_numpy(to_sound()).float(), persistent=False)

    def forward(
        self, powers: Tensor, draws: Tensor, before: Tensor, tail: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Also returns the next `before` [B, bands] (powers) and `tail` [B, 128] (sound)."""
        rows, hops = powers.shape[0], powers.shape[1]
        last = torch.cat([before[:, None], powers[:, : hops - 1]], dim=1)
        both = torch.stack([0.5 * (last + powers), powers], dim=2).reshape(rows, 2 * hops, -1)
        size = torch.sqrt(both @ self.spread + 1e-14)
        spectra = draws.reshape(rows, 2 * hops, 256) * torch.cat([size, size], dim=2)
        frames = spectra @ self.waves
        late = torch.cat([tail[:, None], frames[:, : 2 * hops - 1, 128:]], dim=1)
        y = (frames[:, :, :128] + late).reshape(rows, -1)
        return y, powers[:, hops - 1], frames[:, 2 * hops - 1, 128:]
