"""Scriptable spectrograms with torchaudio's argument names and no claim to its exact numbers."""

import torch
from torch import nn


def mel_filters(n_freqs: int, n_mels: int, sample_rate: int) -> torch.Tensor:
    """Return triangular filters `[n_mels, n_freqs]`, evenly spaced in mel from 0 to Nyquist."""
    top = 2595.0 * torch.log10(torch.tensor(1.0 + sample_rate / 2 / 700.0))
    corners = 700.0 * (10.0 ** (torch.linspace(0.0, float(top), n_mels + 2) / 2595.0) - 1.0)
    freqs = torch.linspace(0.0, sample_rate / 2, n_freqs)
    widths = corners.diff()
    rising = (freqs[None] - corners[:-2, None]) / widths[:-1, None]
    falling = (corners[2:, None] - freqs[None]) / widths[1:, None]
    return torch.minimum(rising, falling).clamp(min=0.0)


class Spectrogram(nn.Module):
    """Magnitude (to the power `power`) of a Hann-windowed, centred STFT.

    `[..., T]` → `[..., n_fft // 2 + 1, T // hop_length + 1]`.
    """

    def __init__(
        self,
        n_fft: int = 400,
        win_length: int | None = None,
        hop_length: int | None = None,
        power: float | None = 2.0,
        normalized: bool = False,
        **_ignored: object,
    ) -> None:
        super().__init__()
        self.n_fft = n_fft
        self.hop_length = hop_length or n_fft // 2
        self.power = 1.0 if power is None else float(power)
        window = torch.hann_window(win_length or n_fft)
        self.scale = float(window.pow(2).sum().rsqrt()) if normalized else 1.0
        self.register_buffer("window", window)

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        flat = waveform.reshape(-1, waveform.shape[-1])
        bins = torch.stft(
            flat,
            self.n_fft,
            self.hop_length,
            self.window.shape[0],
            self.window,
            center=True,
            pad_mode="reflect",
            return_complex=True,
        )
        magnitude = (bins.abs() * self.scale).pow(self.power)
        return magnitude.reshape(waveform.shape[:-1] + magnitude.shape[-2:])


class MelSpectrogram(nn.Module):
    """A `Spectrogram` through `n_mels` triangular filters: `[..., T]` → `[..., n_mels, frames]`."""

    def __init__(
        self,
        sample_rate: int = 16000,
        n_fft: int = 400,
        win_length: int | None = None,
        hop_length: int | None = None,
        n_mels: int = 128,
        power: float | None = 2.0,
        normalized: bool = False,
        **_ignored: object,
    ) -> None:
        super().__init__()
        self.spectrogram = Spectrogram(n_fft, win_length, hop_length, power, normalized)
        self.register_buffer("filters", mel_filters(n_fft // 2 + 1, n_mels, sample_rate))

    def forward(self, waveform: torch.Tensor) -> torch.Tensor:
        return torch.matmul(self.filters, self.spectrogram(waveform))


class MelScale(nn.Module):
    """Mel filters alone: `[..., n_fft // 2 + 1, frames]` → `[..., n_mels, frames]`."""

    def __init__(self, n_mels: int = 128, sample_rate: int = 16000, n_stft: int = 201) -> None:
        super().__init__()
        self.register_buffer("filters", mel_filters(n_stft, n_mels, sample_rate))

    def forward(self, specgram: torch.Tensor) -> torch.Tensor:
        return torch.matmul(self.filters, specgram)
