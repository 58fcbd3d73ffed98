"""brook: a causal autoencoder that hears gliding partials and noise in sound, and plays them.

    audio 512 ─ ear: 768 numbers ─ 1x1 ─ 3 residuals ─ 1x1 ─ 16 latents

    16 latents ─ 1x1 ─ 4 residuals ─┬─ 160 strengths and bends, 96 hisses ─ partials ─ swell ─┐
                                    └─ 16 bands x 16 gains · noise ─ PQMF inverse ───────────┴─ tanh

All that is learned runs once per hop, 93.75 times a second at 48 kHz. What runs at the rate of
sound is fixed: a filter bank, and partials that cost one matrix product (see `partials`). It is
spectral modelling (Serra and Smith 1990) steered by a network as in DDSP (Engel et al. 2020), with
the phase kept by the instrument, not by the latents: a held latent is a held sound of any pitch,
which a decoder without memory of phase cannot play.
All memory is an argument: `encode(x, state)`, `decode(z, noise, state)`.
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from models.brook.ear import FEATURES, Ear
from models.brook.grid import HISSING, PARTIALS
from models.brook.partials import SLOTS, Partials
from models.layers import SLOPE, Residual
from models.pqmf import Synthesis


@dataclass(frozen=True)
class BrookConfig:
    """Sizes; the defaults are the shipped instrument."""

    sample_rate: int = 48000  # Hz
    hop: int = 512  # frames per latent step
    bands: int = 16
    taps: int = 257  # of the filter bank
    attenuation_db: float = 80.0
    encoder_channels: int = 128
    decoder_channels: int = 208
    latent_size: int = 16
    encoder_dilations: tuple[int, ...] = (1, 2, 4)  # steps
    decoder_dilations: tuple[int, ...] = (1, 2, 4, 8)
    delay: int = 768  # frames from input to output, which the loss asks for (16 ms)

    @property
    def draw_shape(self) -> tuple[int, int]:
        """Random numbers that decoding takes: two a hissing partial, one a band sample; per hop."""
        return 2 * HISSING + self.hop, 1


def gain(x: Tensor) -> Tensor:
    """From any number to an amplitude in 0..1, about logarithmic below: sigmoid(x)^2.3."""
    return torch.sigmoid(x).pow(2.3)


class Trunk(nn.Module):
    """x [B, inputs, hops] -> [B, channels, hops], over the last hops."""

    def __init__(self, inputs: int, channels: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.enter = nn.Conv1d(inputs, channels, 1)
        self.units = nn.ModuleList(Residual(channels, d) for d in dilations)
        self.act = nn.LeakyReLU(SLOPE)

    def init_state(self, batch: int = 1) -> list[Tensor]:
        return [cast(Residual, unit).init_state(batch) for unit in self.units]

    def forward(self, x: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        y = self.enter(x)
        after: list[Tensor] = []
        for i, unit in enumerate(self.units):
            y, memory = unit(y, state[i])
            after.append(memory)
        return self.act(y), after


class Encoder(nn.Module):
    """x [B, 1, hops * 512] -> latents [B, 16, hops]."""

    def __init__(self, config: BrookConfig) -> None:
        super().__init__()
        self.ear = Ear(
            config.sample_rate, config.hop, config.bands, config.taps, config.attenuation_db
        )
        self.trunk = Trunk(FEATURES, config.encoder_channels, config.encoder_dilations)
        self.leave = nn.Conv1d(config.encoder_channels, config.latent_size, 1)

    def init_state(self, batch: int = 1) -> list[Tensor]:
        return [*self.ear.init_state(batch), *self.trunk.init_state(batch)]

    def code(
        self, powers: Tensor, turns: Tensor, memories: list[Tensor]
    ) -> tuple[Tensor, list[Tensor]]:
        """What the ear heard -> latents [B, 16, hops]."""
        y, memories = self.trunk(self.ear.features(powers, turns), memories)
        return self.leave(y), memories

    def forward(self, x: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        powers, turns, heard = self.ear(x, state[:3])
        z, memories = self.code(powers, turns, state[3:])
        return z, heard + memories


class Decoder(nn.Module):
    """Latents [B, 16, hops] and noise [B, 704, hops] in -1..1 -> audio [B, 1, hops * 512]."""

    def __init__(self, config: BrookConfig) -> None:
        super().__init__()
        channels = config.decoder_channels
        self.hop, self.bands, self.hissing = config.hop, config.bands, HISSING
        self.slots = SLOTS
        self.per_slot = config.hop // config.bands // SLOTS  # band samples
        self.trunk = Trunk(config.latent_size, channels, config.decoder_dilations)
        self.strengths = nn.Conv1d(channels, PARTIALS, 1)
        self.bends = nn.Conv1d(channels, PARTIALS, 1)
        self.hisses = nn.Conv1d(channels, HISSING, 1)
        self.noises = nn.Conv1d(channels, config.bands * SLOTS, 1)
        self.swells = nn.Conv1d(channels, SLOTS, 1)
        self.partials = Partials(config.sample_rate, config.hop)
        self.synthesis = Synthesis(config.bands, config.taps, config.attenuation_db)
        # Begin quiet: learning to add sound is easier than learning to take a roar away.
        for layer in (self.strengths, self.hisses, self.noises):
            assert layer.bias is not None
            nn.init.constant_(layer.bias, -2.0)

    def init_state(self, batch: int = 1) -> list[Tensor]:
        return [
            *self.partials.init_state(batch),
            self.synthesis.init_state(batch),
            torch.zeros(batch, 1, 1),
            *self.trunk.init_state(batch),
        ]

    def steer(self, z: Tensor, memories: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Latents -> [strengths, bends, hisses, noises, swells], all [B, n, hops], as logits."""
        y, memories = self.trunk(z, memories)
        heads = [self.strengths(y), self.bends(y), self.hisses(y), self.noises(y), self.swells(y)]
        return heads, memories

    def opened(self, heads: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """The amplitudes, bends and hisses of partials, out of their logits."""
        return 0.5 * gain(heads[0]), torch.tanh(heads[1]), 0.5 * gain(heads[2])

    def render(
        self, heads: list[Tensor], noise: Tensor, state: list[Tensor]
    ) -> tuple[Tensor, list[Tensor]]:
        """What `steer` gave, and noise -> audio [B, 1, hops * 512]."""
        batch, hops = noise.shape[0], noise.shape[2]
        amplitudes, bends, hiss = self.opened(heads)
        sung, partials = self.partials(
            amplitudes,
            bends,
            hiss,
            noise[:, : 2 * self.hissing],
            2.0 * torch.sigmoid(heads[4]),
            state[:5],
        )
        # [B, 16 * slots, hops] -> [B, 16, hops * slots * per_slot]; and the noise alike
        gains = gain(heads[3]).reshape(batch, self.bands, self.slots, 1, hops)
        wide = noise[:, 2 * self.hissing :]
        wide = wide.reshape(batch, self.bands, self.slots, self.per_slot, hops)
        bands = (gains * wide).permute(0, 1, 4, 2, 3).reshape(batch, self.bands, -1)
        # Only the lowest band reaches 0 Hz. The difference of neighbours has nothing there.
        low = torch.cat([state[6], bands[:, :1]], dim=2)
        bands = torch.cat([0.7 * (low[:, :, 1:] - low[:, :, :-1]), bands[:, 1:]], dim=1)
        breath, past = self.synthesis(bands, state[5])
        last = low[:, :, low.shape[2] - 1 :]
        return torch.tanh(sung + breath), partials + [past, last]  # noqa: RUF005

    def forward(self, z: Tensor, noise: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        heads, memories = self.steer(z, state[7:])
        y, played = self.render(heads, noise, state[:7])
        return y, played + memories


class Brook(nn.Module):
    """The encoder and the decoder side by side; the state of each is a list of tensors."""

    def __init__(self, config: BrookConfig | None = None) -> None:
        super().__init__()
        self.config = config or BrookConfig()
        self.encoder = Encoder(self.config)
        self.decoder = Decoder(self.config)

    def noise(self, hops: int, batch: int = 1, seed: int | None = None) -> Tensor:
        """Noise [batch, 704, hops], uniform in -1..1, for `hops` latent steps."""
        source = None if seed is None else torch.Generator().manual_seed(seed)
        return torch.rand((batch, self.config.draw_shape[0], hops), generator=source) * 2 - 1

    def encode(self, x: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """x [B, 1, hops * 512] -> latents [B, 16, hops]."""
        result: tuple[Tensor, list[Tensor]] = self.encoder(x, state)
        return result

    def decode(self, z: Tensor, noise: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Latents [B, 16, hops], noise [B, 704, hops] -> audio [B, 1, hops * 512]."""
        result: tuple[Tensor, list[Tensor]] = self.decoder(z, noise, state)
        return result
