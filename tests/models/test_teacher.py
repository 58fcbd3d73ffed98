"""The teacher must name the tones that are really there."""

import pytest
import torch

from models.teacher import margin, tone_loss, tone_targets
from models.tones import frequencies_hz


@pytest.mark.parametrize("tone", [2, 20, 34, 35, 57, 58, 90, 127])
def test_a_sine_lights_its_own_tone(tone):
    t = torch.arange(2 * margin()) / 48000
    x = 0.3 * torch.sin(2 * torch.pi * float(frequencies_hz()[tone]) * t)
    targets = tone_targets(x[None, None], torch.tensor([margin()]), 48000)[0, :, 0]
    assert int(targets.argmax()) == tone
    assert targets[tone] == pytest.approx(0.3, rel=0.05)
    assert targets.sum() - targets[tone] < 0.01


def test_a_silent_tone_still_hears_its_teacher():
    logits = torch.tensor([[[-12.0], [0.0]]], requires_grad=True)
    wanted = torch.tensor([[[0.1], [0.0]]])
    for part in tone_loss(logits, wanted):
        logits.grad = None
        part.backward(retain_graph=True)
        silent, loud = logits.grad.flatten().tolist()
        assert silent < -0.2
        assert loud > 0.2


def test_the_right_tones_lose_less_than_the_wrong_ones():
    wanted = torch.zeros(1, 4, 3)
    wanted[:, 1] = 0.2
    right, wrong = torch.full((1, 4, 3), -8.0), torch.full((1, 4, 3), -8.0)
    right[:, 1] = wrong[:, 2] = 0.5
    for good, bad in zip(tone_loss(right, wanted), tone_loss(wrong, wanted), strict=True):
        assert good < bad
