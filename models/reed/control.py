"""From knobs and input to what each voice shall do: pitch, size and voicing, a column per voice.

    notes 1..4    level ──► attack and release ──► size        pitch + transpose + vibrato
    the follower  the input's power, smoothed a little         the tracker's pitch + transpose

Everything moves once a hop; within it, sound goes from one value to the next in a straight line.
The follower's own times stand behind the knobs, so that all voices are reckoned alike.
"""

import math

import torch
from torch import Tensor, nn

from models.reed.config import HIGHEST, KNOBS, LOWEST, ReedConfig, place

FOLLOW_ATTACK_MS, FOLLOW_RELEASE_MS = 12.0, 75.0
WITHIN = 3.0  # time constants in what a player calls an attack: 95 % of the way


class Control(nn.Module):
    """Knobs and what the tracker heard -> pitch, size (RMS) and voicing [1, voices]."""

    fixed: Tensor
    times: Tensor
    pitches: Tensor
    levels: Tensor

    def __init__(self, config: ReedConfig) -> None:
        super().__init__()
        notes, knobs = config.notes, len(KNOBS)
        self.register_buffer(
            "fixed", torch.tensor([FOLLOW_ATTACK_MS, FOLLOW_RELEASE_MS]), persistent=False
        )
        times = [[place("attack")] * notes + [knobs], [place("release")] * notes + [knobs + 1]]
        self.register_buffer("times", torch.tensor(times), persistent=False)
        # Knobs [1, 18] to pitches [1, voices]: a note each, and transpose for all.
        pitches, levels = torch.zeros(knobs, notes + 1), torch.zeros(knobs, notes)
        for n in range(notes):
            pitches[place(f"note_{n + 1}"), n] = 1.0
            levels[place(f"level_{n + 1}"), n] = math.log(10.0) / 20.0
        pitches[place("transpose")] = 1.0
        self.register_buffer("pitches", pitches, persistent=False)
        self.register_buffer("levels", levels, persistent=False)
        self.hop_s = config.hop / config.sample_rate
        self.vibrato, self.rate = place("vibrato"), place("vibrato_rate")
        self.follow = place("follow")
        self.notes = notes
        self.lowest, self.highest = LOWEST, HIGHEST
        self.silent = math.log(10.0) / 20.0 * -79.9

    def init_state(self) -> list[Tensor]:
        """Sizes [1, voices], the vibrato's turn [1, 1], and the input's last power [1, 1]."""
        return [torch.zeros(1, self.notes + 1), torch.zeros(1, 1), torch.zeros(1, 1)]

    def forward(
        self, knobs: Tensor, x: Tensor, heard: Tensor, state: list[Tensor]
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Pitch and size [1, voices] after the hop x [1, 1, hop]; knobs [18], heard [1, 1]."""
        turn = state[1] + knobs[self.rate : self.rate + 1] * self.hop_s
        turn = turn - torch.floor(turn)
        depth = knobs[self.vibrato : self.vibrato + 1] * 0.01
        sway = (torch.sin(turn * (2.0 * math.pi)) * depth).expand(1, self.notes)
        pitch = knobs[None] @ self.pitches + torch.cat([sway, heard], dim=1)
        pitch = pitch.clamp(self.lowest, self.highest)
        logs = knobs[None] @ self.levels
        sizes = torch.exp(logs) * (logs > self.silent).to(logs.dtype)
        power = (x * x).mean(dim=2)
        followed = torch.sqrt((power + state[2]) * 0.5) * knobs[self.follow : self.follow + 1]
        wanted = torch.cat([sizes, followed], dim=1)
        times = torch.cat([knobs, self.fixed])[self.times] * (1.0 / (3000.0 * self.hop_s))
        shares = 1.0 - torch.exp(-1.0 / times)
        size = state[0]
        way = wanted - size
        size = size + way * torch.where(way > 0.0, shares[0:1], shares[1:2])
        # What fades for ever is silent once it is 100 dB down.
        size = torch.relu(size - 1e-5)
        return pitch, size, [size, turn, power]
