"""A filtered-noise synth's Fourier transforms become matrices; what is not linear stays."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from convert.fold import op_name
from convert.lift import Lifted, lift
from tests.convert.scripted import both, opened


class Line(nn.Module):
    """A one-frame delay, so that there is a state; `shaped` is what each kind is about."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("line", torch.zeros(1, 1, 1))

    def shaped(self, x: Tensor) -> Tensor:
        return x

    def forward(self, x: Tensor) -> Tensor:
        joined = torch.cat([self.line, x], -1)
        self.line.copy_(joined[..., -1:])
        return self.shaped(joined[..., :-1])


class FilteredNoise(Line):
    """Every 64 frames give 16 amplitudes, hence 30 taps, convolved with noise."""

    def shaped(self, x: Tensor) -> Tensor:
        amplitude = x.reshape(1, -1, 4, 16).abs().sum(2)
        spectrum = torch.view_as_complex(torch.stack([amplitude, torch.zeros_like(amplitude)], -1))
        response = torch.fft.irfft(spectrum)
        response = response.roll(15, -1) * torch.hann_window(30)
        response = functional.pad(response, (0, 34)).roll(-15, -1)
        noise = torch.rand_like(response) * 2.0 - 1.0
        longer = torch.fft.rfft(functional.pad(noise, (64, 0)))
        kernel = torch.fft.rfft(functional.pad(response, (0, 64)))
        return torch.fft.irfft(longer * kernel)[..., 64:].reshape(1, 1, -1)


class CroppedResponse(Line):
    """A response of 30 taps cropped to 8, by padding with a negative number."""

    def shaped(self, x: Tensor) -> Tensor:
        amplitude = x.reshape(1, -1, 16)
        spectrum = torch.view_as_complex(torch.stack([amplitude, torch.zeros_like(amplitude)], -1))
        response = torch.fft.irfft(spectrum).roll(15, -1) * torch.hann_window(30)
        cropped = functional.pad(response, (0, -22)).roll(-15, -1)
        return torch.cat([cropped, cropped], -1).reshape(1, 1, -1)


class Magnitudes(Line):
    """Zero-phase: the magnitude is no linear function of the sound."""

    def shaped(self, x: Tensor) -> Tensor:
        frames = x.reshape(1, -1, 16)
        return torch.fft.irfft(torch.fft.rfft(frames).abs()).reshape(1, 1, -1)


class Squares(Line):
    """The spectrum times itself: linear in neither factor alone."""

    def shaped(self, x: Tensor) -> Tensor:
        spectrum = torch.fft.rfft(x.reshape(1, -1, 16))
        return torch.fft.irfft(spectrum * spectrum).reshape(1, 1, -1)


def transforms(lifted: Lifted) -> int:
    return sum("fft" in op_name(node) for node in lifted.graph.graph.nodes)


@pytest.mark.parametrize("module", [FilteredNoise, CroppedResponse])
@pytest.mark.parametrize("block", [64, 256])
def test_a_noise_synth_is_matrices(module: type[nn.Module], block: int) -> None:
    model = opened(module())
    lifted = lift(model, "forward", block)
    assert transforms(lifted) == 0
    expected, made = both(model, lifted)
    assert (expected - made).abs().max() <= 1e-6 * expected.abs().max()


def test_what_is_not_linear_is_left_alone_or_still_right() -> None:
    for module in (Magnitudes(), Squares()):
        model = opened(module)
        expected, made = both(model, lift(model, "forward", 32))
        assert (expected - made).abs().max() <= 1e-6 * expected.abs().max()


def test_a_magnitude_spectrum_keeps_its_forward_transform() -> None:
    assert transforms(lift(opened(Magnitudes()), "forward", 32)) > 0
