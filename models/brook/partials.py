"""Partials that glide: sine waves whose strength, frequency and noisiness a network steers.

Between two hops the amplitude and the frequency of a partial move in straight lines and its phase
goes on, as in McAulay and Quatieri (1986). A hop of 512 frames is computed in 32 grains of 16, by
the angle sum: around the middle m of a grain, at b = -7.5 .. 7.5 frames from it,

    c(m+b) e^{i phi(m+b)}  =  e^{i phi(m)} [ c + b (c' + i c w') ]  e^{i w b}

with w' what the grain's frequency differs from the hop's mean. So a hop takes 32 + 16 sines and
cosines a partial and not 512, and the rest is one matrix product over all partials.

c is complex: a steady part and a random one, new with every hop, that turns a partial into a narrow
band of noise. A place that has been silent takes over the phase of its louder neighbour, so a
partial that glides from place to place is one sine all the way.
"""

import math

import numpy as np
import torch
from torch import Tensor, nn

from models.brook.grid import HISSING, PARTIALS, REACH, centres_hz, gaps_hz

SLOTS = 16  # of the swell, a hop
GRAINS = 32  # a hop; in a grain a change of frequency counts to the first order only
SILENT = 2.5e-9  # power, -86 dB: taking over a phase makes a step no larger than this


def shifted(x: Tensor, by: int) -> Tensor:
    """x [B, K, 1] moved up (1) or down (-1) by one place; the gap fills with zeros."""
    nothing = torch.zeros_like(x[:, :1])
    if by > 0:
        return torch.cat([nothing, x[:, :-1]], dim=1)
    return torch.cat([x[:, 1:], nothing], dim=1)


