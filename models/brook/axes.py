"""Turn brook's latents so that they come in the order of how much of the sound they explain.

The method is `models.axes`: whitened, then rotated by reduced-rank regression onto what the decoder
makes of them, in dB per place. Both matrices are folded into the convolutions at the latents.
"""

import numpy as np
import torch
from torch import Tensor

from models.axes import axes
from models.brook.grid import PARTIALS
from models.brook.net import Brook


def latents_and_sound(net: Brook, clips: np.ndarray) -> tuple[Tensor, Tensor]:
    """Latents [N, latents] of clips and what the decoder makes of them, places in dB [N, 176]."""
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
            sounds.append(10 * torch.log10(powers[0, PARTIALS:].T + 1e-8))
    return torch.cat(found).double(), torch.cat(sounds).double()


def align_latents(net: Brook, clips: np.ndarray) -> None:
    """Rewrite the encoder's last and the decoder's first convolution for the ordered latents."""
    mean, matrix = axes(*latents_and_sound(net, clips))
    leave, enter = net.encoder.leave, net.decoder.trunk.enter
    assert leave.bias is not None
    assert enter.bias is not None
    with torch.no_grad():
        weight = enter.weight[:, :, 0].double()
        enter.bias += (weight @ mean).float()
        enter.weight[:, :, 0] = (weight @ torch.linalg.inv(matrix)).float()
        leave.weight[:, :, 0] = (matrix @ leave.weight[:, :, 0].double()).float()
        leave.bias.copy_((matrix @ (leave.bias.double() - mean)).float())
