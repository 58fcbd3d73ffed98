"""What a model remembers: taken out of one that plays, put into another that goes on from it."""

import gc
import sys
import tracemalloc

import numpy as np
import pytest

from device.engine.chain import Chain
from device.engine.engine import Engine
from device.errors import BundleError
from device.params import default_values
from tests.bundles import tiny_autoencoder, tiny_breakable, tiny_decoder, tiny_effect
from tests.device.engine.playing import noise, play

BLOCK = 256


def run(chain, sound):
    """Blocks of `sound` [1, frames] through a chain: [1, frames], to the sample."""
    made = []
    for at in range(0, sound.shape[1], BLOCK):
        chain.heard[...] = sound[:, at : at + BLOCK]
        chain.run(default_values())
        made.append(chain.wet.copy())
    return np.concatenate(made, axis=1)


@pytest.mark.parametrize("bundle", [tiny_autoencoder(), tiny_effect(), tiny_breakable()])
@pytest.mark.parametrize("blocks", [1, 2, 5])
def test_a_model_goes_on_to_the_sample_as_if_it_had_never_stopped(bundle, blocks):
    sound = noise(1, 12 * BLOCK)
    whole = Chain(bundle, "fp32", 1, 0)
    expected = run(whole, sound)
    first, second = Chain(bundle, "fp32", 1, 0), Chain(bundle, "fp32", 1, 0)
    before = run(first, sound[:, : blocks * BLOCK])
    kept = {key: array.copy() for key, array in first.caches().items()}
    # It plays on meanwhile, and the other one has played something else.
    run(first, sound[:, :BLOCK])
    run(second, noise(1, (blocks % 2 + 1) * BLOCK, seed=2))
    for key, array in second.caches().items():
        np.copyto(array, kept[key])
    after = run(second, sound[:, blocks * BLOCK :])
    assert np.array_equal(np.concatenate([before, after], axis=1), expected)


def test_an_engine_says_first_what_the_other_had_still_to_say():
    first, second = Engine(tiny_autoencoder(delay=64)), Engine(tiny_autoencoder(delay=64))
    sound = noise(1, 8 * BLOCK)
    play(first, sound[:, : 4 * BLOCK])
    second.go_on_from(first.caches())
    # The same strip without any memory, given what lay in the caches.
    strip = Engine(tiny_autoencoder(delay=0))
    expected = play(strip, sound[:, 4 * BLOCK - 64 : 8 * BLOCK - 64])
    assert np.array_equal(play(second, sound[:, 4 * BLOCK :]), expected)


def test_int8_caches_go_on_too():
    bundle = tiny_autoencoder(int8=True)
    first, second = Engine(bundle, precision="int8"), Engine(bundle, precision="int8")
    sound = noise(1, 4 * BLOCK, level=0.1)
    play(first, sound)
    kept = first.caches()
    assert {array.dtype for array in kept.values()} == {np.dtype(np.int8)}
    second.go_on_from(kept)
    assert all(np.array_equal(kept[key], array) for key, array in second.caches().items())
    assert any(array.any() for array in kept.values())


def test_what_was_taken_out_is_a_copy():
    engine = Engine(tiny_autoencoder())
    play(engine, noise(1, BLOCK))
    kept = engine.caches()
    before = {key: array.copy() for key, array in kept.items()}
    play(engine, noise(1, 4 * BLOCK, seed=2))
    assert all(np.array_equal(kept[key], array) for key, array in before.items())


def test_what_a_player_gives_is_not_kept_hold_of():
    engine = Engine(tiny_autoencoder())
    kept = {key: np.ones_like(array) for key, array in engine.caches().items()}
    engine.go_on_from(kept)
    for array in kept.values():
        array.fill(0.0)
    assert play(engine, np.zeros((1, BLOCK), np.float32)).any()


@pytest.mark.parametrize(
    ("bundle", "precision"),
    [
        (tiny_effect(), "fp32"),
        (tiny_decoder(), "fp32"),
        (tiny_autoencoder(delay=128), "fp32"),
        (tiny_autoencoder(int8=True), "int8"),
    ],
)
def test_caches_of_another_model_or_precision_are_refused_and_nothing_is_touched(bundle, precision):
    engine, other = Engine(tiny_autoencoder()), Engine(bundle, precision=precision)
    play(engine, noise(1, 2 * BLOCK))
    before = engine.caches()
    with pytest.raises(BundleError, match=r"is not of tiny autoencoder \(fp32\) as it is today"):
        engine.go_on_from(other.caches())
    assert all(np.array_equal(before[key], array) for key, array in engine.caches().items())


def test_some_of_the_caches_are_not_enough():
    engine = Engine(tiny_autoencoder())
    some = dict(list(engine.caches().items())[:1])
    with pytest.raises(BundleError, match="save the scene again"):
        engine.go_on_from(some)
    with pytest.raises(BundleError, match="save the scene again"):
        engine.go_on_from({})


def test_a_model_without_memory_has_nothing_to_remember():
    engine = Engine(tiny_decoder())
    assert engine.caches() == {}
    engine.go_on_from({})


def test_caches_that_are_not_finite_are_muted_and_forgotten():
    engine = Engine(tiny_breakable())
    engine.go_on_from({k: np.full_like(a, np.nan) for k, a in engine.caches().items()})
    sound = noise(1, 6 * BLOCK)
    made = play(engine, sound)
    assert np.isfinite(made).all()
    assert not engine.repaired
    assert np.abs(made[:, -BLOCK:]).max() > 0.1


def test_to_remember_takes_no_memory():
    engine = Engine(tiny_autoencoder(64, delay=4000))
    arrays = engine.caches()
    for _ in range(100):
        engine.remember(arrays)
    gc.collect()
    gc.disable()
    try:
        blocks = sys.getallocatedblocks()
        for _ in range(2000):
            engine.remember(arrays)
        assert sys.getallocatedblocks() - blocks < 50
        tracemalloc.start()
        engine.remember(arrays)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    # A few names and iterators, and none of the 16 kB of caches.
    assert sum(array.nbytes for array in arrays.values()) == 16_000
    assert peak < 2000
