"""How far apart two sounds are, on spectra only: phase is free.

Training follows `spectral_loss`; the card reports `log_spectral_distance_db` and
`multiscale_distance`. All take audio [B, 1, T], already aligned in time.
"""

import torch
from torch import Tensor

SCALES = (256, 512, 1024, 2048, 4096)  # window lengths in frames: attacks to low pitches
SILENCE = 3e-4  # magnitude added before a logarithm, of a spectrum where a full sine gives ~0.5


def magnitudes(x: Tensor, window: int) -> Tensor:
    """Spectrum magnitudes [B, bins, steps], scaled so that a sine of amplitude 1 peaks near 0.5."""
    shape = torch.hann_window(window, dtype=x.dtype, device=x.device)
    spectrum = torch.stft(
        x[:, 0], window, window // 4, window=shape, center=False, return_complex=True
    )
    power = spectrum.real.square() + spectrum.imag.square()
    return torch.sqrt(power + 1e-14) / shape.sum()


def octave_weights(window: int, sample_rate: int, like: Tensor) -> Tensor:
    """Weights [bins, 1] of mean 1 that let every octave above 200 Hz count about alike."""
    freqs = torch.linspace(0, sample_rate / 2, window // 2 + 1, dtype=like.dtype)
    weights = 1 / (freqs + 200.0)
    return (weights / weights.mean())[:, None].to(like.device)


def spectral_loss(x: Tensor, y: Tensor, sample_rate: int, silence: float = SILENCE) -> Tensor:
    """Mean over the scales of a log-magnitude and a normalised magnitude distance (a scalar)."""
    total = x.new_zeros(())
    for window in SCALES:
        a, b = magnitudes(x, window), magnitudes(y, window)
        weights = octave_weights(window, sample_rate, a)
        log = (weights * (torch.log(a + silence) - torch.log(b + silence)).abs()).mean()
        # The 1e-2 keeps a nearly silent clip from shouting the others down.
        size = a.square().mean(dim=(1, 2)).sqrt()
        linear = ((a - b).square().mean(dim=(1, 2)) + 1e-12).sqrt() / (size + 1e-2 / window**0.5)
        total = total + log + linear.mean()
    return total / len(SCALES)


def loudness_db(x: Tensor, hop: int = 512, floor: float = 1e-4) -> Tensor:
    """RMS level [B, steps] in dB of windows of 4 hops, never below about 20 log10(floor)."""
    power = x[:, 0].square().unfold(1, 4 * hop, hop).mean(dim=2)
    return 10 * torch.log10(power + floor**2)


def levelled(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Both sounds, scaled by the one gain that brings the peak of x to 1."""
    size = x.abs().max().clamp(min=1e-6)
    return x / size, y / size


def log_spectral_distance_db(x: Tensor, y: Tensor, window: int = 2048) -> float:
    """RMS over bins of the difference in dB, then the mean over the steps in which x sounds.

    Magnitudes are floored 80 dB below a full sine; a step sounds if it holds a bin above -60 dB.
    """
    a, b = (20 * torch.log10(magnitudes(s, window).clamp(min=1e-4)) for s in levelled(x, y))
    sounding = a.amax(dim=1) > -60.0
    return float((a - b).square().mean(dim=1).sqrt()[sounding].mean())


def multiscale_distance(x: Tensor, y: Tensor) -> float:
    """A common yardstick: per scale ||A - B|| / ||A|| + mean |log A - log B|, summed over scales.

    Floored as above; no weights, so it does not favour what the training loss looks at.
    """
    total = 0.0
    for window in SCALES:
        a, b = (magnitudes(s, window).clamp(min=1e-4) for s in levelled(x, y))
        total += float((a - b).norm() / a.norm() + (a.log() - b.log()).abs().mean())
    return total


def centroid_hz(x: Tensor, sample_rate: int, window: int = 2048) -> float:
    """The power-weighted mean frequency of a sound, in Hz; 0 for silence."""
    power = magnitudes(x, window).square().sum(dim=(0, 2))
    freqs = torch.linspace(0, sample_rate / 2, window // 2 + 1)
    return float((freqs * power).sum() / (power.sum() + 1e-9))


def level_db(x: Tensor) -> float:
    """RMS level in dB of full scale; silence reads -120."""
    return float(10 * torch.log10(x.square().mean() + 1e-12))
