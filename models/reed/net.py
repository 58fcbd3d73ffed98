"""reed: pitch and loudness in, a bowed, blown or sung voice out. DDSP's way (Engel et al. 2020).

    knobs, input ─► control ─► pitch, size, voicing   [voices]
                                  │
              features [6, voices] ─► 1x1 ─► GRU ─► 1x1 ─► harmonics and noise bands [120, voices]
                                  │                             │
                                  └────► scaled to that size ◄──┘
                                                 │
                    one wavetable a voice, summed;  one noise for all;  room  ─► sound

The voices are columns of one step: the weights are read once for all five. What the network says
is only the colour. Its power is summed up and divided out, so the level that comes is the level
that was asked for, at every pitch and with every weight.
Memory is an argument: `forward(x, knobs, draws, state) -> (y, state)`, as in `models.layers`.
"""

# nn.GRU names its weights when it is made, so mypy cannot know that they are tensors.
# mypy: disable-error-code="index, arg-type"

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.layers import SLOPE
from models.reed.config import KINDS, KNOBS, ReedConfig, place
from models.reed.control import Control
from models.reed.hiss import Hiss
from models.reed.room import Room
from models.reed.tracker import Tracker
from models.reed.wave import WIDTH, Wave

FEATURES = 3 + len(KINDS)
MIDDLE, USUAL_DB, QUIET = 62.0, -30.0, 1e-4  # the note and level that count as 0
TOP_HZ, FADE_HZ = 20000.0, 2000.0  # harmonics are gone at the first, and whole a second below it


def features(note: Tensor, size: Tensor, bright: Tensor, timbre: Tensor) -> Tensor:
    """What the network hears of a voice, stacked last: all arguments of one shape [...]."""
    loud = 20.0 * torch.log10(size + QUIET)
    one = (1.0 - timbre.abs()).clamp(min=0.0)
    two = (1.0 - (timbre - 1.0).abs()).clamp(min=0.0)
    three = (1.0 - (timbre - 2.0).abs()).clamp(min=0.0)
    return torch.stack(
        [(note - MIDDLE) / 12.0, (loud - USUAL_DB) / 12.0, bright, one, two, three], dim=-1
    )


