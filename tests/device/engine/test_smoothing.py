"""Glides: they arrive, exactly, and nothing on the way is a step."""

import numpy as np
import pytest

from device.engine.engine import Engine
from device.engine.latent import LatentEdits
from device.engine.smoothing import SMOOTH_S, Glide
from tests.bundles import tiny_autoencoder
from tests.device.engine.playing import RATE, play, table, tone


def glide(block, targets, rows=1):
    moving = Glide(rows, block, 1 / RATE)
    moving.move(np.zeros(rows))
    pieces = []
    for _ in range(round(0.2 * RATE / block)):
        moving.move(targets)
        pieces.append(moving.values.copy())
    return np.hstack(pieces)


@pytest.mark.parametrize("block", [1, 16, 64, 2048])
@pytest.mark.parametrize("target", [1.0, -6.0, 15.85, 1e-3])
def test_it_arrives_exactly(block, target):
    assert glide(block, np.array([target]))[0, -1] == np.float32(target)


@pytest.mark.parametrize("block", [16, 64, 256])
def test_it_is_a_one_pole_with_its_corners_joined(block):
    curve = glide(block, np.array([1.0]))[0]
    ends = np.arange(block, 0.05 * RATE, block).astype(int)
    np.testing.assert_allclose(curve[ends - 1], 1 - np.exp(-ends / RATE / SMOOTH_S), atol=1e-4)
    assert np.diff(curve).max() < 1.01 / (SMOOTH_S * RATE)
    assert np.diff(curve).min() > -1e-6


def test_the_first_move_does_not_glide():
    moving = Glide(2, 64, 1 / RATE)
    moving.move(np.array([3.0, -1.0]))
    np.testing.assert_array_equal(moving.values, np.repeat([[3.0], [-1.0]], 64, axis=1))
    moving.move(np.array([0.0, 0.0]))
    moving.reset()
    moving.move(np.array([5.0, 5.0]))
    np.testing.assert_array_equal(moving.values, 5.0)


def test_a_row_that_stands_still_is_not_touched_by_another_that_moves():
    curve = glide(64, np.array([1.0, 0.0]), rows=2)
    assert not curve[1].any()


@pytest.mark.parametrize("id", ["input_gain_db", "output_gain_db"])
def test_a_gain_knob_makes_no_step_in_the_sound(id):
    engine = Engine(tiny_autoencoder(delay=0))
    sound = tone(100.0, 48_128, 0.1)
    before = play(engine, sound[:, :24_064])
    after = play(engine, sound[:, 24_064:], table(**{id: 12.0}))
    out = np.hstack([before, after])[0]
    steepest = 2 * np.pi * 100 / RATE * 0.1 * 10 ** (12 / 20)
    assert np.abs(np.diff(out)).max() < 1.5 * steepest
    assert np.abs(after[0, -4800:]).max() == pytest.approx(0.1 * 10 ** (12 / 20), rel=0.01)


def test_latent_edits_glide_per_latent_step():
    edits = LatentEdits(2, 8, 0.002)
    latent = np.ones((1, 2, 8), np.float32)
    out = np.zeros_like(latent)
    edits.apply(latent, out, table())
    np.testing.assert_array_equal(out, latent)
    edits.apply(latent, out, table(latent_bias_1=1.0))
    np.testing.assert_array_equal(out[0, 0], 1.0)
    rises = np.diff(out[0, 1], prepend=1.0)
    # 16 ms at a time constant of 10 ms, in eight equal steps.
    np.testing.assert_allclose(rises, (1 - np.exp(-1.6)) / 8, rtol=1e-5)
    for _ in range(20):
        edits.apply(latent, out, table(latent_bias_1=1.0))
    np.testing.assert_array_equal(out[0, 1], 2.0)


def test_without_a_latent_the_bias_is_the_latent():
    edits = LatentEdits(2, 4, 0.002)
    out = np.full((1, 2, 4), 9.0, np.float32)
    edits.apply(None, out, table(latent_bias_0=0.5, latent_scale_0=4.0))
    np.testing.assert_array_equal(out[0], [[0.5] * 4, [0.0] * 4])
