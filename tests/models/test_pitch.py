"""The pitch that measures use, on tones whose pitch is known."""

import pytest
import torch

from models.brook.measure import tone
from models.pitch import cents, pitch_hz

RATE = 48000


@pytest.mark.parametrize("freq", [82.4, 220.0, 447.3, 1318.5])
@pytest.mark.parametrize("partials", [1, 12])
def test_a_tone_has_its_pitch(freq, partials):
    x = tone(torch.full((RATE // 2,), freq), RATE, partials)[0, 0]
    assert cents(pitch_hz(x, RATE), torch.tensor(freq)).abs().max() < 5


def test_noise_and_silence_have_none():
    noise = 0.1 * torch.randn(RATE // 2, generator=torch.Generator().manual_seed(1))
    assert torch.isnan(pitch_hz(noise, RATE)).double().mean() > 0.9
    assert torch.isnan(pitch_hz(torch.zeros(RATE // 2), RATE)).all()


def test_an_octave_is_1200_cents():
    assert float(cents(torch.tensor(440.0), torch.tensor(220.0))) == pytest.approx(1200)
