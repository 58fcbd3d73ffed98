"""What must hold whatever comes in: finite, limited, muted where it broke, and alive again."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.engine.engine import Engine
from device.engine.guard import RUNAWAY
from tests.bundles import tiny_autoencoder, tiny_breakable
from tests.device.engine.playing import noise, play, table, tone

BLOCK = 256
ROUND_OFF = 1 + 1e-6


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30, -1e38])
def test_one_bad_input_sample_stays_one_sample(bad):
    sound = noise(1, BLOCK * 4)
    clean, dirty = sound.copy(), sound.copy()
    dirty[0, 300] = bad
    clean[0, 300] = np.clip(bad, -4.0, 4.0) if np.isfinite(bad) else 0.0
    engine = Engine(tiny_autoencoder())
    out = play(engine, dirty)
    np.testing.assert_array_equal(out, play(Engine(tiny_autoencoder()), clean))
    assert np.isfinite(engine.peak_in)


def test_nan_of_the_model_is_muted_counted_and_over_in_a_block():
    engine = Engine(tiny_breakable())
    sound = tone(375.0, BLOCK * 8)  # two cycles a block
    blocks = []
    for i in range(8):
        params = table(model_0=1.0 if i == 3 else 0.0)
        blocks.append(play(engine, sound[:, BLOCK * i : BLOCK * (i + 1)], params))
        assert engine.repaired == (i == 3)
    out = np.hstack(blocks)[0]
    assert np.isfinite(out).all()
    assert np.abs(blocks[2]).max() > 0.4
    # Muted: the last sample falls away in 5 ms, and nothing jumps on the way out and in again.
    assert np.abs(blocks[3][0, 240:]).max() < 0.1
    assert np.abs(np.diff(out)).max() < 0.1
    # The NaN did not stay in the model's cache.
    assert np.abs(blocks[5]).max() > 0.4


@pytest.mark.parametrize("fault", [{"model_0": 1.0}, {"model_1": 1.0}])
def test_a_model_that_stays_broken_is_silent_and_dry_goes_on(fault):
    """`fault` is NaN in the output, `trap` an error out of onnxruntime."""
    sound = noise(1, BLOCK * 8)
    engine = Engine(tiny_breakable())
    assert not play(engine, sound, table(**fault)).any()
    assert engine.repaired
    half = play(Engine(tiny_breakable()), sound, table(dry_wet=0.5, **fault))
    plain = play(Engine(tiny_autoencoder(delay=0)), sound)
    np.testing.assert_allclose(half, 0.5 * plain, atol=1e-6)
    assert play(engine, sound).any()
    assert not engine.repaired


# onnxruntime flushes denormals on the thread of the process's first session, and hypothesis
# refuses to draw what the processor then cannot hold.
def _db(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_subnormal=False)


_ENGINE = Engine(tiny_autoencoder(BLOCK, delay=100))


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    level=st.floats(0.0, 1e30, allow_subnormal=False),
    gains=st.tuples(_db(-60, 24), _db(-60, 12), _db(-24, 0)),
    bad=st.lists(
        st.tuples(st.integers(0, BLOCK * 4 - 1), st.sampled_from([np.nan, np.inf, -np.inf, 3e38])),
        max_size=5,
    ),
    wild=st.lists(
        st.tuples(st.integers(0, 40), st.floats(width=32, allow_subnormal=False)), max_size=3
    ),
)
def test_output_is_finite_and_within_the_ceiling(seed, level, gains, bad, wild):
    engine = _ENGINE
    engine.reset()
    names = ("input_gain_db", "output_gain_db", "limiter_ceiling_db")
    params = table(**dict(zip(names, gains, strict=True)))
    for slot, value in wild:
        params[slot] = value
    ceiling = 10 ** (np.clip(params[4], -24, 0) / 20) if np.isfinite(params[4]) else 10 ** (-1 / 20)
    sound = noise(1, BLOCK * 4, seed, min(level, 1e30))
    for at, value in bad:
        sound[0, at] = value
    out = play(engine, sound, params)
    assert np.isfinite(out).all()
    assert np.abs(out).max() <= ceiling * ROUND_OFF
    assert engine.peak_out <= ceiling * ROUND_OFF


def test_a_model_that_runs_away_is_muted_and_starts_afresh():
    """`fault` at 0.9 makes it ten times as loud, and what it feeds back grows by five a block."""
    engine = Engine(tiny_breakable())
    sound = tone(375.0, BLOCK * 60, 0.1)
    params = table(model_0=0.9)
    # At first it is only loud, which the limiter is for.
    play(engine, sound[:, : 2 * BLOCK], params)
    assert engine.limited
    assert not engine.repaired
    blocks = math.ceil(math.log(RUNAWAY, 5))
    for i in range(2, blocks + 2):
        out = play(engine, sound[:, BLOCK * i : BLOCK * (i + 1)], params)
        if engine.repaired:
            break
    assert engine.repaired
    assert np.abs(out[0, 240:]).max() < 0.1
    assert np.abs(play(engine, sound[:, : 2 * BLOCK])).max() < 0.2
    assert not engine.repaired


def test_it_says_when_it_limits():
    engine = Engine(tiny_autoencoder(delay=0))
    play(engine, tone(375.0, BLOCK, 0.5))
    assert not engine.limited
    play(engine, tone(375.0, BLOCK, 2.0))
    assert engine.limited
    play(engine, np.zeros((1, BLOCK * 200), np.float32))
    assert not engine.limited
