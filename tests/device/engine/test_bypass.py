"""The bypass: late by its delay, with a strip like every instrument's."""

import numpy as np
import pytest

from device.engine.bypass import Bypass
from device.engine.engine import Engine
from tests.bundles import tiny_autoencoder
from tests.device.engine.playing import RATE, noise, play, table

BLOCK = 256


@pytest.mark.parametrize("delay", [0, 1, 255, 700])
def test_it_is_what_an_instrument_of_that_delay_is_when_dry(delay: int) -> None:
    sound = noise(1, BLOCK * 8)
    dry = play(Engine(tiny_autoencoder(BLOCK, delay=delay)), sound, table(dry_wet=0.0))
    np.testing.assert_allclose(play(Bypass(RATE, BLOCK, 1, 1, delay), sound), dry, atol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
def test_nothing_bad_passes(bad: float) -> None:
    sound = noise(2, BLOCK * 8)
    sound[1, 300] = bad
    out = play(Bypass(RATE, BLOCK, 2, 2, 64), sound, table(output_gain_db=12.0))
    assert np.isfinite(out).all()
    assert np.abs(out).max() <= 10 ** (-1 / 20) * (1 + 1e-6)


def test_what_it_only_listened_to_is_heard_later() -> None:
    bypass = Bypass(RATE, BLOCK, 1, 1, BLOCK)
    sound = noise(1, BLOCK * 2)
    bypass.listen(sound[:, :BLOCK])
    out = np.zeros((1, BLOCK), np.float32)
    bypass.process(sound[:, BLOCK:], out, table())
    # All but what the DC blocker takes of it.
    np.testing.assert_allclose(out, sound[:, :BLOCK], atol=0.02)


def test_channels_are_mapped_and_a_reset_forgets() -> None:
    bypass = Bypass(RATE, BLOCK, 2, 1, BLOCK)
    sound = noise(2, BLOCK)
    out = np.zeros((1, BLOCK), np.float32)
    bypass.listen(sound)
    bypass.process(np.zeros_like(sound), out, table())
    np.testing.assert_allclose(out[0], sound.mean(0), atol=0.02)
    bypass.listen(sound)
    bypass.reset()
    bypass.process(np.zeros_like(sound), out, table())
    assert not out.any()
