"""Turn the latents so that each knob means something: unit variance, ordered by what they explain.

Training fixes the latent space only up to a mixing. Afterwards the latents are whitened and
rotated so that the first explains as much of the sound's log spectrum (in dB, by a linear fit) as
one number can, the next as much of the rest as one can, and so on: reduced-rank regression
(Izenman 1975), the cousin of a principal component analysis that weighs a direction by what is
heard and not by how far the latents wander along it. Up means louder, on average over the tones.
Both matrices are folded into 1x1 convolutions that are there anyway, so it costs nothing to run.
"""

import numpy as np
import torch
from torch import Tensor, nn

from models.drift import Drift


def latents_and_sound(net: Drift, clips: np.ndarray) -> tuple[Tensor, Tensor]:
    """Latents [N, latents] of clips and what the decoder makes of them, tones in dB [N, 128]."""
    found: list[Tensor] = []
    sounds: list[Tensor] = []
    hop = net.config.hop
    with torch.no_grad():
        for clip in clips:
            x = torch.from_numpy(clip[: len(clip) // hop * hop])[None, None]
            z, _ = net.encode(x, net.encoder.init_state())
            y, _ = net.decode(z, net.noise(z.shape[2], seed=0), net.decoder.init_state())
            bands, _ = net.encoder.analysis(y, net.encoder.analysis.init_state())
            tones, _ = net.encoder.ear(bands, net.encoder.ear.init_state())
            found.append(z[0].T)
            sounds.append(10 * torch.log10(tones[0].T + 1e-8))
    return torch.cat(found).double(), torch.cat(sounds).double()


def axes(z: Tensor, sound: Tensor) -> tuple[Tensor, Tensor]:
    """The mean [L] and matrix [L, L] such that `matrix @ (z - mean)` are the ordered latents."""
    mean = z.mean(dim=0)
    centred = z - mean
    values, vectors = torch.linalg.eigh(centred.T @ centred / len(z))
    whiten = vectors @ torch.diag(values.clamp(min=1e-8).rsqrt()) @ vectors.T
    sound = sound - sound.mean(dim=0)
    fit = (centred @ whiten.T).T @ sound / len(z)  # dB per unit of each whitened latent
    rotation, _, _ = torch.linalg.svd(fit, full_matrices=False)
    rotation = rotation * torch.sign((rotation.T @ fit).sum(dim=1))
    return mean, rotation.T @ whiten


def align_latents(net: Drift, clips: np.ndarray) -> None:
    """Rewrite the encoder's last and the decoder's first convolution for the ordered latents."""
    mean, matrix = axes(*latents_and_sound(net, clips))
    fold_in(net.encoder.leave, net.decoder.enter, mean, matrix)


def fold_in(leave: nn.Conv1d, enter: nn.Conv1d, mean: Tensor, matrix: Tensor) -> None:
    """Fold `axes` into the 1x1 convolution that latents leave the encoder by and the one that they
    enter the decoder by."""
    assert leave.bias is not None
    assert enter.bias is not None
    with torch.no_grad():
        weight = enter.weight[:, :, 0].double()
        enter.bias += (weight @ mean).float()
        enter.weight[:, :, 0] = (weight @ torch.linalg.inv(matrix)).float()
        leave.weight[:, :, 0] = (matrix @ leave.weight[:, :, 0].double()).float()
        leave.bias.copy_((matrix @ (leave.bias.double() - mean)).float())
