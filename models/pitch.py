"""The pitch of a sound, for measuring only: normalised autocorrelation (Boersma 1993)."""

import torch
from torch import Tensor

WINDOW = 4096  # frames
STEP = 1024
LOWEST_HZ, HIGHEST_HZ = 60.0, 2200.0
FINER = 4  # steps of the autocorrelation per frame: peaks of bright tones are a frame wide
CLEAR = 0.85  # of the autocorrelation at the period, 1 for a perfectly periodic sound
FAINT = 1e-5  # power below which there is no pitch


def pitch_hz(x: Tensor, sample_rate: int) -> Tensor:
    """The pitch [steps] of x [T] in Hz, in windows of 4096 every 1024; NaN where there is none."""
    frames = x.unfold(0, WINDOW, STEP) * torch.hann_window(WINDOW)
    shape = autocorrelation(torch.hann_window(WINDOW)[None])
    alike = autocorrelation(frames)
    first, last = int(FINER * sample_rate / HIGHEST_HZ), int(FINER * sample_rate / LOWEST_HZ)
    scaled = alike / alike[:, :1].clamp(min=1e-9) / (shape / shape[:, :1])
    inner = scaled[:, first - 1 : last + 2]
    peak = (inner[:, 1:-1] > inner[:, :-2]) & (inner[:, 1:-1] >= inner[:, 2:])
    # An octave too low is just as periodic: a longer period must be clearly better.
    cost = 0.01 * torch.log2(torch.arange(first, last + 1) / first)
    height, at = torch.where(peak, inner[:, 1:-1] - cost, -1.0).max(dim=1)
    middle = at[:, None] + torch.arange(3)
    a, b, c = inner.gather(1, middle).unbind(dim=1)
    period = first + at + 0.5 * (a - c) / (a - 2 * b + c).clamp(max=-1e-9)
    sounding = frames.square().mean(dim=1) > FAINT
    return torch.where((height > CLEAR) & sounding, FINER * sample_rate / period, torch.nan)


def autocorrelation(frames: Tensor) -> Tensor:
    """The autocorrelation [N, FINER * WINDOW] of frames [N, WINDOW], at `FINER` steps a frame."""
    length = 2 * frames.shape[1]
    power = torch.fft.rfft(frames, n=length).abs().square()
    found: Tensor = torch.fft.irfft(power, n=FINER * length)[:, : FINER * frames.shape[1]]
    return found


def cents(heard: Tensor, wanted: Tensor) -> Tensor:
    """The interval from `wanted` to `heard` in cents."""
    return 1200 * torch.log2(heard / wanted)
