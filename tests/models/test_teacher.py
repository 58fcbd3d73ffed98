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
    logits = torch.full((1, 1, 1), -12.0, requires_grad=True)
    tone_loss(logits, torch.full((1, 1, 1), 0.1)).backward()
    assert logits.grad is not None
    assert logits.grad.item() < -0.4
