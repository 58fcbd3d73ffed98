"""A small room: three sparse convolutions, one after the other.

    dry ─► 8 echoes within 23 ms ─► 8 within 61 ms ─► 8 within 170 ms ─► wet

Eight times eight times eight: a response of 512 reflections over a quarter of a second, for 24
multiplications a sample and no feedback, so it dies out for certain. Velvet noise is the kin of it
(Karjalainen and Jarvelainen 2007). Each later stage also lets the treble fade, by a mean of two
neighbours in a part of its echoes. The echoes are made from a seed; nothing here is learned.
"""

import numpy as np
import torch
from torch import Tensor, nn

SPANS_MS = (23.0, 61.0, 170.0)
ECHOES = 8
DECAY_DB = -14.0  # from a stage's first echo to its last
SEED = 11


def echoes(stage: int, hop: int, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Delays [8] in frames and gains [8] of a stage: one echo in each eighth of its span."""
    rng = np.random.default_rng([SEED, stage])
    span = SPANS_MS[stage] * sample_rate / 1000
    places = (np.arange(ECHOES) + rng.uniform(0.1, 0.9, ECHOES)) / ECHOES
    delays = (places * span).astype(int) + 1
    gains = 10 ** (DECAY_DB * places / 20) * np.where(rng.permutation(ECHOES) % 2, 1.0, -1.0)
    return delays, gains / np.sqrt((gains**2).sum())


class Room(nn.Module):
    """x [1, hop] -> its echoes [1, hop], of about the same power. The state is three pasts."""

    at_0: Tensor
    at_1: Tensor
    at_2: Tensor
    gains_0: Tensor
    gains_1: Tensor
    gains_2: Tensor

    def __init__(self, hop: int, sample_rate: int) -> None:
        super().__init__()
        self.hop = hop
        self.longest: list[int] = []
        for stage in range(len(SPANS_MS)):
            delays, gains = echoes(stage, hop, sample_rate)
            longest = int(delays.max()) + 1
            at = longest - delays[:, None] + np.arange(hop)
            dull = stage * 0.25
            both = np.concatenate([at, at - 1]), np.concatenate([(1 - dull) * gains, dull * gains])
            size = np.sqrt((1 - dull) ** 2 + dull**2)
            self.register_buffer(f"at_{stage}", torch.from_numpy(both[0]), persistent=False)
            row = torch.from_numpy(both[1][None] / size).float()
            self.register_buffer(f"gains_{stage}", row, persistent=False)
            self.longest.append(longest)

    def init_state(self) -> list[Tensor]:
        """The past [1, longest] of each stage."""
        return [torch.zeros(1, longest) for longest in self.longest]

    def forward(self, x: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        x, first = self.stage(x, state[0], self.at_0, self.gains_0)
        x, second = self.stage(x, state[1], self.at_1, self.gains_1)
        x, third = self.stage(x, state[2], self.at_2, self.gains_2)
        return x, [first, second, third]

    def stage(self, x: Tensor, past: Tensor, at: Tensor, gains: Tensor) -> tuple[Tensor, Tensor]:
        line = torch.cat([past, x], dim=1)
        return (gains @ line[:, at])[0], line[:, self.hop :]
