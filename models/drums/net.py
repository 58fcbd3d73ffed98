"""hail: a variational autoencoder of drum shots that speaks in parts, not in samples.

    features 1200 ─ 192 ─ 96 ─┬─ mean, log variance of 16 latents (Kingma and Welling 2014)
                              └─ 7 classes
    16 latents ─ 128 ─ 256 ─ the 1272 numbers that `play` renders
    class ─ where its latents lie: six clouds, each with a mean, a spread and a share

The class is in the latents, not beside them: mixing a kick with a hat is adding latents, and going
from one class to another passes through what lies between. SampleVAE's functions (generate, vary,
combine with weights, find similar, predict) with a synthesiser in the place of Griffin and Lim:
what it plays is at 48 kHz and has an attack of a sample, whatever was learned.
"""

import torch
from torch import Tensor, nn

from models.drums.grid import (
    BANDS,
    BODY_DB,
    BODY_OCTAVES,
    FEATURES,
    MODE_DB,
    MODE_DECAY,
    MODE_PLACE,
    NOISE_DB,
    SIZE,
    TIMES,
)
from models.drums.shots import CLASSES

LATENTS = 16
CLOUDS = 6
"""Of each class: a cowbell and a shaker are both percussion, and what lies between is neither."""


def scales() -> tuple[Tensor, Tensor]:
    """Offset and size [SIZE] of every number: what the network gives is about -1..1."""
    offset, size = torch.zeros(SIZE), torch.ones(SIZE)
    for where, middle, half in (
        (BODY_DB, -40.0, 40.0),
        (BODY_OCTAVES, 2.0, 2.0),
        (MODE_PLACE, 0.5, 0.5),
        (MODE_DB, -40.0, 40.0),
        (MODE_DECAY, -1.0, 1.5),
        (NOISE_DB, -40.0, 40.0),
    ):
        offset[where], size[where] = middle, half
    return offset, size


class Encoder(nn.Module):
    """Features [B, FEATURES] to mean and log variance [B, 16] and class logits [B, 7]."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(FEATURES, 192), nn.SiLU(), nn.Linear(192, 96), nn.SiLU()
        )
        self.latent = nn.Linear(96, 2 * LATENTS)
        self.kind = nn.Linear(96, len(CLASSES))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        seen = self.trunk(features)
        mean, log_variance = self.latent(seen).chunk(2, dim=1)
        return mean, log_variance.clamp(-8.0, 2.0), self.kind(seen)


class Decoder(nn.Module):
    """Latents [B, 16] to numbers [B, SIZE], in their units."""

    offset: Tensor
    size: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Linear(LATENTS, 128), nn.SiLU(), nn.Linear(128, 256), nn.SiLU()
        )
        self.out = nn.Linear(256, SIZE)
        offset, size = scales()
        self.register_buffer("offset", offset, persistent=False)
        self.register_buffer("size", size, persistent=False)

    def forward(self, latent: Tensor) -> Tensor:
        return self.offset + self.size * self.out(self.trunk(latent)).clamp(-1.05, 1.25)


class Hail(nn.Module):
    """Both, and where each class lies."""

    clouds: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()
        self.prior_mean = nn.Parameter(torch.randn(len(CLASSES), LATENTS) * 0.5)
        self.prior_log_variance = nn.Parameter(torch.zeros(len(CLASSES), LATENTS))
        self.register_buffer("clouds", torch.zeros(len(CLASSES), CLOUDS * (2 * LATENTS + 1)))

    def encode(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Latents [B, 16] and the probabilities [B, 7] of the classes."""
        mean, _, kind = self.encoder(features)
        return mean, torch.softmax(kind, dim=1)

    def decode(self, latent: Tensor) -> Tensor:
        """Numbers [B, SIZE]."""
        return self.decoder(latent)

    def prior(self, kind: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and spread [B, 16] that training pulls classes to, given as weights [B, 7]."""
        return kind @ self.prior_mean, torch.exp(0.5 * kind @ self.prior_log_variance)

    def where(self, kind: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Where a class [1, 7] lies: means and spreads [1, 6 * 16] of its clouds, shares [1, 6]."""
        means, spreads, shares = (kind @ self.clouds).split(
            [CLOUDS * LATENTS, CLOUDS * LATENTS, CLOUDS], dim=1
        )
        return means, spreads, shares


def distance(made: Tensor, wanted: Tensor) -> Tensor:
    """How far numbers [B, SIZE] are from what was wanted: a scalar.

    Levels count in decibels, the loud more than the soft; pitch and decay count where they sound.
    """
    made_body, body = made[:, BODY_DB], wanted[:, BODY_DB]
    made_mode, mode = made[:, MODE_DB], wanted[:, MODE_DB]
    made_noise, noise = made[:, NOISE_DB], wanted[:, NOISE_DB]
    loss = level_distance(made_body, body).mean() + 0.5 * level_distance(made_mode, mode).mean()
    loss = loss + 3.0 * level_distance(made_noise, noise).view(-1, BANDS, TIMES).mean()
    sounds = torch.sigmoid((body + 40.0) / 5.0)
    octaves = (made[:, BODY_OCTAVES] - wanted[:, BODY_OCTAVES]).abs()
    loss = loss + 3.0 * (sounds * octaves).mean()
    rings = torch.sigmoid((mode + 45.0) / 5.0)
    places = (made[:, MODE_PLACE] - wanted[:, MODE_PLACE]).abs()
    decays = (made[:, MODE_DECAY] - wanted[:, MODE_DECAY]).abs()
    return loss + (rings * (places + decays)).mean()


def level_distance(made: Tensor, wanted: Tensor) -> Tensor:
    """Per number: decibels apart, over ten, more where either is loud; below -70 dB all is one."""
    made, wanted = made.clamp(min=-75.0), wanted.clamp(min=-75.0)
    loud = torch.maximum(made.detach(), wanted)
    return (made - wanted).abs() / 10.0 * (0.25 + torch.sigmoid((loud + 40.0) / 8.0))
