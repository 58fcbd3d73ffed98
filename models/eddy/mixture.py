"""What may come next: a mixture of normal distributions over a turned step.

A latent step is small while a note lasts and large where one begins, and its sixteen numbers move
together. So the step u = turn (x - x before) is predicted, in which all directions are usual ones:
turn whitens the steps of the corpus. Each part of the mixture is a normal distribution with its own
mean and spread in every direction (a mixture density network, Bishop 1994).
"""

import math

import torch
from torch import Tensor


def parts(out: Tensor, mixtures: int, smallest: float) -> tuple[Tensor, Tensor, Tensor]:
    """out [B, K * (1 + 2 L), T] -> logits [B, K, T], means and spreads [B, K, L, T]."""
    batch, rows, steps = out.shape
    size = (rows // mixtures - 1) // 2
    means = out[:, mixtures : mixtures * (1 + size)].reshape(batch, mixtures, size, steps)
    logs = out[:, mixtures * (1 + size) :].reshape(batch, mixtures, size, steps)
    return out[:, :mixtures], means, smallest + torch.exp(torch.clamp(logs, -8.0, 3.0))


def log_likelihood(u: Tensor, logits: Tensor, means: Tensor, spreads: Tensor) -> Tensor:
    """log p(u) [B, T], in nats, of turned steps u [B, L, T]."""
    away = (u[:, None] - means) / spreads
    each = -0.5 * (away * away).sum(2) - torch.log(spreads).sum(2)
    each = each - 0.5 * u.shape[1] * math.log(2 * math.pi)
    return torch.logsumexp(torch.log_softmax(logits, 1) + each, 1)


def sample(
    logits: Tensor,
    means: Tensor,
    spreads: Tensor,
    temperature: Tensor,
    normal: Tensor,
    uniform: Tensor,
) -> Tensor:
    """A turned step [B, L, T] out of draws: normal [B, L, T] and uniform [B, K, T] in 0..1.

    The temperature [B, 1, 1] multiplies the spread, and above 1 it also evens out the odds of the
    parts. Below 1 the odds stay: made more certain, the likeliest is to stay silent for ever.
    Which part it is, is the greatest of the logits with Gumbel's noise added.
    """
    safe = torch.clamp(uniform, 1e-6, 1.0 - 1e-6)
    score = logits / torch.clamp(temperature, min=1.0) - torch.log(-torch.log(safe))
    best = torch.amax(score, dim=1, keepdim=True)
    chosen = (score >= best).float()[:, :, None]
    mean, spread = (chosen * means).sum(1), (chosen * spreads).sum(1)
    return mean + spread * temperature * normal
