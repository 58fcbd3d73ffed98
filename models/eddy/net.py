"""eddy: a small causal model of brook's latents, which listens to them and goes on by itself.

    heard ──────────────────────────────── listen ┐
    last two latents ─ 1x1 ─ 6 residuals ─┬────────┼─ 1x1 ─ mixture ─ sample ─ continued ─┴─ played
                                          └ recall ┘             draws, temperature            │
              ▲                              ▲                                                 │
              └──────────────────────────────┴──────────── what was played ────────────────────┘

The residuals (dilated causal convolutions, van den Oord et al. 2016) look back over 1.3 s. The
recall (attention, Vaswani et al. 2017, over a window of 3.4 s) finds moments that were like now and
brings what followed them: that is how a phrase comes again. In MSPrior a large sequence model
stands in this place (github.com/acids-ircam/msprior); no code is from there.
All memory is an argument: `step(heard, listen, temperature, draws, state)`.
"""

import math
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.eddy.mixture import log_likelihood, parts, sample
from models.eddy.recipe import EddyConfig
from models.layers import SLOPE, Residual

OWN = 5  # states before the residuals': last, before, keys, values, given


class Eddy(nn.Module):
    """Latents [B, 16, T] in, latents out; one a step."""

    turn: Tensor
    back: Tensor
    reach: Tensor

    def __init__(self, config: EddyConfig | None = None) -> None:
        super().__init__()
        self.config = config or EddyConfig()
        size, channels = self.config.latent_size, self.config.channels
        self.size, self.mixtures = size, self.config.mixtures
        self.heads, self.memory = self.config.heads, self.config.memory
        self.smallest, self.pace = self.config.smallest_spread, 1.0 / self.config.fade
        self.scale = 1.0 / math.sqrt(self.config.key_size)
        self.enter = nn.Conv1d(2 * size, channels, 1)
        self.units = nn.ModuleList(Residual(channels, d) for d in self.config.dilations)
        self.act = nn.LeakyReLU(SLOPE)
        self.query = nn.Conv1d(channels, self.heads * self.config.key_size, 1)
        self.key = nn.Conv1d(channels, self.heads * self.config.key_size, 1)
        self.value = nn.Conv1d(2 * size, self.heads * self.config.value_size, 1)
        self.ages = nn.Parameter(torch.zeros(self.heads, self.memory))  # oldest first
        self.hidden = nn.Conv1d(
            channels + self.heads * self.config.value_size, self.config.hidden, 1
        )
        self.leave = nn.Conv1d(self.config.hidden, self.mixtures * (1 + 2 * size), 1)
        # Not learned by descent: what steps are usual, and how far from the middle latents go.
        self.register_buffer("turn", torch.eye(size)[:, :, None])
        self.register_buffer("back", torch.eye(size)[:, :, None])
        self.register_buffer("reach", torch.full((1, 1, 1), 9.0))

    def init_state(self, batch: int = 1) -> list[Tensor]:
        """Silence before the beginning, listening."""
        config = self.config
        return [
            torch.zeros(batch, self.size, 1),  # 0: the last latent that was played
            torch.zeros(batch, self.size, 1),  # 1: the one before
            torch.zeros(batch, self.heads * config.key_size, self.memory),
            torch.zeros(batch, self.heads * config.value_size, self.memory),
            torch.zeros(batch, 1, 1),  # 4: the share of what is its own; 0 is all heard
            *(cast(Residual, unit).init_state(batch) for unit in self.units),
        ]

    def draws(self, steps: int, seed: int, batch: int = 1) -> tuple[Tensor, Tensor]:
        """Random numbers for so many steps: normal [B, 16, T] and uniform [B, K, T]."""
        source = torch.Generator().manual_seed(seed)
        normal = torch.randn(batch, self.size, steps, generator=source)
        return normal, torch.rand(batch, self.mixtures, steps, generator=source)

    def past(self, last: Tensor, before: Tensor) -> Tensor:
        """Latents and the turned step that led to them [B, 32, T]."""
        return torch.cat([last, F.conv1d(last - before, self.turn)], dim=1)

    def trunk(self, x: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """The past [B, 32, T] -> features [B, C, T]."""
        y = self.enter(x)
        after: list[Tensor] = []
        for i, unit in enumerate(self.units):
            y, memory = unit(y, state[i])
            after.append(memory)
        return self.act(y), after

    def head(self, y: Tensor, recalled: Tensor) -> Tensor:
        """Features and what was recalled -> the mixture's numbers [B, K * 33, T]."""
        out: Tensor = self.leave(self.act(self.hidden(torch.cat([y, recalled], dim=1))))
        return out

    def recall(self, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """query [B, H * D, 1], keys [B, H * D, M], values [B, H * V, M] -> [B, H * V, 1]."""
        alike = (query * keys).reshape(keys.shape[0], self.heads, -1, self.memory).sum(2)
        weights = torch.softmax(alike * self.scale + self.ages, dim=2)
        held = values.reshape(values.shape[0], self.heads, -1, self.memory)
        return (held * weights[:, :, None]).sum(3).reshape(values.shape[0], -1, 1)

    def step(
        self,
        heard: Tensor,
        listen: Tensor,
        temperature: Tensor,
        normal: Tensor,
        uniform: Tensor,
        state: list[Tensor],
    ) -> tuple[Tensor, list[Tensor]]:
        """One latent step: heard [B, 16, 1] -> played [B, 16, 1].

        listen and temperature are [B, 1, 1]; normal [B, 16, 1] and uniform [B, K, 1] are draws.
        """
        last, before, keys, values, own = state[0], state[1], state[2], state[3], state[4]
        y, memories = self.trunk(self.past(last, before), state[5:])
        recalled = self.recall(self.query(y), keys, values)
        logits, means, spreads = parts(self.head(y, recalled), self.mixtures, self.smallest)
        moved = sample(logits, means, spreads, temperature, normal, uniform)
        going_on = last + F.conv1d(moved, self.back)
        # Beyond what was ever heard nothing calls it back: it would stay there, and loudly.
        far = torch.sqrt((going_on * going_on).sum(1, keepdim=True) + 1e-6)
        going_on = going_on * torch.clamp(self.reach / far, max=1.0)
        own = own + torch.clamp(1.0 - listen - own, -self.pace, self.pace)
        played = heard + own * (going_on - heard)
        keys = torch.cat([keys, self.key(y)], dim=2)[:, :, 1:]
        values = torch.cat([values, self.value(self.past(played, last))], dim=2)[:, :, 1:]
        return played, [played, last, keys, values, own] + memories  # noqa: RUF005

    def likelihood(self, x: Tensor, target: Tensor) -> Tensor:
        """log p [B, T] in nats of each target [B, 16, T] after what came before it in x.

        x [B, 16, T] is what was played; the target is the same, or what it should have been. Equal
        to so many steps from silence; the recall sees all of them at once.
        """
        batch = x.shape[0]
        padded = F.pad(x, (2, 0))
        last, before = padded[:, :, 1:-1], padded[:, :, :-2]
        state = self.init_state(batch)
        y, _ = self.trunk(self.past(last, before), state[OWN:])
        recalled = self._recalled(y, self.value(self.past(x, last)))
        logits, means, spreads = parts(self.head(y, recalled), self.mixtures, self.smallest)
        moved = F.conv1d(target - last, self.turn)
        found = log_likelihood(moved, logits, means, spreads)
        return found + torch.linalg.slogdet(self.turn[:, :, 0])[1]

    def _recalled(self, y: Tensor, values: Tensor) -> Tensor:
        """`recall` for every step [B, H * V, T]: a band of the last M of M empty ones and T."""
        batch, _, steps = y.shape
        query = self.query(y).reshape(batch, self.heads, -1, steps)
        keys = F.pad(self.key(y), (self.memory, 0)).reshape(batch, self.heads, query.shape[2], -1)
        held = F.pad(values, (self.memory, 0)).reshape(batch, self.heads, -1, keys.shape[3])
        # Column c holds step c - M; step t sees columns t .. t + M - 1.
        place = torch.arange(keys.shape[3])[None] - torch.arange(steps)[:, None]
        outside = (place < 0) | (place >= self.memory)
        ages = self.ages[:, place.clamp(0, self.memory - 1)].masked_fill(outside, -1e9)
        alike = torch.einsum("bhdt,bhdc->bhtc", query, keys) * self.scale + ages
        recalled = torch.einsum("bhtc,bhvc->bhvt", torch.softmax(alike, dim=3), held)
        return recalled.reshape(batch, -1, steps)


def fit_steps(net: Eddy, latents: Tensor, held: float = 0.999) -> None:
    """Take from latents [N, 16, T] what steps are usual, and the radius that holds nearly all."""
    steps = (latents[:, :, 1:] - latents[:, :, :-1]).permute(1, 0, 2).reshape(net.size, -1)
    values, vectors = torch.linalg.eigh((steps @ steps.T / steps.shape[1]).double())
    root = values.clamp(min=1e-8).sqrt()
    radius = latents.square().sum(dim=1).sqrt().flatten().numpy()
    with torch.no_grad():
        net.turn.copy_((vectors / root).T.float()[:, :, None])
        net.back.copy_((vectors * root).float()[:, :, None])
        net.reach.fill_(float(np.quantile(radius, held)))
