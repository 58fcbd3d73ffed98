"""An adversary that looks at spectra: it learns to tell what came in from what came out.

Small convolutions over log magnitudes at three window lengths, judged patch by patch, as the
multi-scale STFT discriminators of recent codecs (Defossez et al. 2022), but without phase: brook's
partials keep phases of their own, and no listener can tell. Only the training ever runs it.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.distances import magnitudes
from models.layers import SLOPE

WINDOWS = (512, 1024, 2048)
CHANNELS = 16


class Judge(nn.Module):
    """Sound [B, 1, T] -> [features of each layer ..., verdicts], at one window length."""

    def __init__(self, window: int) -> None:
        super().__init__()
        self.window = window
        sizes = [1, CHANNELS, 2 * CHANNELS, 2 * CHANNELS]
        self.layers = nn.ModuleList(
            nn.Conv2d(a, b, (5, 3), stride=(3, 1 if i else 2), padding=(2, 1))
            for i, (a, b) in enumerate(pairwise(sizes))
        )
        self.verdict = nn.Conv2d(sizes[-1], 1, 3, padding=1)

    def forward(self, x: Tensor) -> list[Tensor]:
        y = (torch.log(magnitudes(x, self.window) + 1e-4)[:, None] + 6.0) / 3.0
        found = []
        for layer in self.layers:
            y = F.leaky_relu(layer(y), SLOPE)
            found.append(y)
        return [*found, self.verdict(y)]


class Listener(nn.Module):
    """One judge per window length."""

    def __init__(self) -> None:
        super().__init__()
        self.judges = nn.ModuleList(Judge(window) for window in WINDOWS)

    def forward(self, x: Tensor) -> list[list[Tensor]]:
        return [judge(x) for judge in self.judges]


def telling_apart(real: list[list[Tensor]], made: list[list[Tensor]]) -> Tensor:
    """What the listener minimises: a hinge on its verdicts (Lim and Ye 2017)."""
    return torch.stack(
        [
            F.relu(1 - a[-1]).mean() + F.relu(1 + b[-1]).mean()
            for a, b in zip(real, made, strict=True)
        ]
    ).mean()


def fooling(made: list[list[Tensor]]) -> Tensor:
    """What the instrument minimises: verdicts that it is real."""
    return torch.stack([-judge[-1].mean() for judge in made]).mean()


def likeness(real: list[list[Tensor]], made: list[list[Tensor]]) -> Tensor:
    """Feature matching (Larsen et al. 2016): distance of the judges' features, by their size."""
    terms = [
        (x.detach() - y).abs().mean() / (x.detach().abs().mean() + 1e-6)
        for a, b in zip(real, made, strict=True)
        for x, y in zip(a[:-1], b[:-1], strict=True)
    ]
    return torch.stack(terms).mean()
