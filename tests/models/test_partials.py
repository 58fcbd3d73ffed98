"""Gliding partials: one sine stays one sine, wherever it goes and however it is cut."""

import pytest
import torch
from torch import Tensor

from models.brook.grid import HISSING, PARTIALS, REACH, centres_hz, gaps_hz
from models.brook.partials import SLOTS, Partials

RATE, HOP = 48000, 512
HOPS = 60


@pytest.fixture(scope="module")
def partials() -> Partials:
    torch.set_num_threads(1)
    return Partials(RATE, HOP)


def placed(freqs_hz: Tensor, amplitude: float) -> tuple[Tensor, Tensor]:
    """Amplitudes and bends [1, 160, hops] of one sine that goes through `freqs_hz` [hops]."""
    away = (freqs_hz[None] - torch.from_numpy(centres_hz())[:, None]) / torch.from_numpy(gaps_hz())[
        :, None
    ]
    amplitudes = torch.where(away.abs() <= 0.5, amplitude, 0.0)
    return amplitudes[None].float(), (away / REACH).clamp(-1, 1)[None].float()


def play(partials: Partials, amplitudes: Tensor, bends: Tensor, block: int = HOPS) -> Tensor:
    hops = amplitudes.shape[2]
    still, draws = torch.zeros(1, HISSING, hops), torch.zeros(1, 2 * HISSING, hops)
    swell = torch.ones(1, SLOTS, hops)
    state, parts = partials.init_state(), []
    for at in range(0, hops, block):
        cut = slice(at, at + block)
        y, state = partials(
            amplitudes[..., cut], bends[..., cut], still[..., cut], draws[..., cut],
            swell[..., cut], state,
        )  # fmt: skip
        parts.append(y)
    return torch.cat(parts, dim=2)[0, 0]


@pytest.mark.parametrize("freq", [55.0, 233.1, 1000.0, 7777.0])
def test_a_steady_partial_is_a_sine_of_its_frequency_and_amplitude(partials, freq):
    y = play(partials, *placed(torch.full((HOPS,), freq, dtype=torch.double), 0.4))[4 * HOP :]
    t = torch.arange(len(y), dtype=torch.double) / RATE
    wave = torch.stack([torch.cos(2 * torch.pi * freq * t), torch.sin(2 * torch.pi * freq * t)])
    fit = torch.linalg.lstsq(wave.T, y.double()[:, None]).solution
    assert float(fit.norm()) == pytest.approx(0.4, rel=1e-3)
    assert (wave.T @ fit - y.double()[:, None]).abs().max() < 2e-3


def test_a_glide_is_handed_from_place_to_place_without_a_seam(partials):
    freqs = 300 * 2 ** torch.linspace(0, 2, HOPS, dtype=torch.double)
    y = play(partials, *placed(freqs, 0.4))[4 * HOP :]
    level = y.unfold(0, 640, 64).square().mean(dim=1).sqrt()
    assert level.max() / level.min() < 1.1
    # The second difference of a sine is its amplitude times the square of its angular speed.
    steepest = 0.4 * (2 * torch.pi * 1200 / RATE) ** 2
    assert (y[2:] - 2 * y[1:-1] + y[:-2]).abs().max() < 1.03 * steepest


@pytest.mark.parametrize("block", [1, 2, 15])
def test_blocks_equal_the_whole(partials, block):
    generator = torch.Generator().manual_seed(1)
    amplitudes = torch.rand(1, PARTIALS, HOPS, generator=generator) * 0.01
    amplitudes = amplitudes * (torch.rand(1, PARTIALS, HOPS, generator=generator) > 0.5)
    bends = torch.rand(1, PARTIALS, HOPS, generator=generator) * 2 - 1
    whole, parts = play(partials, amplitudes, bends), play(partials, amplitudes, bends, block)
    torch.testing.assert_close(parts, whole, rtol=0, atol=5e-6)


def test_hiss_is_noise_around_the_place(partials):
    hops = 400
    hiss = torch.zeros(1, HISSING, hops)
    hiss[:, 60] = 0.3
    draws = torch.rand(1, 2 * HISSING, hops, generator=torch.Generator().manual_seed(2)) * 2 - 1
    nothing = torch.zeros(1, PARTIALS, hops)
    y, _ = partials(
        nothing, nothing, hiss, draws, torch.ones(1, SLOTS, hops), partials.init_state()
    )
    # Uniform draws for both parts, joined by straight lines: 2/9 of the square.
    assert float(y.square().mean()) == pytest.approx(2 / 9 * 0.3**2, rel=0.2)
    spectrum = torch.fft.rfft(y[0, 0]).abs().square()
    bins = torch.arange(len(spectrum)) * RATE / y.shape[2]
    near = (bins - float(centres_hz()[60])).abs() < 100
    assert spectrum[near].sum() / spectrum.sum() > 0.95


def test_the_swell_opens_and_closes_in_straight_lines(partials):
    amplitudes, bends = placed(torch.full((8,), 1000.0, dtype=torch.double), 0.4)
    swell = torch.ones(1, SLOTS, 8)
    swell[:, :, 4] = 0.0
    y, _ = partials(
        amplitudes, bends, torch.zeros(1, HISSING, 8), torch.zeros(1, 2 * HISSING, 8), swell,
        partials.init_state(),
    )  # fmt: skip
    y = y[0, 0]
    assert y[4 * HOP + 32 : 5 * HOP].abs().max() == 0
    assert y[3 * HOP : 4 * HOP].abs().max() > 0.39
    assert y.diff().abs().max() < 0.4 * 2 * torch.pi * 1000 / RATE + 0.4 / 32
