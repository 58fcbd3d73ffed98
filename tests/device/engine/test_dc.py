"""The DC blocker equals the plain recursion, whatever the block."""

import numpy as np
import pytest
from scipy.signal import lfilter

from device.engine.dc import CUTOFF_HZ, DcBlocker
from tests.device.engine.playing import RATE, noise


@pytest.mark.parametrize("block", [1, 7, 32, 100, 256, 2048])
@pytest.mark.parametrize("channels", [1, 2])
def test_it_is_the_recursion(block, channels):
    sound = noise(channels, 8192 - 8192 % block) + np.float32(0.5)
    a = 1 - np.exp(-2 * np.pi * CUTOFF_HZ / RATE)
    wanted = sound - lfilter([a], [1, a - 1], sound.astype(np.float64))
    blocker = DcBlocker(channels, block, RATE)
    out = sound.copy()
    for at in range(0, out.shape[1], block):
        blocker.process(out[:, at : at + block])
    np.testing.assert_allclose(out, wanted, atol=5e-6)


def test_silence_after_sound_becomes_exact_silence():
    blocker = DcBlocker(1, 256, RATE)
    blocker.process(np.ones((1, 256), np.float32))
    block = np.zeros((1, 256), np.float32)
    for _ in range(200):
        block[...] = 0.0
        blocker.process(block)
    assert not block.any()
