"""brook's teacher must name the partials that are there, and call noise noise."""

import pytest
import torch

from models.brook.grid import REACH, centres_hz, gaps_hz
from models.brook.teacher import MARGIN, Targets, share_of, targets, teaching

CENTRES = MARGIN + 512 * torch.arange(5)
T = torch.arange(2 * MARGIN + 512 * 5) / 48000


@pytest.mark.parametrize("place", [3, 20, 33, 34, 35, 90, 150])
@pytest.mark.parametrize("lean", [-0.4, 0.0, 0.3])
def test_a_sine_lights_its_own_place_and_bends_it(place, lean):
    freq = float(centres_hz()[place] + lean * gaps_hz()[place])
    found = targets(0.3 * torch.sin(2 * torch.pi * freq * T), CENTRES, 48000)
    assert int(found.amplitudes[:, 2].argmax()) == place
    assert float(found.amplitudes[place, 2]) == pytest.approx(0.3, rel=0.05)
    assert float(found.amplitudes[:, 2].sum()) == pytest.approx(0.3, rel=0.1)
    off_hz = (float(found.bends[place, 2]) * REACH - lean) * gaps_hz()[place]
    assert abs(off_hz) < 0.6


def test_noise_is_hiss_and_no_tone():
    x = 0.1 * torch.randn(len(T), generator=torch.Generator().manual_seed(1))
    found = targets(x, CENTRES, 48000)
    tones, hiss = found.amplitudes.square().sum() / 2, found.hiss.square().sum() * 2 / 9
    # White noise has 3.2 / 24 of its power where partials hiss.
    assert float(hiss / 5) == pytest.approx(0.01 * 3.2 / 24, rel=0.5)
    assert tones < 0.3 * hiss
    assert float((found.noise[2:].square() / 48).sum() / 5) == pytest.approx(
        0.01 * 14 / 16, rel=0.3
    )


def test_a_silent_partial_still_hears_its_teacher():
    heads = [torch.full((1, n, 2), -6.0, requires_grad=True) for n in (160, 160, 96, 256)]
    wanted = Targets(
        torch.zeros(1, 160, 2), torch.zeros(1, 160, 2), torch.zeros(1, 96, 2),
        torch.zeros(1, 16, 2),
    )  # fmt: skip
    wanted.amplitudes[:, 40] = 0.2
    sum(teaching(heads, wanted).values()).backward()
    assert float(heads[0].grad[0, 40].mean()) < -1e-3
    assert float(heads[1].grad[0, 40].mean()) < 0  # bent far down, wanted in the middle


def test_shares_undo_the_gain():
    amplitude = torch.tensor([0.0, 0.001, 0.1, 0.5])
    torch.testing.assert_close(0.5 * share_of(amplitude) ** 2.3, amplitude)
