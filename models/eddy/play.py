"""Play eddy without a box: listen to latents for a while, then go on without them."""

import torch
from torch import Tensor

from models.brook.net import Brook
from models.eddy.net import Eddy


def go_on(prior: Eddy, heard: Tensor, steps: int, temperature: Tensor, seed: int = 0) -> Tensor:
    """Latents [N, 16, T + steps]: `heard` [N, 16, T] first, and what eddy makes of it then.

    The temperature is one for each row, [N]. The draws are of the seed, other ones for each row.
    """
    rows, _, prompt = heard.shape
    normal, uniform = prior.draws(prompt + steps, seed, rows)
    warmth = temperature.reshape(rows, 1, 1)
    state = prior.init_state(rows)
    played: list[Tensor] = []
    with torch.no_grad():
        for t in range(prompt + steps):
            # For the short while of the fade the last of what was heard stays.
            now = heard[:, :, min(t, prompt - 1)][:, :, None]
            listen = torch.full((rows, 1, 1), float(t < prompt))
            at = slice(t, t + 1)
            z, state = prior.step(now, listen, warmth, normal[:, :, at], uniform[:, :, at], state)
            played.append(z)
    return torch.cat(played, dim=2)


def sound(net: Brook, z: Tensor, seed: int = 0) -> Tensor:
    """What brook's decoder makes of latents [N, 16, T]: sound [N, T * 512]."""
    with torch.no_grad():
        state = net.decoder.init_state(len(z))
        y, _ = net.decode(z, net.noise(z.shape[2], len(z), seed), state)
    return y[:, 0]
