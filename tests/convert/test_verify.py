"""A step that is not its source is refused, however small the difference."""

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from convert.export import export
from convert.lift import Lifted, lift
from convert.model_file import ModelFile, Signature
from convert.products import emit_product
from convert.timemajor import TimeMajorStep, to_time_major
from convert.verify import Parity, verify, worst_error
from device.errors import ConvertError
from tests.convert.scripted import opened


class Filter(torch.nn.Module):
    """A cached convolution of 8 channels to 8, and tanh."""

    def __init__(self) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(3)
        self.register_buffer("taps", 0.2 * torch.randn(8, 8, 3, generator=draw))
        self.register_buffer("past", torch.randn(1, 8, 2, generator=draw))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        joined = torch.cat([self.past, x], -1)
        self.past.copy_(joined[..., -2:])
        return torch.tanh(torch.conv1d(joined, self.taps))


SOUND = np.random.default_rng(1).standard_normal((8, 320)).astype(np.float32)


@pytest.fixture(scope="module")
def filter_model() -> ModelFile:
    return opened(Filter(), forward=Signature(8, 1, 8, 1))


@pytest.fixture(scope="module")
def lifted(filter_model: ModelFile) -> Lifted:
    return lift(filter_model, "forward", 16)


@pytest.fixture(scope="module")
def exported(lifted: Lifted) -> onnx.ModelProto:
    return export(lifted)


def rewritten(exported: onnx.ModelProto) -> TimeMajorStep:
    return to_time_major(exported, lambda b, x, p: emit_product(b, x, p, "float"))


def test_the_right_step_passes_from_both_starts(
    filter_model: ModelFile, lifted: Lifted, exported: onnx.ModelProto
) -> None:
    parity = verify(filter_model, lifted, rewritten(exported), SOUND)
    assert parity.blocks == 20
    assert parity.starts == ("zero", "exported")
    assert 0 <= parity.error <= 1e-6


def test_one_changed_weight_is_refused(
    filter_model: ModelFile, lifted: Lifted, exported: onnx.ModelProto
) -> None:
    wrong = onnx.ModelProto()
    wrong.CopyFrom(exported)
    kernel = next(w for w in wrong.graph.initializer if list(w.dims) == [8, 8, 3])
    values = numpy_helper.to_array(kernel).copy()
    values[2, 5, 1] += 1e-3
    kernel.CopyFrom(numpy_helper.from_array(values, kernel.name))
    with pytest.raises(ConvertError, match="`forward` would not play as the model does") as caught:
        verify(filter_model, lifted, rewritten(wrong), SOUND)
    assert "No bundle was written" in str(caught.value)


def test_the_worst_of_several_counts() -> None:
    parities = [Parity("a", 64, 24, error, ("zero",)) for error in (1e-7, 3e-6, 2e-6)]
    assert worst_error(parities) == 3e-6
    assert worst_error([]) == 0.0
