"""How far apart two crowds of latents are, and how like themselves they stay."""

import numpy as np
import torch
from torch import Tensor


def energy_distance(a: Tensor, b: Tensor) -> float:
    """Between points a [N, 16] and b [M, 16]: 2 E|a - b| - E|a - a'| - E|b - b'|, 0 if alike.

    A two-sample measure that needs no choice of bins or width (Szekely and Rizzo 2013).
    """
    across = torch.cdist(a, b).mean()
    within = torch.cdist(a, a).mean() + torch.cdist(b, b).mean()
    return float(2 * across - within)


def priming(primes: Tensor, after: Tensor, seed: int = 0) -> dict[str, float]:
    """Are continuations [N, 16, T'] nearer to their own prime [N, 16, T] than to the others?

    `nearer` is the share of others that are farther than the own one (a half if it made no
    difference); `p` the share of 5000 random pairings whose mean distance is as small.
    """
    count = len(primes)
    table = np.array([[energy_distance(b.T, a.T) for a in primes] for b in after])
    own = np.diag(table)
    others = table[~np.eye(count, dtype=bool)].reshape(count, count - 1)
    rng = np.random.default_rng(seed)
    shuffled = [table[np.arange(count), rng.permutation(count)].mean() for _ in range(5000)]
    return {
        "own": float(own.mean()),
        "others": float(others.mean()),
        "nearer": float((others > own[:, None]).mean()),
        "nearest": float((others.min(axis=1) > own).mean()),
        "p": float((1 + (np.array(shuffled) <= own.mean()).sum()) / 5001),
    }


def autocorrelation(z: Tensor, lags: int) -> Tensor:
    """Of latents [N, 16, T] at lags 0 .. lags - 1, mean over latents [lags]; 1 at lag 0."""
    centred = z - z.mean(dim=(0, 2), keepdim=True)
    power = centred.square().mean(dim=(0, 2))
    length = z.shape[2] - lags
    rows = [
        (centred[:, :, :length] * centred[:, :, k : k + length]).mean(dim=(0, 2)) / power
        for k in range(lags)
    ]
    return torch.stack(rows).mean(dim=1)


def unlikeness(z: Tensor, corpus: Tensor, lags: int) -> dict[str, float]:
    """Of latents [N, 16, T] and the corpus' [M, 16, T']: means, spreads and autocorrelation.

    `mean` is the RMS over latents of how far the means are apart, in the corpus' deviations;
    `spread` the RMS of the deviations' ratio in dB; `autocorrelation` the RMS over the lags.
    """
    deviation = corpus.std(dim=(0, 2))
    apart = (z.mean(dim=(0, 2)) - corpus.mean(dim=(0, 2))) / deviation
    ratio_db = 20 * torch.log10(z.std(dim=(0, 2)) / deviation + 1e-6)
    lagged = autocorrelation(z, lags) - autocorrelation(corpus, lags)
    return {
        "mean": float(apart.square().mean().sqrt()),
        "spread_db": float(ratio_db.square().mean().sqrt()),
        "autocorrelation": float(lagged.square().mean().sqrt()),
    }
