"""A small nn~ module of our own, with the habits that make a module convertible or not.

Follows the conventions nn~ reads from a TorchScript file (acids-ircam/nn_tilde): methods listed by
`get_methods()` with int64 buffers `<method>_params = [in_channels, in_ratio, out_channels,
out_ratio]` and label lists, attributes that are tuples behind `get_X` / `set_X`. It needs torch
alone; nothing of nn_tilde is used. It is not RAVE: a delay, a filter and a tremolo, whose three
states are a float delay line, a convolution's past and one int64 scalar.

    module = build("static")        # a torch.jit.ScriptModule; module.save("static.ts")

`static` can be recorded into a pure step; every other kind breaks that in one way of its own.
"""

import math

import torch
from torch import nn
from torch.jit import Final

SAMPLE_RATE_HZ = 44100
DELAY_FRAMES = 96  # longer than a 64-frame block: the line must survive several
TAPS, DILATION = 5, 2
TREMOLO_FRAMES = 4410
BANDS, HOP_FRAMES = 4, 64


class Tremolo(nn.Module):
    """`process`: `[1, 1, T]` → `[1, 1, T]`; `analyse`: `[1, 1, T]` → `[1, 4, T / 64]`.

    process(x)[t] = gain · tremolo(t) · tanh(filter(x))[t] + x[t - 96] / 2, or x where `bypass` is
    set (the states then stand still). analyse gives log(1 + |band|) per 64 frames.
    """

    # TorchScript reads no module-level number: these become constants of the graph.
    dilation: Final[int]
    cycle: Final[int]
    hop: Final[int]

    def __init__(self) -> None:
        super().__init__()
        self.dilation, self.cycle, self.hop = DILATION, TREMOLO_FRAMES, HOP_FRAMES
        draw = torch.Generator().manual_seed(7)
        self._methods = ["process", "analyse"]
        self._attributes = ["gain", "bypass"]
        self.sr = SAMPLE_RATE_HZ
        self.gain = (0.8,)
        self.bypass = (False,)
        self.register_buffer("gain_params", torch.tensor([2]))  # nn~'s number for a float
        self.register_buffer("bypass_params", torch.tensor([0]))  # and for a bool
        self.register_buffer("process_params", torch.tensor([1, 1, 1, 1]))
        self.process_input_labels = ["(signal) input"]
        self.process_output_labels = ["(signal) output"]
        self.register_buffer("analyse_params", torch.tensor([1, 1, BANDS, HOP_FRAMES]))
        self.analyse_input_labels = ["(signal) input"]
        self.analyse_output_labels = [f"(signal) band {i + 1}" for i in range(BANDS)]

        self.register_buffer("taps", torch.randn(1, 1, TAPS, generator=draw))
        self.register_buffer("bands", torch.randn(BANDS, 1, 2 * HOP_FRAMES, generator=draw) / 8)
        self.register_buffer("past", torch.zeros(1, 1, (TAPS - 1) * DILATION))
        self.register_buffer("delay", torch.zeros(1, 1, DELAY_FRAMES))
        self.register_buffer("analysis_past", torch.zeros(1, 1, HOP_FRAMES))
        self.register_buffer("elapsed", torch.tensor(0))  # frames, modulo TREMOLO_FRAMES

    def colour(self, x: torch.Tensor) -> torch.Tensor:
        """Return `x` `[1, 1, T]` as it is: what the other kinds change."""
        return x

    @torch.jit.export
    def process(self, x: torch.Tensor) -> torch.Tensor:
        if self.bypass[0]:
            return x
        frames = x.shape[-1]
        padded = torch.cat([self.past, x], -1)
        self.past.copy_(padded[..., frames:])
        filtered = torch.tanh(torch.conv1d(padded, self.taps, dilation=[self.dilation]))

        line = torch.cat([self.delay, x], -1)
        self.delay.copy_(line[..., frames:])
        echo = line[..., :frames]

        clock = (self.elapsed + torch.arange(frames)) % self.cycle
        depth = 0.75 + 0.25 * torch.sin(clock * (2.0 * math.pi / self.cycle))
        self.elapsed.copy_((self.elapsed + frames) % self.cycle)
        return self.colour(self.gain[0] * depth * filtered + 0.5 * echo)

    @torch.jit.export
    def analyse(self, x: torch.Tensor) -> torch.Tensor:
        padded = torch.cat([self.analysis_past, x], -1)
        self.analysis_past.copy_(padded[..., -self.hop :])
        return torch.log1p(torch.conv1d(padded, self.bands, stride=[self.hop]).abs())

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return self._methods

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        return self._attributes

    @torch.jit.export
    def get_gain(self) -> float:
        return self.gain[0]

    @torch.jit.export
    def set_gain(self, gain: float) -> int:
        self.gain = (gain,)
        return 0

    @torch.jit.export
    def get_bypass(self) -> bool:
        return self.bypass[0]

    @torch.jit.export
    def set_bypass(self, bypass: bool) -> int:
        self.bypass = (bypass,)
        return 0


class BranchesOnInput(Tremolo):
    """Halves a loud block: what is recorded depends on the sound that was recorded."""

    def colour(self, x: torch.Tensor) -> torch.Tensor:
        if x.abs().max() > 0.5:
            x = 0.5 * x
        return x


class BranchesOnState(Tremolo):
    """Flips the sign for half of every tremolo cycle, by reading its own counter."""

    def colour(self, x: torch.Tensor) -> torch.Tensor:
        if int(self.elapsed.item()) > self.cycle // 2:
            x = -x
        return x


class Unexportable(Tremolo):
    """Shapes every sample by a Bessel function: ONNX has no such operator."""

    def colour(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.special.bessel_j0(x)


class Random(Tremolo):
    """Adds faint noise drawn inside the graph, which the converter turns into an input."""

    def colour(self, x: torch.Tensor) -> torch.Tensor:
        return x + 0.01 * torch.randn_like(x) + 0.01 * (torch.rand(x.shape) - 0.5)


KINDS: dict[str, type[Tremolo]] = {
    "static": Tremolo,
    "branches_on_input": BranchesOnInput,
    "branches_on_state": BranchesOnState,
    "unexportable": Unexportable,
    "random": Random,
}


def build(kind: str = "static") -> torch.jit.ScriptModule:
    """Return a freshly scripted module of one of `KINDS`, its states at zero.

    Raises ValueError for a kind that does not exist.
    """
    if kind not in KINDS:
        raise ValueError(f"no module of kind {kind!r}; there are: {', '.join(KINDS)}")
    return torch.jit.script(KINDS[kind]().eval())
