"""Harmonics by wavetable: one period is summed up per hop, and read at the pitch.

    amplitudes [R, 96] · shapes [96, 1024]  →  a period   (one matrix product)
    y[n] = (1 - n / hop) · last period at phase[n]  +  (n / hop) · this period at phase[n]

A sine per harmonic and frame would cost 96 sines a sample; this costs eight look-ups. Between the
entries a cubic (Lagrange) interpolates, best where an entry is near: the highest harmonic has ten
entries to its period. The harmonics' phases are fixed (after Schroeder 1970), so that their peaks
do not all coincide.
"""

import math

import numpy as np
import torch
from torch import Tensor, nn

TABLE = 1024
WIDTH = TABLE + 3  # an entry before the first and two after the last
SPREAD = 30.0  # harmonics over which the phases turn once around
# Lagrange's cubic through four neighbours, as polynomials of the place between the middle two:
# rows are the neighbours, columns the powers 3, 2, 1, 0.
CUBIC = ((-1, 3, -2, 0), (3, -6, -3, 6), (-3, 3, 6, 0), (1, 0, -1, 0))


def shapes(harmonics: int) -> np.ndarray:
    """One period of each harmonic, [harmonics, 1027]."""
    k = np.arange(1, harmonics + 1)[:, None]
    n = np.arange(-1, TABLE + 2)[None]
    return np.sin(2 * math.pi * k * n / TABLE - math.pi * k * k / SPREAD)


class Wave(nn.Module):
    """Periods and pitches, a row per voice and hop -> sound, without a step where hops join."""

    shapes: Tensor
    ways: Tensor
    first: Tensor
    second: Tensor
    cubic: Tensor
    beside: Tensor

    def __init__(self, harmonics: int, hop: int, sample_rate: int) -> None:
        super().__init__()
        n = np.arange(1, hop + 1)
        # The sum over a hop of a pitch that goes from one value to the next in a straight line.
        second = n * (n + 1) / 2 / hop
        way = n / hop
        for name, value in (
            ("shapes", shapes(harmonics)),
            ("ways", np.stack([1 - way, way])[:, None]),  # [2, 1, hop]
            ("first", (n - second)[None] / sample_rate),
            ("second", second[None] / sample_rate),
            ("cubic", np.array(CUBIC).T[:, :, None] / 6),  # [powers, neighbours, 1]
        ):
            self.register_buffer(name, torch.from_numpy(value).float(), persistent=False)
        # Both periods lie side by side: four neighbours in the last, four in this one.
        beside = torch.tensor([0, 1, 2, 3, WIDTH, WIDTH + 1, WIDTH + 2, WIDTH + 3])
        self.register_buffer("beside", beside[:, None], persistent=False)
        self.hop = hop

    def forward(
        self, both: Tensor, hz: Tensor, hz_before: Tensor, turns: Tensor
    ) -> tuple[Tensor, Tensor]:
        """What each row adds to the sound, [R, 2, 4, hop] to be summed, and the phases [R, 1].

        `both` [R, 2 * 1027] are the last period and this one, `hz` and `hz_before` [R, 1], `turns`
        [R, 1] the phase so far, 0..1.
        """
        phase = turns + hz_before * self.first + hz * self.second
        phase = phase - torch.floor(phase)
        place = phase * 1024.0
        whole = torch.floor(place).clamp(0.0, 1023.0)
        d = (place - whole)[:, None]
        at = whole.long()[:, None] + self.beside
        near = torch.gather(both, 1, at.flatten(1)).reshape(-1, 2, 4, self.hop)
        weights = ((self.cubic[0] * d + self.cubic[1]) * d + self.cubic[2]) * d + self.cubic[3]
        return near * weights[:, None] * self.ways, phase[:, -1:]

    def sequence(self, amplitudes: Tensor, hz: Tensor) -> Tensor:
        """Whole sound [B, T * hop] of amplitudes [B, T, harmonics] and pitches [B, T], at once."""
        tables = amplitudes @ self.shapes
        before = torch.cat([tables[:, :1], tables[:, :-1]], dim=1)
        hz_before = torch.cat([hz[:, :1], hz[:, :-1]], dim=1)
        steps = hz_before * self.first[0, -1] + hz * self.second[0, -1]
        start = torch.cumsum(steps.double(), dim=1) - steps
        turns = (start - torch.floor(start)).to(hz.dtype)
        rows = hz.numel()
        parts, _ = self.forward(
            torch.cat([before, tables], dim=2).reshape(rows, -1),
            hz.reshape(rows, 1),
            hz_before.reshape(rows, 1),
            turns.reshape(rows, 1),
        )
        return parts.sum(dim=(1, 2)).reshape(hz.shape[0], -1)
