"""A pseudo-quadrature mirror filter bank: one signal in, `bands` slower signals out, and back.

The design is the classic cosine-modulated bank (Rothweiler 1983; Vaidyanathan, "Multirate Systems
and Filter Banks", ch. 8): one Kaiser low-pass prototype, shifted to the middle of each band. It is
*near* perfect: neighbouring bands cancel each other's aliases, what remains lies at the stop band.

    analysis   x [B, 1, T]              -> bands [B, N, T / N]     state [B, 1, taps - N]
    synthesis  bands [B, N, T / N]      -> y [B, 1, T]             state [B, N, (taps - 1) / N]

There and back is a pure delay of `taps - N` frames. T must be a multiple of N.
"""

import math
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from scipy import optimize, signal
from torch import Tensor, nn


@cache
def prototype(bands: int, taps: int, attenuation_db: float) -> np.ndarray:
    """The low-pass filter [taps] whose shifted copies add up flat.

    A half-band condition in disguise: the prototype's autocorrelation must vanish at every other
    multiple of 2 * bands. A Kaiser window leaves one knob, the cut-off, and this turns it.
    """
    beta = signal.kaiser_beta(attenuation_db)

    def low_pass(cutoff: float) -> np.ndarray:
        return np.asarray(signal.firwin(taps, cutoff, window=("kaiser", beta)))

    def ripple(cutoff: float) -> float:
        h = low_pass(cutoff)
        correlation = np.convolve(h, h[::-1])[taps - 1 :: 2 * bands]
        return float(np.abs(correlation[1:]).max() / correlation[0])

    # The cut-off lies near the band's half width, 0.5 / bands (1 is the Nyquist frequency).
    # The maximum over lags has kinks, so look on a grid before closing in.
    grid = np.linspace(0.45 / bands, 0.7 / bands, 101)
    best = float(grid[np.argmin([ripple(float(c)) for c in grid])])
    step = float(grid[1] - grid[0])
    found = optimize.minimize_scalar(
        ripple, bounds=(best - step, best + step), method="bounded", options={"xatol": 1e-9}
    )
    return low_pass(float(found.x))


def modulated(bands: int, taps: int, attenuation_db: float) -> tuple[np.ndarray, np.ndarray]:
    """Analysis and synthesis filters, both [bands, taps], scaled for unit gain there and back."""
    h = prototype(bands, taps, attenuation_db)
    n = np.arange(taps) - (taps - 1) / 2
    k = np.arange(bands)[:, None]
    carrier = (2 * k + 1) * math.pi / (2 * bands) * n
    twist = (-1.0) ** k * math.pi / 4  # opposite twists make neighbours' aliases cancel
    scale = math.sqrt(bands)  # shared between the two sides, so each band keeps its level
    return 2 * scale * h * np.cos(carrier + twist), 2 * scale * h * np.cos(carrier - twist)


class Analysis(nn.Module):
    """x [B, 1, T] -> bands [B, N, T / N]."""

    weight: Tensor

    def __init__(self, bands: int = 16, taps: int = 257, attenuation_db: float = 80.0) -> None:
        super().__init__()
        if (taps - 1) % bands:
            raise ValueError(f"taps is {taps}; taps - 1 must be a multiple of the {bands} bands")
        self.bands = bands
        self.context = taps - bands
        analysis, _ = modulated(bands, taps, attenuation_db)
        weight = torch.from_numpy(analysis[:, None, ::-1].copy()).float()
        self.register_buffer("weight", weight, persistent=False)

    def init_state(self, batch: int = 1) -> Tensor:
        return torch.zeros(batch, 1, self.context)

    def forward(self, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        x = torch.cat([past, x], dim=2)
        return F.conv1d(x, self.weight, stride=self.bands), x[:, :, x.shape[2] - self.context :]


class Synthesis(nn.Module):
    """bands [B, N, M] -> y [B, 1, M * N].

    Polyphase form: each of the N frames which one set of band samples completes is an ordinary
    convolution over the bands' recent past, and the N results are laid side by side.
    """

    weight: Tensor

    def __init__(self, bands: int = 16, taps: int = 257, attenuation_db: float = 80.0) -> None:
        super().__init__()
        self.bands = bands
        self.context = (taps - 1) // bands
        _, synthesis = modulated(bands, taps, attenuation_db)
        rows = np.zeros((bands, (self.context + 1) * bands))
        rows[:, :taps] = synthesis
        # [band, age, phase] -> [phase, band, oldest first]
        polyphase = rows.reshape(bands, self.context + 1, bands).transpose(2, 0, 1)[:, :, ::-1]
        self.register_buffer("weight", torch.from_numpy(polyphase.copy()).float(), persistent=False)

    def init_state(self, batch: int = 1) -> Tensor:
        return torch.zeros(batch, self.bands, self.context)

    def forward(self, bands: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        bands = torch.cat([past, bands], dim=2)
        phases = F.conv1d(bands, self.weight)
        y = phases.transpose(1, 2).reshape(phases.shape[0], 1, phases.shape[2] * self.bands)
        return y, bands[:, :, bands.shape[2] - self.context :]
