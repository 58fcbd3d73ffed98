"""What steers a method by values is refused, and the sentence names the culprit."""

import pytest
import torch
from torch import Tensor, nn

from convert.lift import lift
from device.errors import ConvertError
from tests.convert.scripted import opened


class Gate(nn.Module):
    """A one-frame delay; each kind below decides by something else whether to halve it."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("line", torch.zeros(1, 1, 1))

    def turned(self, x: Tensor) -> Tensor:
        return x

    def forward(self, x: Tensor) -> Tensor:
        joined = torch.cat([self.line, self.turned(x)], -1)
        self.line.copy_(joined[..., -1:])
        return joined[..., :-1]


class ByInput(Gate):
    def turned(self, x: Tensor) -> Tensor:
        if float(x.sum()) > 1e9:
            x = 0.5 * x
        return x


class ByState(Gate):
    def turned(self, x: Tensor) -> Tensor:
        if float(self.line.max()) > 1e9:
            x = 0.5 * x
        return x


class ByStateThroughAView(Gate):
    """The value is written into a fresh tensor through a view of it, and read from there."""

    def turned(self, x: Tensor) -> Tensor:
        seen = torch.zeros(4)
        seen[1:2].copy_(self.line.view(1))
        if float(seen[1].item()) > 1e9:
            x = 0.5 * x
        return x


class ByDraw(Gate):
    def turned(self, x: Tensor) -> Tensor:
        if float(torch.rand(1).item()) > 2.0:
            x = 0.5 * x
        return x


class ByShape(Gate):
    """How many values are above zero is a shape here."""

    def turned(self, x: Tensor) -> Tensor:
        return x + 0.0 * torch.nonzero(x).shape[0]


@pytest.mark.parametrize(
    ("module", "operator", "culprit"),
    [
        (ByInput, "_local_scalar_dense", "the input"),
        (ByState, "_local_scalar_dense", "the buffer `line`"),
        (ByStateThroughAView, "_local_scalar_dense", "the buffer `line`"),
        (ByDraw, "_local_scalar_dense", "a random draw"),
        (ByShape, "nonzero", "the input"),
    ],
)
def test_frozen_control_flow_is_refused(
    module: type[nn.Module], operator: str, culprit: str
) -> None:
    with pytest.raises(ConvertError) as caught:
        lift(opened(module()), "forward", 8)
    sentence = str(caught.value)
    assert f"`forward` reads a value while it runs (aten::{operator})" in sentence
    assert f"depends on {culprit}" in sentence
    assert "torch.where" in sentence


def test_the_same_without_a_decision_is_accepted() -> None:
    assert len(lift(opened(Gate()), "forward", 8).states) == 1
