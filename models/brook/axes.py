"""Turn brook's latents so that the first changes the sound most and the last least.

Training fixes the latent space only up to a mixing. Afterwards the latents are whitened, and moved
one by one up and down everywhere in the corpus to see how many decibels the decoder's partials and
noises change. The mean products of these changes are a matrix whose eigenvectors are the new axes:
the active subspace (Constantine 2015), a principal component analysis of what the decoder does with
a latent and not of how far the latent wanders. Up means louder, on average.
Both matrices are folded into the convolutions at the latents, so it costs nothing to run.
"""

import numpy as np
import torch
from torch import Tensor

from models.axes import fold_in
from models.brook.grid import HISSING, PARTIALS
from models.brook.net import Brook, gain
from models.brook.teacher import BANDS, FIRST_NOISY, HISS_POWER, NOISE_POWER, by_band

MOVE = 1.0  # by which a latent is moved, in deviations: as a hand would
FLOOR = 1e-8  # power that counts as silence


def latents_and_sound(net: Brook, clips: np.ndarray) -> tuple[Tensor, Tensor]:
    """Latents [N, latents] of clips and what the decoder makes of them, places in dB [N, 288]."""
    found: list[Tensor] = []
    sounds: list[Tensor] = []
    hop = net.config.hop
    with torch.no_grad():
        for clip in clips:
            x = torch.from_numpy(clip[: len(clip) // hop * hop])[None, None]
            z, _ = net.encode(x, net.encoder.init_state())
            y, _ = net.decode(z, net.noise(z.shape[2], seed=0), net.decoder.init_state())
            powers, _, _ = net.encoder.ear(y, net.encoder.ear.init_state())
            found.append(z[0].T)
            sounds.append(10 * torch.log10(powers[0, PARTIALS:].T + FLOOR))
    return torch.cat(found).double(), torch.cat(sounds).double()


def steered_db(net: Brook, z: Tensor) -> Tensor:
    """The power in dB of every partial and every noise band [B, 174, hops] at latents z."""
    heads, _ = net.decoder.steer(z, net.decoder.init_state(len(z))[7:])
    amplitudes, _, hiss = net.decoder.opened(heads)
    power = 0.5 * amplitudes.square()
    power[:, :HISSING] += HISS_POWER * hiss.square()
    noise = NOISE_POWER * by_band(gain(heads[3])).square().mean(dim=2)[:, FIRST_NOISY:BANDS]
    return 10 * torch.log10(torch.cat([power, noise], dim=1) + FLOOR)


def responses(net: Brook, rows: list[Tensor], directions: Tensor) -> tuple[Tensor, Tensor]:
    """What moving latents rows of [16, hops] along `directions` [16, 16], a column each, does.

    -> mean products of the changes in dB [16, 16], and mean changes [16].
    """
    size = directions.shape[1]
    products, lean, count = torch.zeros(size, size).double(), torch.zeros(size).double(), 0
    moves = MOVE * directions.T[:, :, None].float()
    for row in rows:
        up, down = steered_db(net, row[None] + moves), steered_db(net, row[None] - moves)
        change = ((up - down) / (2 * MOVE)).reshape(size, -1).double()
        products += change @ change.T
        lean += change.sum(dim=1)
        count += change.shape[1]
    return products / count, lean / count


def axes(net: Brook, clips: np.ndarray) -> tuple[Tensor, Tensor]:
    """The mean [L] and matrix [L, L] such that `matrix @ (z - mean)` are the ordered latents."""
    rows, hop = [], net.config.hop
    with torch.no_grad():
        for clip in clips:
            x = torch.from_numpy(clip[: len(clip) // hop * hop])[None, None]
            rows.append(net.encode(x, net.encoder.init_state())[0][0])
        every = torch.cat(rows, dim=1).double()
        mean = every.mean(dim=1)
        centred = every - mean[:, None]
        values, vectors = torch.linalg.eigh(centred @ centred.T / centred.shape[1])
        spread = values.clamp(min=1e-8).sqrt()
        products, lean = responses(net, rows, vectors * spread)
        _, turn = torch.linalg.eigh(products)
        turn = turn.flip(dims=(1,))  # the largest first
        turn = turn * torch.where(lean @ turn < 0, -1.0, 1.0)
    return mean, turn.T @ torch.diag(1 / spread) @ vectors.T


def align_latents(net: Brook, clips: np.ndarray) -> None:
    """Rewrite the encoder's last and the decoder's first convolution for the ordered latents."""
    mean, matrix = axes(net, clips)
    fold_in(net.encoder.leave, net.decoder.trunk.enter, mean, matrix)
