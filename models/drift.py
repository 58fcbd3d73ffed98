"""drift: a small causal autoencoder that hears sound as tones and noise and plays it back so.

    audio 256 ─ PQMF 16 ─┬─ 128 tuned filters ─┐
                         └─ 64 band energies ──┴─ log ─ 1x1 ─ 3 residuals ─ 1x1 ─ 8 latents

    8 latents ─ 1x1 ─ 4 residuals ─┬─ 1x1 ─ 128 tone amplitudes ─ oscillators ───────┐
                                   └─ x16 ─ 16 noise gains · noise ─ PQMF inverse ───┴─ tanh ─ 256

The network runs once per hop (187.5 times a second at 48 kHz); only the fixed filter bank and
oscillators run faster. Oscillators and noise are the sines-plus-noise model of Serra and Smith
(1990), steered by a network as in DDSP (Engel et al. 2020), but on fixed tones (see `tones`).
All memory is an argument: `encode(x, state)`, `decode(z, noise, state)`.
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from models.layers import SLOPE, CausalUpsample, Residual
from models.pqmf import Analysis, Synthesis
from models.tones import TONES, TunedEar, TunedVoice

SLICES = 4  # energies are measured this many times per hop, for attacks
# Power that counts as silence, -70 dB. Lower, and rounding in the filters shows in the latents.
FLOOR = 1e-7


@dataclass(frozen=True)
class DriftConfig:
    """Sizes; the defaults are the shipped instrument."""

    sample_rate: int = 48000  # Hz
    hop: int = 256  # frames per latent step
    bands: int = 16
    taps: int = 257  # of the filter bank
    attenuation_db: float = 80.0
    channels: int = 96
    latent_size: int = 8
    encoder_dilations: tuple[int, ...] = (1, 2, 4)  # steps
    decoder_dilations: tuple[int, ...] = (1, 2, 4, 8)
    delay: int = 384  # frames from input to output, which the loss asks for (8 ms)

    @property
    def draw_shape(self) -> tuple[int, int]:
        """Rows of random numbers that decoding takes, and how many of each per hop."""
        return self.bands, self.hop // self.bands


def gain(x: Tensor) -> Tensor:
    """From any number to an amplitude in 0..1, about logarithmic below: sigmoid(x)^2.3."""
    return torch.sigmoid(x).pow(2.3)


class Encoder(nn.Module):
    """x [B, 1, hops * 256] -> latents [B, 8, hops]."""

    def __init__(self, config: DriftConfig) -> None:
        super().__init__()
        self.bands = config.bands
        self.slice_length = config.hop // config.bands // SLICES
        self.analysis = Analysis(config.bands, config.taps, config.attenuation_db)
        self.ear = TunedEar(config.sample_rate, config.bands, config.taps, config.attenuation_db)
        self.enter = nn.Conv1d(TONES + config.bands * SLICES, config.channels, 1)
        self.units = nn.ModuleList(Residual(config.channels, d) for d in config.encoder_dilations)
        self.leave = nn.Conv1d(config.channels, config.latent_size, 1)
        self.act = nn.LeakyReLU(SLOPE)
        self.floor = FLOOR

    def init_state(self, batch: int = 1) -> list[Tensor]:
        units = [cast(Residual, unit).init_state(batch) for unit in self.units]
        return [self.analysis.init_state(batch), *self.ear.init_state(batch), *units]

    def listen(self, x: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """x -> what the fixed filters hear, log-scaled [B, 192, hops]; nothing here is learned."""
        bands, past = self.analysis(x, state[0])
        tones, ears = self.ear(bands, state[1:3])
        # [B, 16, hops * 16] -> mean squares [B, 16 * 4, hops], four slices of each band per hop
        hops = tones.shape[2]
        sliced = (bands * bands).reshape(
            bands.shape[0], self.bands, hops, bands.shape[2] // hops // self.slice_length, -1
        )
        energies = sliced.mean(dim=4).permute(0, 1, 3, 2).reshape(bands.shape[0], -1, hops)
        heard = torch.cat([tones, energies], dim=1)
        # -70..0 dB becomes -1..2.5: a network likes numbers of that size
        return (torch.log10(heard + self.floor) + 5.0) * 0.5, [past, ears[0], ears[1]]

    def code(self, heard: Tensor, memories: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """What `listen` gave -> latents [B, 8, hops]."""
        y = self.enter(heard)
        after: list[Tensor] = []
        for i, unit in enumerate(self.units):
            y, memory = unit(y, memories[i])
            after.append(memory)
        return self.leave(self.act(y)), after

    def forward(self, x: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        heard, past = self.listen(x, state[:3])
        z, memories = self.code(heard, state[3:])
        return z, past + memories


class Decoder(nn.Module):
    """Latents [B, 8, hops] and noise [B, 16, hops * 16] in -1..1 -> audio [B, 1, hops * 256]."""

    def __init__(self, config: DriftConfig) -> None:
        super().__init__()
        self.enter = nn.Conv1d(config.latent_size, config.channels, 1)
        self.units = nn.ModuleList(Residual(config.channels, d) for d in config.decoder_dilations)
        self.tone_gains = nn.Conv1d(config.channels, TONES, 1)
        self.noise_gains = CausalUpsample(config.channels, config.bands, config.hop // config.bands)
        self.voice = TunedVoice(config.sample_rate, config.hop)
        self.synthesis = Synthesis(config.bands, config.taps, config.attenuation_db)
        self.act = nn.LeakyReLU(SLOPE)
        # Begin quiet: learning to add sound is easier than learning to take a roar away.
        nn.init.constant_(self.tone_gains.bias, -2.0)  # type: ignore[arg-type]
        nn.init.constant_(self.noise_gains.bias, -2.0)

    def init_state(self, batch: int = 1) -> list[Tensor]:
        return [
            self.noise_gains.init_state(batch),
            *self.voice.init_state(batch),
            self.synthesis.init_state(batch),
            torch.zeros(batch, 1, 1),
            *[cast(Residual, unit).init_state(batch) for unit in self.units],
        ]

    def steer(
        self, z: Tensor, tail: Tensor, memories: list[Tensor]
    ) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
        """Latents -> the tones [B, 128, hops] and noise bands [B, 16, hops * 16] before `gain`."""
        y = self.enter(z)
        after: list[Tensor] = []
        for i, unit in enumerate(self.units):
            y, memory = unit(y, memories[i])
            after.append(memory)
        y = self.act(y)
        noise, tail = self.noise_gains(y, tail)
        return self.tone_gains(y), noise, tail, after

    def render(
        self, tones: Tensor, bands: Tensor, noise: Tensor, state: list[Tensor]
    ) -> tuple[Tensor, list[Tensor]]:
        """What `steer` gave, and noise -> audio [B, 1, hops * 256]."""
        sung, voice = self.voice(0.5 * gain(tones), state[:2])
        bands = noise * gain(bands)
        # Only the lowest band reaches 0 Hz. The difference of neighbours has nothing there.
        low = torch.cat([state[3], bands[:, :1]], dim=2)
        bands = torch.cat([0.7 * (low[:, :, 1:] - low[:, :, :-1]), bands[:, 1:]], dim=1)
        breath, past = self.synthesis(bands, state[2])
        after = [voice[0], voice[1], past, low[:, :, low.shape[2] - 1 :]]
        return torch.tanh(sung + breath), after

    def forward(self, z: Tensor, noise: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        tones, bands, tail, memories = self.steer(z, state[0], state[5:])
        y, after = self.render(tones, bands, noise, state[1:5])
        return y, [tail] + after + memories  # noqa: RUF005  TorchScript has no unpacking


class Drift(nn.Module):
    """The encoder and the decoder side by side; the state of each is a list of tensors."""

    def __init__(self, config: DriftConfig | None = None) -> None:
        super().__init__()
        self.config = config or DriftConfig()
        self.encoder = Encoder(self.config)
        self.decoder = Decoder(self.config)

    def noise(self, hops: int, batch: int = 1, seed: int | None = None) -> Tensor:
        """Noise [batch, 16, hops * 16], uniform in -1..1, for `hops` latent steps."""
        source = None if seed is None else torch.Generator().manual_seed(seed)
        shape = (batch, self.config.bands, hops * self.config.hop // self.config.bands)
        return torch.rand(shape, generator=source) * 2 - 1

    def encode(self, x: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """x [B, 1, hops * 256] -> latents [B, 8, hops]."""
        result: tuple[Tensor, list[Tensor]] = self.encoder(x, state)
        return result

    def decode(self, z: Tensor, noise: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Latents [B, 8, hops], noise [B, 16, hops * 16] -> audio [B, 1, hops * 256]."""
        result: tuple[Tensor, list[Tensor]] = self.decoder(z, noise, state)
        return result
