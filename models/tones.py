"""A tuned ear and a tuned voice: filters that listen for 128 fixed tones, oscillators to play them.

The tones are the notes of equal temperament (A4 = 440 Hz) from A1 to F#6, then quarter tones up to
about 11 kHz, where harmonics stand closer than semitones. Fixed tones have three virtues here.
Their phases never depend on a network's output, so two runs cannot drift apart. Held latents give
a held sound, not a buzz at the hop rate. And chords need no pitch detector.
The price is said plainly: pitch comes out tempered, glides step from note to note.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.layers import overlap_add
from models.pqmf import modulated

TONES = 128
LOW_TONES = 58  # A1..F#6, all below the first band's upper edge
LOW_BANDS = (0, 2)
HIGH_BANDS = (1, 8)
LOW_TAPS = 256  # band samples: 85 ms at 48 kHz and 16 bands
HIGH_TAPS = 48  # 16 ms
CYCLES = 17.0  # the length of a tone's window: what it takes to tell a semitone apart
PHASE_GRID = 65536.0


def frequencies_hz() -> np.ndarray:
    """The tones [128] in Hz."""
    low = 440.0 * 2.0 ** ((np.arange(33, 33 + LOW_TONES) - 69) / 12)
    high = low[-1] * 2.0 ** (np.arange(1, TONES - LOW_TONES + 1) / 24)
    return np.concatenate([low, high])


def leaning_window(length: float, taps: int) -> np.ndarray:
    """A smooth bump [taps], oldest first, over the last `length` steps and leaning to the newest.

    sin^2 over a warped axis: the peak lies at a third of the length, not at half of it, so the ear
    answers sooner for the same width.
    """
    age = (np.arange(taps)[::-1] + 0.5) / length
    window = np.where(age < 1.0, np.sin(np.pi * np.clip(age, 0, 1) ** 0.6) ** 2, 0.0)
    return window / window.sum()


def tuned_filters(
    freqs_hz: np.ndarray, bands: tuple[int, int], taps: int, sample_rate: int, pqmf: np.ndarray
) -> Tensor:
    """Kernels [2 * tones, bands, taps] that read a tone's amplitude out of filter-bank bands.

    Real parts first, then imaginary. A sine of amplitude 1 at a tone's frequency gives it a
    magnitude of about 1, whatever share of it falls into each band.
    """
    count = pqmf.shape[0]
    chosen = pqmf[bands[0] : bands[1]]
    kernels = np.zeros((len(freqs_hz), chosen.shape[0], taps), dtype=complex)
    for i, freq in enumerate(freqs_hz):
        omega = 2 * math.pi * freq / sample_rate
        response = chosen @ np.exp(-1j * omega * np.arange(chosen.shape[1]))
        length = min(CYCLES / freq * sample_rate / count, taps)
        wave = leaning_window(length, taps) * np.exp(-1j * omega * count * np.arange(taps))
        power = float((np.abs(response) ** 2).sum())
        kernels[i] = 2 * np.conj(response)[:, None] * wave / power
    return torch.from_numpy(np.concatenate([kernels.real, kernels.imag])).float()


class TunedEar(nn.Module):
    """Bands [B, 16, hops * 16] -> squared amplitudes [B, 128, hops]; nothing here is learned."""

    low: Tensor
    high: Tensor

    def __init__(self, sample_rate: int, bands: int, taps: int, attenuation_db: float) -> None:
        super().__init__()
        pqmf, _ = modulated(bands, taps, attenuation_db)
        freqs = frequencies_hz()
        low = tuned_filters(freqs[:LOW_TONES], LOW_BANDS, LOW_TAPS, sample_rate, pqmf)
        high = tuned_filters(freqs[LOW_TONES:], HIGH_BANDS, HIGH_TAPS, sample_rate, pqmf)
        self.register_buffer("low", low, persistent=False)
        self.register_buffer("high", high, persistent=False)
        self.stride = bands

    def init_state(self, batch: int = 1) -> list[Tensor]:
        """The recent past of the low and of the high bands."""
        low, high = LOW_BANDS[1] - LOW_BANDS[0], HIGH_BANDS[1] - HIGH_BANDS[0]
        return [
            torch.zeros(batch, low, LOW_TAPS - self.stride),
            torch.zeros(batch, high, HIGH_TAPS - self.stride),
        ]

    def forward(self, bands: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        # LOW_BANDS and HIGH_BANDS, spelt out: TorchScript reads no globals.
        low = torch.cat([state[0], bands[:, 0:2]], dim=2)
        high = torch.cat([state[1], bands[:, 1:8]], dim=2)
        past = [
            low[:, :, low.shape[2] - state[0].shape[2] :],
            high[:, :, high.shape[2] - state[1].shape[2] :],
        ]
        low = F.conv1d(low, self.low, stride=self.stride)
        high = F.conv1d(high, self.high, stride=self.stride)
        low = low * low
        high = high * high
        half_low, half_high = low.shape[1] // 2, high.shape[1] // 2
        power = torch.cat(
            [
                low[:, :half_low] + low[:, half_low:],
                high[:, :half_high] + high[:, half_high:],
            ],
            dim=1,
        )
        return power, past


class TunedVoice(nn.Module):
    """Amplitudes [B, 128, hops] -> audio [B, 1, hops * hop]: every tone sounds all the time.

    Each hop plays two hops of every tone under a Hann window, which overlap into a smooth
    cross-fade. The state is a phase per tone (in turns, [B, 128, 1]) and the tail [B, 1, hop].
    """

    table: Tensor
    step: Tensor
    start: Tensor

    def __init__(self, sample_rate: int, hop: int) -> None:
        super().__init__()
        self.hop = hop
        freqs = frequencies_hz()
        turns = freqs * hop / sample_rate
        # Steps on a grid of 2^-16 turns (0.003 Hz) add up without rounding in float32: hours later
        # and for any block size the phases are the same.
        step = np.round((turns % 1.0) * PHASE_GRID) / PHASE_GRID
        exact_hz = (np.floor(turns) + step) * sample_rate / hop
        n = np.arange(2 * hop)
        window = 0.5 - 0.5 * np.cos(2 * math.pi * (n + 0.5) / (2 * hop))
        angle = 2 * math.pi * exact_hz[:, None] / sample_rate * n
        table = np.concatenate([window * np.cos(angle), -window * np.sin(angle)])[:, None]
        # Spread starting angles (golden ratio): all tones in step would be one great click.
        start = np.round((np.arange(TONES) ** 2 * 0.6180339887) % 1.0 * PHASE_GRID) / PHASE_GRID
        self.register_buffer("table", torch.from_numpy(table).float(), persistent=False)
        column = torch.from_numpy(step[:, None]).float()
        self.register_buffer("step", column, persistent=False)
        self.register_buffer("start", torch.from_numpy(start[:, None]).float(), persistent=False)

    def init_state(self, batch: int = 1) -> list[Tensor]:
        return [torch.zeros(batch, TONES, 1), torch.zeros(batch, 1, self.hop)]

    def forward(self, amplitudes: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        hops = amplitudes.shape[2]
        count = torch.arange(hops + 1, dtype=amplitudes.dtype, device=amplitudes.device)
        turns = state[0] + self.step * count
        turns = turns - torch.floor(turns)
        angle = (turns[:, :, :hops] + self.start) * (2 * math.pi)
        phasors = torch.cat([amplitudes * torch.cos(angle), amplitudes * torch.sin(angle)], dim=1)
        frames = F.conv_transpose1d(phasors, self.table, stride=self.hop)
        y, tail = overlap_add(frames, state[1])
        return y, [turns[:, :, hops:], tail]
