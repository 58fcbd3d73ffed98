"""Attributes with a range stay knobs; others are frozen as before; odd ones are refused."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from convert.assemble import make_step
from convert.export import export
from convert.knobs import anywhere, defaults, knobs_of, turn
from convert.lift import lift
from convert.model_file import ModelFile
from convert.products import emit_product
from convert.timemajor import to_time_major
from convert.verify import verify
from device.errors import ConvertError
from tests.convert.scripted import opened


class Smoothed(nn.Module):
    """A one-frame delay line, mixed in by `transpose` and turned up by `gain`."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("line", torch.zeros(1, 1, 2))
        self.register_buffer("gain", torch.tensor([0.5]))
        self.register_buffer("transpose", torch.tensor([0.25]))
        self.register_buffer("unused", torch.tensor([1.0]))
        self.gain_range = [0.0, 2.0]
        self.gain_label = "Gain"
        self.gain_unit = "times"
        self.transpose_range = [0.1, 1.0]
        self.transpose_warp = "exponential"
        self.unused_range = [0.0, 1.0]

    def forward(self, x: Tensor) -> Tensor:
        joined = torch.cat([self.line, x], -1)
        self.line.copy_(joined[..., -2:])
        late = joined[..., :-2].transpose(1, 2).contiguous().transpose(1, 2)
        return self.gain * (x + late * self.transpose)


def with_attributes(module: nn.Module, *names: str) -> ModelFile:
    model = opened(module)
    held: dict[str, Any] = {name: getattr(model.module, name) for name in names}
    return dataclasses.replace(model, attributes=held)


@pytest.fixture
def model() -> ModelFile:
    return with_attributes(Smoothed(), "gain", "transpose", "unused")


def test_a_knob_has_the_range_that_the_file_says(model: ModelFile) -> None:
    gain, transpose, _ = (knob.parameter for knob in knobs_of(model))
    assert (gain.id, gain.label, gain.unit, gain.warp) == ("gain", "Gain", "times", "linear")
    assert (gain.minimum, gain.maximum, gain.default) == (0.0, 2.0, 0.5)
    assert (transpose.warp, transpose.label) == ("exponential", "transpose")


def test_a_knob_that_nothing_uses_is_left_out(model: ModelFile) -> None:
    lifted = lift(model, "forward", 8)
    assert [knob.parameter.id for knob in lifted.knobs] == ["gain", "transpose"]


@pytest.mark.slow
def test_a_knob_is_an_input_of_the_step_even_if_its_name_is_an_operators(model: ModelFile) -> None:
    lifted = lift(model, "forward", 8)
    floating = to_time_major(export(lifted), lambda b, x, p: emit_product(b, x, p, "float"))
    step = make_step(lifted, floating)
    assert step.inputs["gain"].tolist() == [0.5]
    x = np.random.default_rng(0).standard_normal((1, 1, 8)).astype(np.float32)
    step.inputs["audio"][...] = x
    step.inputs["gain"].fill(2.0)
    step.inputs["transpose"].fill(1.0)
    step.run()
    late = np.concatenate([np.zeros((1, 1, 2), np.float32), x[..., :-2]], -1)
    np.testing.assert_allclose(step.outputs["output"], 2 * (x + late), atol=1e-6)


@pytest.mark.slow
def test_a_turned_model_and_a_turned_step_play_alike(model: ModelFile) -> None:
    lifted = lift(model, "forward", 8)
    floating = to_time_major(export(lifted), lambda b, x, p: emit_product(b, x, p, "float"))
    signal = np.random.default_rng(1).standard_normal((1, 80)).astype(np.float32)
    assert verify(model, lifted, floating, signal).error < 1e-6
    # Afterwards the model's knobs stand where they did.
    assert model.module.gain.tolist() == [0.5]


def test_anywhere_is_within_the_range(model: ModelFile) -> None:
    knobs = knobs_of(model)
    for seed in range(50):
        for value, knob in zip(anywhere(knobs, seed), knobs, strict=True):
            assert knob.parameter.minimum <= value <= knob.parameter.maximum


def test_turning_and_turning_back(model: ModelFile) -> None:
    knobs = knobs_of(model)
    turn(knobs, [1.5, 0.3, 0.0])
    assert model.module.gain.tolist() == [1.5]
    turn(knobs, defaults(knobs))
    assert model.module.gain.tolist() == [0.5]


def test_a_plain_number_is_no_knob() -> None:
    class Plain(Smoothed):
        def __init__(self) -> None:
            super().__init__()
            self.loudness = 0.5
            self.loudness_range = [0.0, 1.0]

    model = with_attributes(Plain(), "loudness", "gain")
    assert [knob.parameter.id for knob in knobs_of(model)] == ["gain"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"gain_range": [1.0, 2.0]}, "is 0.5 in a range of 1 to 2"),
        ({"gain_range": [2.0, 0.0]}, "has to lie"),
        ({"gain_range": [0.0, 1.0, 2.0]}, "a range is two numbers"),
        ({"gain_warp": "cubic"}, "linear or exponential"),
        ({"gain_warp": "exponential"}, "begins above 0"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], sentence: str) -> None:
    module = Smoothed()
    for name, value in changes.items():
        setattr(module, name, value)
    with pytest.raises(ConvertError, match=sentence):
        knobs_of(with_attributes(module, "gain"))


@pytest.mark.parametrize("name", ["audio", "noise_1", "cached_0", "dry_wet", "latent_bias_0"])
def test_a_name_that_is_taken_is_refused(name: str) -> None:
    module = Smoothed()
    module.register_buffer(name, torch.tensor([0.5]))
    setattr(module, f"{name}_range", [0.0, 1.0])
    with pytest.raises(ConvertError, match="has a name that Ondine uses itself"):
        knobs_of(with_attributes(module, name))


def test_too_many_are_refused() -> None:
    module = Smoothed()
    names = [f"knob_{i}x" for i in range(33)]
    for name in names:
        module.register_buffer(name, torch.tensor([0.5]))
        setattr(module, f"{name}_range", [0.0, 1.0])
    with pytest.raises(ConvertError, match="33 attributes with a range; a bundle holds 32"):
        knobs_of(with_attributes(module, *names))
