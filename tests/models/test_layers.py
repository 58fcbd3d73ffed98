"""Cutting a signal into blocks must not change it."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from models.layers import CausalConv, CausalUpsample, Residual
from models.pqmf import Analysis, Synthesis
from models.tones import TONES, TunedVoice

FRAMES = 480


def in_blocks(layer: Callable[..., tuple[Tensor, object]], x: Tensor, state: object, block: int):
    parts = []
    for piece in x.split(block, dim=2):
        y, state = layer(piece, state)
        parts.append(y)
    return torch.cat(parts, dim=2)


@pytest.mark.parametrize("block", [16, 48, 160])
@pytest.mark.parametrize(
    ("layer", "channels"),
    [
        (CausalConv(3, 5, kernel=4, dilation=3), 3),
        (Residual(4, dilation=9), 4),
        (CausalUpsample(3, 2, ratio=4), 3),
        (Analysis(), 1),
        (Synthesis(), 16),
    ],
    ids=["conv", "residual", "upsample", "analysis", "synthesis"],
)
def test_blocks_equal_the_whole(layer, channels, block):
    x = torch.randn(2, channels, FRAMES, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        whole, _ = layer(x, layer.init_state(2))
        parts = in_blocks(layer, x, layer.init_state(2), block)
    torch.testing.assert_close(parts, whole, rtol=0, atol=1e-5)


def test_a_state_keeps_its_shape():
    for layer, x in (
        (CausalConv(3, 5, kernel=4, dilation=3), torch.zeros(1, 3, 7)),
        (CausalUpsample(3, 2, ratio=4), torch.zeros(1, 3, 7)),
        (Analysis(), torch.zeros(1, 1, 32)),
        (Synthesis(), torch.zeros(1, 16, 2)),
    ):
        state = layer.init_state()
        _, after = layer(x, state)
        assert after.shape == state.shape


def test_convolution_by_hand():
    layer = CausalConv(1, 1, kernel=2, dilation=2)
    with torch.no_grad():
        layer.conv.weight.copy_(torch.tensor([[[10.0, 1.0]]]))
        layer.conv.bias.zero_()
        y, state = layer(torch.tensor([[[1.0, 2.0, 3.0]]]), torch.tensor([[[8.0, 9.0]]]))
    assert y.tolist() == [[[81.0, 92.0, 13.0]]]
    assert state.tolist() == [[[2.0, 3.0]]]


def test_a_kernel_without_memory_is_refused():
    with pytest.raises(ValueError, match=r"use nn\.Conv1d"):
        CausalConv(1, 1, kernel=1)


def test_filter_bank_gives_back_what_it_took():
    analysis, synthesis = Analysis(), Synthesis()
    x = torch.randn(1, 1, 9600, generator=torch.Generator().manual_seed(2))
    bands, _ = analysis(x, analysis.init_state())
    y, _ = synthesis(bands, synthesis.init_state())
    delay = analysis.context
    error = y[:, :, delay:] - x[:, :, :-delay]
    snr_db = 10 * torch.log10(x.square().mean() / error.square().mean())
    assert snr_db > 55
    assert bands.square().mean().sqrt() == pytest.approx(1.0, abs=0.05)  # levels are kept


def test_filter_bank_refuses_a_length_it_cannot_use():
    with pytest.raises(ValueError, match="multiple of the 16 bands"):
        Analysis(16, 250)


def test_tones_keep_their_phase_for_any_block_size():
    voice = TunedVoice(48000, 256)
    amplitudes = torch.rand(1, TONES, 600, generator=torch.Generator().manual_seed(3)) / TONES

    def sing(block: int) -> Tensor:
        state = voice.init_state()
        parts = []
        for piece in amplitudes.split(block, dim=2):
            y, state = voice(piece, state)
            parts.append(y)
        return torch.cat(parts, dim=2)

    torch.testing.assert_close(sing(1), sing(100), rtol=0, atol=2e-6)


def test_one_tone_is_a_steady_sine_of_its_amplitude():
    voice = TunedVoice(48000, 256)
    amplitudes = torch.zeros(1, TONES, 100)
    amplitudes[:, 36] = 0.5  # A4
    y, _ = voice(amplitudes, voice.init_state())
    spectrum = torch.fft.rfft(y[0, 0, 256 : 256 + 24000] * torch.hann_window(24000)).abs()
    assert int(spectrum.argmax()) * 2 == 440
    assert y[0, 0, 256:].abs().max() == pytest.approx(0.5, abs=1e-3)