class Colour(nn.Module):
    """Features -> logits of harmonics and bands, hop by hop, with a GRU's memory."""

    def __init__(self, config: ReedConfig) -> None:
        super().__init__()
        self.enter = nn.Conv1d(FEATURES, config.hidden, 1)
        self.gru = nn.GRU(config.hidden, config.hidden, batch_first=True)
        self.leave = nn.Conv1d(2 * config.hidden, config.outputs, 1)
        self.hidden = config.hidden
        with torch.no_grad():  # a falling spectrum to begin with
            assert self.leave.bias is not None
            k = torch.arange(1, config.harmonics + 1).float()
            self.leave.bias[: config.harmonics] = -0.9 * torch.log(k)
            self.leave.bias[config.harmonics :] = -4.0

    def init_state(self, voices: int) -> Tensor:
        return torch.zeros(1, self.hidden, voices)

    def sequence(self, x: Tensor) -> Tensor:
        """Features [B, T, 6] -> logits [B, T, 120], from rest: how it is trained."""
        entered = F.leaky_relu(self.enter(x.transpose(1, 2)), SLOPE)
        past, _ = self.gru(entered.transpose(1, 2))
        return self.leave(torch.cat([entered, past.transpose(1, 2)], dim=1)).transpose(1, 2)

    def forward(self, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """One hop of all voices: features [1, 6, V] -> logits [1, 120, V]: how it is played.

        The GRU is spelt out as products over columns, one per voice (torch's own formulas).
        """
        entered = F.leaky_relu(self.enter(x), 0.2)
        new = F.conv1d(entered, self.gru.weight_ih_l0[:, :, None], self.gru.bias_ih_l0)
        old = F.conv1d(past, self.gru.weight_hh_l0[:, :, None], self.gru.bias_hh_l0)
        n = self.hidden
        reset = torch.sigmoid(new[:, :n] + old[:, :n])
        keep = torch.sigmoid(new[:, n : 2 * n] + old[:, n : 2 * n])
        fresh = torch.tanh(new[:, 2 * n :] + reset * old[:, 2 * n :])
        past = fresh + keep * (past - fresh)
        return self.leave(torch.cat([entered, past], dim=1)), past


class Reed(nn.Module):
    """The whole instrument; `config.voices` voices, of which the last follows the input."""

    multiple: Tensor
    tone: Tensor
    share: Tensor
    kinds: Tensor
    slope: Tensor
    offset: Tensor

    def __init__(self, config: ReedConfig) -> None:
        super().__init__()
        self.config = config
        self.colour = Colour(config)
        self.tracker = Tracker(config.sample_rate)
        self.control = Control(config)
        self.wave = Wave(config.harmonics, config.hop, config.sample_rate)
        self.hiss = Hiss(config.bands, config.sample_rate)
        self.room = Room(config.hop, config.sample_rate)
        # Of what the network says, harmonics first: the multiple of the pitch (0 for noise),
        # whether it is a tone, and how much power there is in an amplitude of 1.
        tone = (torch.arange(config.outputs) < config.harmonics).float()
        self.register_buffer("tone", tone, persistent=False)
        self.register_buffer("multiple", tone * torch.arange(1, len(tone) + 1), persistent=False)
        self.register_buffer("share", (1.0 - 0.5 * tone)[:, None], persistent=False)
        kinds = torch.arange(len(KINDS)).float()
        self.register_buffer("kinds", kinds[None, :, None], persistent=False)
        # `features` as slopes and offsets, of the note and of the natural logarithm of the size.
        slope = torch.tensor([1 / 12, 20 / math.log(10.0) / 12])
        offset = torch.tensor([-MIDDLE / 12, -USUAL_DB / 12])
        self.register_buffer("slope", slope[None, :, None], persistent=False)
        self.register_buffer("offset", offset[None, :, None], persistent=False)
        self.hop, self.voices, self.harmonics = config.hop, config.voices, config.harmonics
        self.bright, self.timbre = place("brightness"), place("timbre")
        self.breath, self.reverb = place("breath"), place("room")

    def init_state(self) -> list[Tensor]:
        """Silence: the tracker's three, the control's three, then as `step` numbers them."""
        voices, config = self.voices, self.config
        return [
            *self.tracker.init_state(),
            *self.control.init_state(),
            self.colour.init_state(voices),  # 6
            torch.zeros(voices, 1),  # 7: pitch in Hz
            torch.zeros(voices, 1),  # 8: phase in turns
            torch.zeros(voices, WIDTH),  # 9: the last period
            torch.zeros(1, config.bands),  # 10: the bands' powers
            torch.zeros(1, 128),  # 11: the noise's tail
            torch.zeros(1, 1),  # 12: the room's gain
            *self.room.init_state(),  # 13..15
        ]

    def knobs(self, **turned: float) -> Tensor:
        """All knobs [18] at their defaults but for those turned, by id, in units."""
        values = torch.tensor([knob.default for knob in KNOBS])
        for id, value in turned.items():
            values[place(id)] = value
        return values

    def draws(self, hops: int, seed: int) -> Tensor:
        """Random numbers for so many hops, [1, 512, hops]."""
        return torch.randn(1, 512, hops, generator=torch.Generator().manual_seed(seed))

    def forward(
        self, x: Tensor, knobs: Tensor, draws: Tensor, state: list[Tensor]
    ) -> tuple[Tensor, list[Tensor]]:
        """Input [1, 1, hops * hop], knobs [18], draws [1, 512, hops] -> sound [1, 1, hops * hop].

        Knobs stay for the call: a block of two hops hears them turned at its beginning.
        """
        made: list[Tensor] = []
        for i in range(x.shape[2] // self.hop):
            heard = x[:, :, i * self.hop : (i + 1) * self.hop]
            y, state = self.step(heard, knobs, draws[:, :, i], state)
            made.append(y)
        return torch.cat(made, dim=1)[None], state

    def step(
        self, x: Tensor, knobs: Tensor, draws: Tensor, state: list[Tensor]
    ) -> tuple[Tensor, list[Tensor]]:
        """One hop: x [1, 1, hop], draws [1, 512] -> [1, hop]."""
        heard, voiced, tracked = self.tracker(x, state[0:3])
        note, size, controlled = self.control(knobs, x, heard, state[3:6])
        timbre = knobs[self.timbre : self.timbre + 1]
        kinds = torch.relu(1.0 - (self.kinds - timbre).abs())
        bright = knobs[self.bright : self.bright + 1][None, None]
        same = torch.cat([bright, kinds], dim=1).expand(1, 4, self.voices)
        own = torch.stack([note, torch.log(size + 1e-4)], dim=1)
        own = own * self.slope + self.offset
        logits, past = self.colour(torch.cat([own, same], dim=1), state[6])
        hz = torch.exp(note.t() * (math.log(2.0) / 12.0)) * (440.0 * 2.0 ** (-69.0 / 12.0))
        breath = torch.exp(knobs[self.breath : self.breath + 1] * (math.log(10.0) / 20.0))
        voicing = torch.cat([torch.ones_like(state[7][1:]), voiced], dim=0)
        mix = self.tone * (voicing - breath) + breath
        heights = self.scaled(logits.transpose(1, 2)[0], hz, size.t(), mix)
        table = heights[:, : self.harmonics] @ self.wave.shapes
        # A voice that was silent begins at its pitch; one that sounds goes there within the hop.
        before = torch.where(state[3].t() > 1e-4, state[7], hz)
        both = torch.cat([state[9], table], dim=1)
        tones, turns = self.wave(both, hz, before, state[8])
        bands = heights[:, self.harmonics :]
        powers = (bands * bands).sum(dim=0, keepdim=True)
        noise, kept, tail = self.hiss(powers[:, None], draws[:, None], state[10], state[11])
        dry = tones.sum(dim=[0, 1, 2])[None] + noise
        wet, rooms = self.room(dry, state[13:16])
        # A copy: what is kept must not move with the knobs.
        room = knobs[self.reverb : self.reverb + 1][None].clone()
        gain = state[12] * self.wave.ways[0] + room * self.wave.ways[1]
        after = [past, hz, turns, table, kept, tail, room]
        return dry + gain * wet, tracked + controlled + after + rooms

    def scaled(self, logits: Tensor, hz: Tensor, size: Tensor, mix: Tensor) -> Tensor:
        """Amplitudes of harmonics and bands [..., 120] that have the RMS `size` [..., 1] in all.

        `hz` [..., 1] says which harmonics can be heard; `mix` [..., 120] is a gain for each.
        """
        below = ((20000.0 - hz * self.multiple) * (1.0 / 2000.0)).clamp(0.0, 1.0)
        heights = torch.exp(logits.clamp(-12.0, 6.0)) * below * mix
        total = (heights * heights) @ self.share
        return heights * (size / torch.sqrt(total + 1e-12))

    def sequence(
        self, note: Tensor, size: Tensor, bright: Tensor, timbre: Tensor, draws: Tensor
    ) -> Tensor:
        """One voice in a dry room, whole sounds [B, T * hop] at once: how it is trained.

        note, size, bright, timbre [B, T] at the hops' ends; draws [B, T, 512].
        """
        logits = self.colour.sequence(features(note, size, bright, timbre))
        hz = 440.0 * torch.exp((note - 69.0) * (math.log(2.0) / 12.0))
        heights = self.scaled(logits, hz[..., None], size[..., None], torch.ones_like(self.tone))
        powers = heights[..., self.harmonics :].square()
        first, tail = powers.new_zeros(len(powers), powers.shape[2]), powers.new_zeros(1, 128)
        noise, _, _ = self.hiss(powers, draws, first, tail.expand(len(powers), 128))
        return self.wave.sequence(heights[..., : self.harmonics], hz) + noise


def untrained(config: ReedConfig, seed: int) -> Reed:
    """The network as training begins."""
    torch.manual_seed(seed)
    return Reed(config)


def note_hz(note: float) -> float:
    """The pitch of a MIDI note, fractions allowed, in Hz."""
    return float(440.0 * np.exp2((note - 69.0) / 12.0))
