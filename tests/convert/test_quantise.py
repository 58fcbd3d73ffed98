"""A method in int8 keeps its promise of quality, or what breaks it stays in float."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from convert.assemble import make_step
from convert.distances import snr_db
from convert.export import export
from convert.lift import Lifted, lift
from convert.model_file import Signature
from convert.products import emit_product
from convert.quantise import SNR_DB, Quantised, quantise
from convert.stream import cut, play
from convert.timemajor import to_time_major
from tests.convert.scripted import opened


class Units(nn.Module):
    """Two convolutions of 32 channels after each other, and frames of unit length: 0 / 0 is NaN."""

    def __init__(self) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(3)
        self.register_buffer("first", 0.2 * torch.randn(32, 32, 3, generator=draw))
        self.register_buffer("second", 0.2 * torch.randn(32, 32, 1, generator=draw))
        self.register_buffer("past", torch.zeros(1, 32, 2))

    def mixed(self, x: Tensor) -> Tensor:
        return torch.conv1d(torch.tanh(torch.conv1d(x, self.first)), self.second)

    def forward(self, x: Tensor) -> Tensor:
        joined = torch.cat([self.past, x], -1)
        self.past.copy_(joined[..., -2:])
        y = self.mixed(joined)
        return y / (y * y).sum(1, keepdim=True).sqrt()


class Cancels(Units):
    """The small rest of two large products that nearly cancel: nothing for 8 bits."""

    def mixed(self, x: Tensor) -> Tensor:
        y = torch.tanh(torch.conv1d(x, self.first))
        nearly = self.second + 1e-4 * self.second.flip(0)
        return torch.conv1d(y, nearly) - torch.conv1d(y, self.second)


def quantised(module: nn.Module, signal: np.ndarray) -> tuple[Lifted, Quantised, np.ndarray]:
    """What became of the module, and its answer in float to `signal` [32, steps]."""
    lifted = lift(opened(module, forward=Signature(32, 1, 32, 1)), "forward", 16)
    exported = export(lifted)
    step = to_time_major(exported, lambda b, x, p: emit_product(b, x, p, "float"))
    found = quantise(lifted, exported, step, signal, signal[:, ::-1].copy())
    blocks = cut(signal, 16)
    return lifted, found, play(make_step(lifted, step), blocks, [[]] * len(blocks))


def noise() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((32, 16 * 24)).astype(np.float32)


@pytest.mark.parametrize("silence", [False, True])
def test_int8_keeps_its_promise_even_if_silence_gives_nan(silence: bool) -> None:
    signal = noise()
    if silence:
        signal[:, 64:128] = 0.0
    lifted, found, reference = quantised(Units(), signal)
    assert np.isnan(reference).any() == silence
    blocks = cut(signal, 16)
    made = play(make_step(lifted, found.step, "int8"), blocks, [[]] * len(blocks))
    assert found.snr_db >= SNR_DB
    assert snr_db(reference, made) >= SNR_DB - 1
    assert {choice.form for choice in found.choices} != {"float"}


@pytest.mark.slow
def test_what_8_bits_cannot_hold_stays_in_float() -> None:
    _, found, _ = quantised(Cancels(), noise())
    assert found.snr_db >= SNR_DB
    assert [choice.form for choice in found.choices][1:] == ["float", "float"]
