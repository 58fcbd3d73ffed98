"""What the tones should be doing: peaks of long spectra, looked up after the fact.

A spectral distance alone teaches the tones badly: one that has fallen silent gets no gradient back
(its amplitude is about exponential), and a few lucky tones end up standing in for their neighbours.
So training first shows every tone its target, read from windows centred on the moment that is to be
played. That needs the future and is far too slow for the box; only the training ever runs it.
"""

import torch
import torch.nn.functional as F
from scipy import signal
from torch import Tensor

from models.tones import frequencies_hz

EXPONENT = 2.3  # of `drift.gain`
AUDIBLE = 0.002  # amplitude of the strongest tone, below which a moment has no pitch to learn
# Above this frequency in Hz: thin out by, window in thinned frames, FFT length.
REGIONS = ((0.0, 16, 512, 4096), (400.0, 8, 512, 2048), (1500.0, 1, 2048, 4096))


def margin() -> int:
    """Frames of sound that the longest window needs on either side of its middle."""
    return max(thin * window // 2 for _, thin, window, _ in REGIONS) + 512


def tone_targets(x: Tensor, centres: Tensor, sample_rate: int) -> Tensor:
    """Amplitudes [B, 128, N] of the tones in x [B, 1, T] around the frames `centres` [N].

    Every spectral peak goes to the nearest tone. Centres must keep `margin` from both ends.
    """
    freqs = torch.from_numpy(frequencies_hz())
    middles = torch.sqrt(freqs[1:] * freqs[:-1])
    out = x.new_zeros(x.shape[0], len(freqs), len(centres))
    for i, (low, thin, window, length) in enumerate(REGIONS):
        high = REGIONS[i + 1][0] if i + 1 < len(REGIONS) else 12000.0
        chosen = torch.nonzero((freqs >= low) & (freqs < high))[:, 0]
        y = thinned(x, thin)
        begin = torch.div(centres, thin, rounding_mode="floor") - window // 2
        frames = y[:, 0][:, begin[:, None] + torch.arange(window)]
        shape = torch.blackman_window(window)
        spectrum = torch.fft.rfft(frames * shape, n=length).abs() * (2 / shape.sum())
        peak = F.max_pool1d(spectrum, 3, stride=1, padding=1) == spectrum
        bins = torch.arange(length // 2 + 1) * (sample_rate / thin / length)
        tone = torch.bucketize(bins.double(), middles)
        used = (tone >= chosen[0]) & (tone <= chosen[-1]) & (bins > freqs[0] * 0.97)
        heights = (spectrum * peak)[:, :, used].transpose(1, 2)
        index = tone[used][None, :, None].expand_as(heights)
        out.scatter_reduce_(1, index, heights, "amax")
    return out


def thinned(x: Tensor, thin: int) -> Tensor:
    """x [B, 1, T] at 1 / thin of its rate [B, 1, T / thin], low-passed without delay."""
    if thin == 1:
        return x
    taps = torch.from_numpy(signal.firwin(32 * thin + 1, 0.7 / thin)).float()
    return F.conv1d(x, taps[None, None], stride=thin, padding=16 * thin)


def tone_loss(logits: Tensor, amplitudes: Tensor) -> tuple[Tensor, Tensor]:
    """How far the tones' logits [B, 128, N] are from the wanted amplitudes 0..0.5 (two scalars).

    The first compares the shares of the tones in each sounding moment (cross-entropy): it is about
    pitch. The second compares every tone by itself in the domain of the sigmoid (cross-entropy
    again): it is about level. Neither gradient vanishes for a tone that has fallen silent.
    """
    target = (2 * amplitudes).clamp(0, 1) ** (1 / EXPONENT)
    level = F.binary_cross_entropy_with_logits(logits, target)
    sounding = (amplitudes.amax(dim=1) > AUDIBLE).to(logits.dtype)
    wanted = amplitudes / (amplitudes.sum(dim=1, keepdim=True) + 1e-6)
    shares = F.log_softmax(EXPONENT * F.logsigmoid(logits), dim=1)
    pitch = -((wanted * shares).sum(dim=1) * sounding).sum() / sounding.sum().clamp(min=1)
    return pitch, level
