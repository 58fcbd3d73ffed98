"""Noise: reproducible, scaled where it may be, and of the promised distribution."""

import numpy as np
import pytest

from device.engine.engine import Engine
from device.engine.noise import Noise
from tests.bundles import tiny_noise
from tests.device.engine.playing import play, table

SILENCE = np.zeros((0, 256 * 40), np.float32)


def test_two_engines_with_one_seed_are_equal_and_with_two_are_not():
    one, same, other = (play(Engine(tiny_noise(), seed=s), SILENCE) for s in (7, 7, 8))
    np.testing.assert_array_equal(one, same)
    assert (one != other).mean() > 0.99


def test_the_amount_scales_normal_noise_and_leaves_uniform_noise():
    plain, half, none = (
        play(Engine(tiny_noise()), SILENCE, table(noise_amount=a)) for a in (1.0, 0.5, 0.0)
    )
    np.testing.assert_allclose(half[0], plain[0] / 2, atol=1e-6)
    assert not none[0].any()
    np.testing.assert_array_equal(half[1], plain[1])
    np.testing.assert_array_equal(none[1], plain[1])


def test_it_has_the_promised_distributions():
    normal, uniform = (np.zeros((1, 1, 40_000), np.float32) for _ in range(2))
    Noise([(uniform, "uniform"), (normal, "normal")], seed=0).draw(1.0)
    assert normal.mean() == pytest.approx(0.0, abs=0.02)
    assert normal.std() == pytest.approx(1.0, abs=0.02)
    assert uniform.min() >= 0.0
    assert uniform.max() < 1.0
    assert uniform.mean() == pytest.approx(0.5, abs=0.01)


def test_every_block_is_new():
    out = play(Engine(tiny_noise()), SILENCE)
    assert not np.allclose(out[:, :256], out[:, 256:512], atol=1e-3)
