"""The limiter alone: its ceiling, its silence about it, its release."""

import numpy as np
import pytest

from device.engine.limiter import RELEASE_DB_PER_S, Limiter
from tests.device.engine.playing import RATE, noise, tone


def limit(sound, ceiling, block):
    limiter = Limiter(len(sound), block, RATE)
    out = sound.copy()
    worked = []
    for at in range(0, out.shape[1] - block + 1, block):
        piece = out[:, at : at + block]
        peak, limited = limiter.process(piece, ceiling)
        assert peak == np.abs(piece).max()
        worked.append(limited)
    return out[:, : len(worked) * block], worked


@pytest.mark.parametrize("block", [1, 16, 33, 100, 256, 2048])
@pytest.mark.parametrize("level", [0.3, 1.0, 3.9])
def test_nothing_is_above_the_ceiling(block, level):
    out, _ = limit(noise(2, 8192, level=level), 0.5, block)
    assert np.abs(out).max() <= 0.5


def test_what_is_below_the_ceiling_is_not_touched():
    sound = noise(2, 4096, level=0.1)
    out, worked = limit(sound, 0.9, 256)
    np.testing.assert_array_equal(out, sound)
    assert not any(worked)


@pytest.mark.parametrize("block", [64, 100, 256, 2048])
def test_a_loud_tone_keeps_its_shape(block):
    """Its gain settles where the tone just fits, and its harmonics stay 40 dB below."""
    sound = tone(750.0, 48_000 - 48_000 % block, 2.0)
    out, _ = limit(sound, 0.5, block)
    steady = out[0, -6400:]
    spectrum = np.abs(np.fft.rfft(steady * np.hanning(len(steady))))
    fundamental = 750 * len(steady) // RATE
    others = np.delete(spectrum, range(fundamental - 3, fundamental + 4))
    assert steady.max() == pytest.approx(0.5, rel=0.01)
    assert others.max() < spectrum[fundamental] / 100


def test_gain_comes_back_at_the_stated_rate_and_in_full():
    block = 256
    quiet = np.full((1, 48_128), 0.1, np.float32)
    quiet[0, 5000] = 2.0
    out, worked = limit(quiet, 0.5, block)
    gain_db = 20 * np.log10(out[0, 5100:] / 0.1)
    lowest = gain_db[0]
    assert lowest == pytest.approx(20 * np.log10(0.25), abs=0.3)
    tenth = gain_db[4800]
    assert tenth - lowest == pytest.approx(RELEASE_DB_PER_S / 10, abs=0.2)
    assert out[0, -1] == np.float32(0.1)
    assert worked[0] is False
    assert worked[-1] is False


def test_gain_has_no_steps():
    """Bursts over a steady level: what moves in the steady part is gain alone."""
    sound = np.full((1, 12_800), 0.2, np.float32)
    sound[0, 1000::2000] = 3.0
    out, _ = limit(sound, 0.5, 256)
    steady = np.delete(out[0], np.arange(1000, 12_800, 2000))
    # From 1 to 1/6 within one segment of 32 frames at most.
    assert np.abs(np.diff(steady)).max() < 0.2 * (5 / 6) / 32 * 2.1


def test_a_channel_that_is_quiet_turns_down_with_the_loud_one():
    sound = np.vstack([tone(750.0, 9600, 2.0), tone(750.0, 9600, 0.2)])
    out, _ = limit(sound, 0.5, 256)
    np.testing.assert_allclose(out[1, 4800:] * 10, out[0, 4800:], atol=5e-3)
