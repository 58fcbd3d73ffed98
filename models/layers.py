"""Causal layers whose memory is an argument: `forward(x, state) -> (y, state)`.

Cutting a signal into blocks and carrying the state gives the same samples as one long call. The
layers hold weights only; `init_state(batch)` says what silence before the beginning looks like.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SLOPE = 0.2  # of every leaky ReLU


class CausalConv(nn.Module):
    """x [B, C_in, T] -> [B, C_out, T], looking back (kernel - 1) * dilation steps.

    The state is the end of the last block, [B, C_in, (kernel - 1) * dilation].
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int = 1) -> None:
        super().__init__()
        if kernel < 2:
            raise ValueError(f"kernel is {kernel}; a kernel of 1 has no memory, use nn.Conv1d")
        self.conv = nn.Conv1d(inputs, outputs, kernel, dilation=dilation)
        self.inputs = inputs
        self.context = (kernel - 1) * dilation

    def init_state(self, batch: int = 1) -> Tensor:
        return torch.zeros(batch, self.inputs, self.context)

    def forward(self, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        x = torch.cat([past, x], dim=2)
        return self.conv(x), x[:, :, x.shape[2] - self.context :]


class Residual(nn.Module):
    """x + mix(conv(x)): a dilated convolution and a 1x1, beside the straight way through."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.past = CausalConv(channels, channels, 3, dilation)
        self.mix = nn.Conv1d(channels, channels, 1)
        self.act = nn.LeakyReLU(SLOPE)

    def init_state(self, batch: int = 1) -> Tensor:
        return self.past.init_state(batch)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        y, state = self.past(self.act(x), state)
        return x + self.mix(self.act(y)), state


def overlap_add(frames: Tensor, tail: Tensor) -> tuple[Tensor, Tensor]:
    """Finish a transposed convolution of kernel 2r and stride r; return (y, next tail).

    frames   |---- this block ----|- tail -|     [B, C, T * r + r]
    tail     |- last -|                          [B, C, r]
    y        |---- this block ----|              [B, C, T * r]
    """
    length = frames.shape[2] - tail.shape[2]
    y = frames[:, :, :length] + F.pad(tail, (0, length - tail.shape[2]))
    return y, frames[:, :, length:]


class CausalUpsample(nn.Module):
    """x [B, C_in, T] -> [B, C_out, T * ratio] with a kernel of 2 * ratio.

    The state is the half of the last kernel that reaches into the next block, [B, C_out, ratio].
    """

    def __init__(self, inputs: int, outputs: int, ratio: int) -> None:
        super().__init__()
        shape = nn.ConvTranspose1d(inputs, outputs, 2 * ratio, stride=ratio)
        self.weight = shape.weight
        # The bias stays outside the convolution: added to the frames it would count twice where
        # they overlap.
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.outputs = outputs
        self.ratio = ratio

    def init_state(self, batch: int = 1) -> Tensor:
        return torch.zeros(batch, self.outputs, self.ratio)

    def forward(self, x: Tensor, tail: Tensor) -> tuple[Tensor, Tensor]:
        frames = F.conv_transpose1d(x, self.weight, stride=self.ratio)
        y, tail = overlap_add(frames, tail)
        return y + self.bias[:, None], tail
