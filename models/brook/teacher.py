"""What the partials should be doing: peaks of centred spectra, looked up after the fact.

Gradients of a spectral distance with respect to frequency are nearly useless, and a partial that
has fallen silent gets none back at all. So training first shows every place its target, read from
windows centred on the moment that is to be played. That needs the future and is far too slow for
the box; only the training ever runs it.

A peak counts as a tone as far as it stands out of its neighbourhood; what does not is hiss.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models.brook.grid import HISSING, REACH, centres_hz, gaps_hz

EXPONENT = 2.3  # of `net.gain`
AUDIBLE = 0.001  # amplitude of the strongest partial, below which a moment has no pitch to learn
REGIONS = ((0.0, 4096), (400.0, 2048))  # above this frequency in Hz: window in frames
MARGIN = 2048  # frames of sound that the longest window needs on either side of its middle
NEAR = 9  # bins on either side, of a spectrum padded to twice the window: the neighbourhood
TONE_DB = (9.0, 17.0)  # a peak this much over its neighbourhood is not a tone at all; is one wholly
BANDS = 16
FIRST_NOISY = 2  # of the bands; below it the hissing partials are finer
NOISE_POWER = 1 / 48  # of a noise band of gain 1: uniform draws, one band of sixteen
HISS_POWER = 2 / 9  # of a hissing partial of size 1: uniform draws, joined by straight lines


@dataclass(frozen=True)
class Targets:
    """For N moments: amplitudes [160, N], bends [160, N] (NaN: anything goes), hiss [96, N].

    `noise` [16, N] are the gains of the noise bands; those that hissing partials reach are 0.
    """

    amplitudes: Tensor
    bends: Tensor
    hiss: Tensor
    noise: Tensor


def targets(x: Tensor, centres: Tensor, sample_rate: int) -> Targets:
    """What partials should do for x [T] to sound at the frames `centres` [N].

    Centres must keep `MARGIN` from both ends.
    """
    middles, gaps = torch.from_numpy(centres_hz()), torch.from_numpy(gaps_hz())
    amplitudes = x.new_zeros(len(centres), len(middles))
    bends = x.new_full((len(centres), len(middles)), float("nan"))
    hiss = x.new_zeros(len(centres), HISSING)
    noise = x.new_zeros(len(centres), BANDS)
    for i, (low, window) in enumerate(REGIONS):
        high = REGIONS[i + 1][0] if i + 1 < len(REGIONS) else 1e9
        chosen = torch.nonzero((middles >= low) & (middles < high))[:, 0]
        spectrum = windowed(x, centres, window)
        heights, freqs, tonal = peaks(spectrum, sample_rate / (2 * window))
        bins = torch.arange(spectrum.shape[1]) * (sample_rate / (2 * window))
        for k in chosen.tolist():
            middle, gap = float(middles[k]), float(gaps[k])
            near = slice(
                int(torch.searchsorted(bins, middle - REACH * gap)),
                int(torch.searchsorted(bins, middle + REACH * gap)) + 1,
            )
            height, at = (heights[:, near] * tonal[:, near]).max(dim=1)
            where = freqs[:, near].gather(1, at[:, None])[:, 0]
            lean = (where - middle) / gap
            found = height > 1e-5
            bends[:, k] = torch.where(found, (lean / REACH).clamp(-1, 1), bends[:, k])
            amplitudes[:, k] = torch.where(found & (lean.abs() <= 0.5), height, 0.0)
            if k < HISSING:
                inside = slice(
                    int(torch.searchsorted(bins, middle - 0.5 * gap)),
                    int(torch.searchsorted(bins, middle + 0.5 * gap)) + 1,
                )
                width = gap / (sample_rate / (2 * window))
                rest = (spectrum[:, inside] * (1 - tonal[:, inside])).square().mean(dim=1)
                # A sine of amplitude 1 has power 1/2 and fills six halves of it in padded bins.
                hiss[:, k] = (rest * width / 6 / HISS_POWER).sqrt()
        rest = (spectrum[:, :-1] * (1 - tonal[:, :-1])).square()
        for band in range(FIRST_NOISY, BANDS):
            inside = slice(band * 2 * window // (2 * BANDS), (band + 1) * 2 * window // (2 * BANDS))
            noise[:, band] = (rest[:, inside].sum(dim=1) / 6 / NOISE_POWER).sqrt()
    return Targets(amplitudes.T, bends.T, hiss.T, noise.T)


def windowed(x: Tensor, centres: Tensor, window: int) -> Tensor:
    """Magnitudes [N, window + 1] of windows around `centres`; a sine of amplitude 1 peaks at 1."""
    begin = centres - window // 2
    frames = x[begin[:, None] + torch.arange(window)]
    shape = torch.hann_window(window)
    return torch.fft.rfft(frames * shape, n=2 * window).abs() * (2 / shape.sum())


def peaks(spectrum: Tensor, bin_hz: float) -> tuple[Tensor, Tensor, Tensor]:
    """Heights at peaks (0 elsewhere), exact frequencies in Hz, tonality 0..1; all [N, bins].

    Frequencies by a parabola through the logarithms of three bins (Smith and Serra 1987).
    """
    log = torch.log(spectrum + 1e-9)
    left, right = F.pad(log, (1, 0))[:, :-1], F.pad(log, (0, 1))[:, 1:]
    peak = (log > left) & (log >= right)
    bow = left - 2 * log + right
    offset = (0.5 * (left - right) / torch.where(bow.abs() < 1e-9, -1.0, bow)).clamp(-0.5, 0.5)
    offset = torch.where(peak, offset, 0.0)
    freqs = (torch.arange(spectrum.shape[1]) + offset) * bin_hz
    around = F.avg_pool1d(log[:, None], 2 * NEAR + 1, 1, NEAR, count_include_pad=False)[:, 0]
    over_db = (log - around) * (20 / np.log(10))
    low, high = TONE_DB
    at_peak = torch.where(peak, ((over_db - low) / (high - low)).clamp(0, 1), 0.0)
    # Tones last: the middle of three moments decides, so a stray peak of noise is none.
    steady = at_peak_over_time(at_peak)
    # The whole lobe of a peak is as tonal as the peak, so it is not counted as hiss.
    tonal = F.max_pool1d(steady[:, None], 9, 1, 4)[:, 0]
    return spectrum * peak, freqs, tonal


def at_peak_over_time(tonality: Tensor) -> Tensor:
    """The median [N, bins] of three moments of the strongest tonality within two bins."""
    wide = F.max_pool1d(tonality[:, None], 5, 1, 2)[:, 0]
    before, after = torch.cat([wide[:1], wide[:-1]]), torch.cat([wide[1:], wide[-1:]])
    return torch.stack([before, wide, after]).median(dim=0).values


def share_of(amplitude: Tensor) -> Tensor:
    """Amplitudes 0..0.5 -> what the sigmoid of a logit should be, 0..1."""
    return (2 * amplitude).clamp(0, 1) ** (1 / EXPONENT)


def teaching(heads: list[Tensor], wanted: Targets) -> dict[str, Tensor]:
    """How far strengths, bends and hisses [B, n, N] are from targets [B, n, N] (scalars).

    pitch: shares of the partials in each sounding moment (cross-entropy); tones, hiss and noise:
    each by itself in the domain of the sigmoid. None of these gradients vanishes for what has
    fallen silent.
    bend: distance of the bends, weighted by how much of the moment the partial is.
    """
    strengths, bends, hisses = heads[0], torch.tanh(heads[1]), heads[2]
    amplitudes = wanted.amplitudes
    sounding = (amplitudes.amax(dim=1) > AUDIBLE).to(strengths.dtype)
    shares = amplitudes / (amplitudes.sum(dim=1, keepdim=True) + 1e-6)
    guessed = F.log_softmax(EXPONENT * F.logsigmoid(strengths), dim=1)
    count = sounding.sum().clamp(min=1)
    aimed = torch.isfinite(wanted.bends)
    # Square roots: the softer partials must be in tune, too.
    spread = F.max_pool1d(amplitudes.transpose(1, 2), 3, 1, 1).transpose(1, 2).sqrt() * aimed
    weight = spread / (spread.sum(dim=1, keepdim=True) + 1e-3)
    miss = F.smooth_l1_loss(bends, torch.nan_to_num(wanted.bends), reduction="none", beta=0.1)
    return {
        "pitch": -((shares * guessed).sum(dim=1) * sounding).sum() / count,
        "tones": F.binary_cross_entropy_with_logits(strengths, share_of(amplitudes)),
        "hiss": F.binary_cross_entropy_with_logits(hisses, share_of(wanted.hiss)),
        "bend": (weight * miss).sum(dim=1).mean(),
        "noise": F.binary_cross_entropy_with_logits(
            by_band(heads[3])[:, FIRST_NOISY:],
            share_of(0.5 * wanted.noise[:, FIRST_NOISY:])[:, :, None].expand(
                -1, -1, heads[3].shape[1] // BANDS, -1
            ),
        ),
    }


def by_band(gains: Tensor) -> Tensor:
    """[B, 16 * slots, N] -> [B, 16, slots, N]."""
    return gains.reshape(gains.shape[0], BANDS, -1, gains.shape[2])