class Partials(nn.Module):
    """(amplitudes, bends, hiss) -> audio [B, 1, hops * hop], before the swell.

    amplitudes [B, 160, hops]; bends [B, 160, hops] in -1..1, of the reach; hiss [B, 96, hops];
    draws [B, 192, hops] in -1..1; swell [B, 16, hops], gains at the ends of the slots.
    State: phases in turns, what the frequencies differ from their places' middles in turns per
    frame, real and imaginary amplitudes, all [B, 160, 1], and the last gain [B, 1, 1].
    """

    centre: Tensor
    carried: Tensor
    carrier: Tensor
    reach: Tensor
    middles: Tensor
    around: Tensor
    ramp: Tensor

    def __init__(self, sample_rate: int, hop: int) -> None:
        super().__init__()
        self.hop = hop
        self.slots = SLOTS
        self.slot = hop // SLOTS
        self.grain = hop // GRAINS
        self.hissing = HISSING
        self.silent = SILENT
        self.rest = PARTIALS - HISSING
        # A place's middle turns up to 132 times a hop. Whole turns are taken out beforehand, in
        # double precision: in float32 they would leave few digits for the phase.
        turns = centres_hz()[:, None] / sample_rate
        at = (np.arange(GRAINS) + 0.5) * self.grain
        carrier = (turns * at % 1.0).T  # [grains, 160]
        centre, carried = torch.from_numpy(turns).float(), torch.from_numpy(turns * hop % 1.0)
        self.register_buffer("carried", carried.float(), persistent=False)
        self.register_buffer("carrier", torch.from_numpy(carrier.copy()).float(), persistent=False)
        reach = torch.from_numpy(REACH * gaps_hz()[:, None] / sample_rate).float()
        self.register_buffer("centre", centre, persistent=False)
        self.register_buffer("reach", reach, persistent=False)
        middles = torch.from_numpy(at).float()
        around = torch.arange(self.grain) + 0.5 - self.grain / 2
        self.register_buffer("middles", middles, persistent=False)
        self.register_buffer("around", around, persistent=False)
        self.register_buffer("ramp", (torch.arange(self.slot) + 0.5) / self.slot, persistent=False)

    def init_state(self, batch: int = 1) -> list[Tensor]:
        nothing = torch.zeros(batch, PARTIALS, 1)
        return [nothing, nothing, nothing, nothing, torch.ones(batch, 1, 1)]

    def follow(
        self, leans: Tensor, power: Tensor, state: list[Tensor]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Phases and leans [B, 160, hops] at the start of each hop; and the next phase.

        One hop after the other, since a phase may be taken over from a neighbour.
        """
        phase, before = state[0], state[1]
        loud = state[2] * state[2] + state[3] * state[3]
        phases: list[Tensor] = []
        starts: list[Tensor] = []
        for t in range(leans.shape[2]):
            now = leans[:, :, t : t + 1]
            below, above = shifted(loud, 1), shifted(loud, -1)
            quiet = loud < self.silent
            taken = torch.where(below > above, shifted(phase, 1), shifted(phase, -1))
            near = torch.maximum(below, above) > 4 * self.silent
            phase = torch.where(torch.logical_and(quiet, near), taken, phase)
            start = torch.where(quiet, now, before)
            phases.append(phase)
            starts.append(start)
            phase = phase + self.carried + (0.5 * self.hop) * (start + now)
            phase = phase - torch.floor(phase)
            before = now
            loud = power[:, :, t : t + 1]
        return torch.cat(phases, dim=2), torch.cat(starts, dim=2), phase

    def grains(
        self, amplitudes: Tensor, bends: Tensor, hiss: Tensor, draws: Tensor, state: list[Tensor]
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """What each grain is at its middle, and the hop's mean frequencies in turns per frame.

        [B, hops, grains, 640]: real and imaginary values, then slopes; and [B, hops, 160, 1].
        """
        hops = amplitudes.shape[2]
        leans = self.reach * bends
        noisy_re = amplitudes[:, : self.hissing] + hiss * draws[:, : self.hissing]
        re = torch.cat([noisy_re, amplitudes[:, self.hissing :]], dim=1)
        im = torch.cat(
            [hiss * draws[:, self.hissing :], 0.0 * amplitudes[:, self.hissing :]], dim=1
        )
        phases, starts, phase = self.follow(leans, re * re + im * im, state)
        re0 = torch.cat([state[2], re[:, :, : hops - 1]], dim=2)
        im0 = torch.cat([state[3], im[:, :, : hops - 1]], dim=2)

        # [B, 160, hops] -> [B, hops, grains, 160]
        m = self.middles[:, None]
        f0 = starts.permute(0, 2, 1)[:, :, None, :]
        step = leans.permute(0, 2, 1)[:, :, None, :] - f0
        a0, b0 = re0.permute(0, 2, 1)[:, :, None, :], im0.permute(0, 2, 1)[:, :, None, :]
        da = (re - re0).permute(0, 2, 1)[:, :, None, :] / self.hop
        db = (im - im0).permute(0, 2, 1)[:, :, None, :] / self.hop
        turns = phases.permute(0, 2, 1)[:, :, None, :] + self.carrier
        turns = turns + m * f0 + (m * m) * step / (2 * self.hop)
        angle = (turns - torch.floor(turns)) * (2 * math.pi)
        tilt = (m / self.hop - 0.5) * step * (2 * math.pi)
        a, b = a0 + m * da, b0 + m * db
        da, db = da - b * tilt, db + a * tilt
        cos, sin = torch.cos(angle), torch.sin(angle)
        steady_re, steady_im = a * cos - b * sin, a * sin + b * cos
        slope_re, slope_im = da * cos - db * sin, da * sin + db * cos
        mean = (self.centre + 0.5 * (leans + starts)).permute(0, 2, 1)[:, :, :, None]
        after = [phase, leans[:, :, hops - 1 :], re[:, :, hops - 1 :], im[:, :, hops - 1 :]]
        return torch.cat([steady_re, steady_im, slope_re, slope_im], dim=3), mean, after

    def spun(self, grains: Tensor, mean: Tensor, around: Tensor) -> Tensor:
        """Grains, summed over the partials at `around` [N] frames from their middles.

        -> [B, hops, grains, N]
        """
        spin = mean * around * (2 * math.pi)
        c, s = torch.cos(spin), torch.sin(spin)
        return torch.matmul(grains, torch.cat([c, -s, c * around, -s * around], dim=2))

    def forward(
        self,
        amplitudes: Tensor,
        bends: Tensor,
        hiss: Tensor,
        draws: Tensor,
        swell: Tensor,
        state: list[Tensor],
    ) -> tuple[Tensor, list[Tensor]]:
        batch, hops = amplitudes.shape[0], amplitudes.shape[2]
        grains, mean, after = self.grains(amplitudes, bends, hiss, draws, state[:4])
        y = self.spun(grains, mean, self.around)
        ends = swell.permute(0, 2, 1).reshape(batch, hops * self.slots, 1)
        begins = torch.cat([state[4], ends[:, : hops * self.slots - 1]], dim=1)
        y = y.reshape(batch, hops * self.slots, self.slot)
        y = y * (begins + (ends - begins) * self.ramp)
        after.append(ends[:, hops * self.slots - 1 :])
        return y.reshape(batch, 1, hops * self.hop), after
