"""Onsets are counted where something begins, and nowhere else."""

import pytest
import torch

from models.eddy.events import onset_times_s, onsets_per_s

RATE = 48000
T = torch.arange(4 * RATE) / RATE
NOISE = 0.1 * torch.randn(len(T), generator=torch.Generator().manual_seed(0))


def gate(*begins_s: float) -> torch.Tensor:
    """1 for a tenth of a second from each moment, else 0."""
    return sum(((begin <= T) & (begin + 0.1 > T)).float() for begin in begins_s)


@pytest.mark.parametrize("sound", [NOISE, 0.3 * torch.sign(torch.sin(2 * torch.pi * 220 * T))])
def test_bursts_are_counted_and_timed(sound):
    begins = [0.0, 0.5, 1.13, 1.4, 3.2]
    found = onset_times_s(sound * gate(*begins), RATE)
    assert len(found) == len(begins)
    torch.testing.assert_close(found, torch.tensor(begins), rtol=0, atol=0.025)


def test_the_level_does_not_matter():
    sound = NOISE * gate(0.5, 1.0, 2.0)
    assert len(onset_times_s(0.1 * sound, RATE)) == len(onset_times_s(sound, RATE)) == 3


@pytest.mark.parametrize(
    "sound", [torch.zeros(len(T)), NOISE * T / 4, NOISE * torch.exp(-T).flip(0)]
)
def test_what_is_silent_or_swells_has_no_onset(sound):
    assert len(onset_times_s(sound, RATE)) == 0


def test_the_rate_is_over_all_sounds():
    two = torch.stack([NOISE * gate(0.5, 1.5, 2.5), torch.zeros(len(T))])
    assert onsets_per_s(two, RATE) == pytest.approx(3 / 8)
