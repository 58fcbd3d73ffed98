"""The drum engine on the box: equal to what it was trained as, and what of it can be asked."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from device.bundle import read_bundle, write_bundle
from device.errors import BundleError, ControlError
from device.pads import hearing, layout
from device.pads.generator import FARTHEST, PEAK, Generator, kind_named, shipped
from device.pads.layout import CLASSES, FRAMES, LATENTS, NOISE_DB, SIZE
from device.pads.shot import heard_frames, noise_bands, render
from models.drums import grid, listen, play, shots
from models.drums.net import CLOUDS


@pytest.fixture(scope="module")
def engine() -> Generator:
    return Generator(shipped())


@pytest.fixture(scope="module")
def bands() -> np.ndarray:
    return noise_bands(np.random.default_rng(1).standard_normal(FRAMES))


def test_the_box_and_training_mean_the_same_by_every_number() -> None:
    for name in (
        "SAMPLE_RATE", "FRAMES", "TIMES", "MODES", "BANDS", "FLOOR_DB", "BASE_HZ", "LOW_PLACES",
        "SIZE", "FEATURES", "BODY_DB", "BODY_OCTAVES", "MODE_PLACE", "MODE_DB", "MODE_DECAY",
        "NOISE_DB",
    ):  # fmt: skip
        assert getattr(layout, name) == getattr(grid, name), name
    for name in ("TIME_S", "BAND_EDGES_HZ", "MODE_EDGES_HZ", "LOW_HZ"):
        np.testing.assert_array_equal(getattr(layout, name), getattr(grid, name))
    assert layout.CLASSES == shots.CLASSES
    assert layout.CLOUDS == CLOUDS


def test_what_the_box_plays_equals_what_training_plays(engine: Generator) -> None:
    white = np.random.default_rng(1).standard_normal(FRAMES)
    bands, rng = noise_bands(white), np.random.default_rng(2)
    for kind in range(len(CLASSES)):
        latents = engine.random(kind, rng)
        engine.make(latents)
        numbers = engine._decode.outputs["numbers"][0].astype(float)
        made, wanted = render(numbers, bands), play.play(numbers, white)
        # It ends where nothing is heard any more, with a short fade.
        end = len(made) - 240 if len(made) < FRAMES else FRAMES
        np.testing.assert_allclose(made[:end], wanted[:end], atol=2e-5)
        assert np.abs(wanted[end:]).max(initial=0.0) < 2e-3


def test_what_the_box_hears_equals_what_training_hears() -> None:
    for index in range(7):
        sound, _ = shots.shot(21, index)
        np.testing.assert_allclose(hearing.listen(sound), listen.listen(sound), atol=1e-6)


@pytest.mark.slow
def test_it_knows_the_classes_of_shots_it_never_heard(engine: Generator) -> None:
    pairs = [shots.shot(22, index) for index in range(42)]
    found = [int(engine.encode(sound)[1].argmax()) for sound, _ in pairs]
    assert np.mean([a == b for a, (_, b) in zip(found, pairs, strict=True)]) > 0.9


def test_random_drums_are_mostly_of_their_class(engine: Generator) -> None:
    rng, right = np.random.default_rng(3), 0
    for kind in range(len(CLASSES)):
        for _ in range(6):
            sound = engine.make(engine.random(kind, rng), int(rng.integers(1 << 30)))
            right += int(engine.encode(sound)[1].argmax()) == kind
    assert right > 0.7 * 42


def test_a_drum_is_clean(engine: Generator) -> None:
    rng = np.random.default_rng(4)
    for kind in range(len(CLASSES)):
        sound = engine.make(engine.random(kind, rng), 5)
        assert sound.dtype == np.float32
        assert 240 <= len(sound) <= FRAMES
        assert np.abs(sound).max() == pytest.approx(PEAK, rel=1e-5)
        assert abs(float(sound.mean())) < 0.01
        assert np.abs(sound[-20:]).max() < 1e-3


def test_a_seed_is_a_stroke_and_the_same_seed_the_same_one(engine: Generator) -> None:
    latents = engine.random(1, np.random.default_rng(0))
    first, again, other = (engine.make(latents, seed) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    a, b = (engine.encode(sound)[0] for sound in (first, other))
    c = engine.encode(engine.make(engine.random(5, np.random.default_rng(0))))[0]
    assert np.linalg.norm(a - b) < np.linalg.norm(a - c)


def test_varying_goes_as_far_as_it_says(engine: Generator) -> None:
    latents = engine.random(0, np.random.default_rng(0))
    near, far = (
        np.mean(
            [
                np.linalg.norm(engine.vary(latents, amount, np.random.default_rng(n)) - latents)
                for n in range(20)
            ]
        )
        for amount in (0.1, 1.0)
    )
    assert far == pytest.approx(10 * near, rel=0.02)
    np.testing.assert_array_equal(engine.vary(latents, 0.0, np.random.default_rng(0)), latents)


def test_mixing_by_weights(engine: Generator) -> None:
    a, b = np.full(LATENTS, 1.0), np.full(LATENTS, -1.0)
    np.testing.assert_allclose(engine.mix([(a, 1.0), (b, 1.0)]), 0.0)
    np.testing.assert_allclose(engine.mix([(a, 3.0), (b, 1.0)]), 0.5)
    np.testing.assert_allclose(engine.mix([(a, 2.0), (b, -1.0)]), 3.0)
    # A difference is not divided by its sum of nothing.
    np.testing.assert_allclose(engine.mix([(a, 1.0), (b, -1.0)]), 2.0)
    assert np.abs(engine.mix([(a, 10.0), (b, -9.9)])).max() == FARTHEST


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), 11.0, -11.0])
def test_a_weight_that_is_none_is_refused(engine: Generator, weight: float) -> None:
    with pytest.raises(ControlError, match="-10 to 10"):
        engine.mix([(np.zeros(LATENTS), weight)])


def test_other_bad_wishes_are_refused(engine: Generator) -> None:
    with pytest.raises(ControlError, match="nothing to mix"):
        engine.mix([])
    for amount in (-0.1, 2.1, float("nan")):
        with pytest.raises(ControlError, match="0 to 2"):
            engine.vary(np.zeros(LATENTS), amount, np.random.default_rng(0))
    with pytest.raises(ControlError, match=r"snare"):
        kind_named("snar")


def test_latents_from_nowhere_still_make_a_finite_sound(engine: Generator) -> None:
    for bad in (np.full(LATENTS, np.nan), np.full(LATENTS, 1e30), np.full(LATENTS, -np.inf)):
        assert np.isfinite(engine.make(bad)).all()
    for sound in (np.zeros(0), np.zeros(100), np.full(100, 1e-9), np.ones(5), np.ones(300_000)):
        latents, kinds = engine.encode(sound.astype(np.float32))
        assert np.isfinite(latents).all()
        assert kinds.sum() == pytest.approx(1.0, abs=1e-5)


def test_silence_in_numbers_is_short_and_silent(bands: np.ndarray) -> None:
    numbers = np.zeros(SIZE)
    numbers[layout.BODY_DB] = numbers[layout.MODE_DB] = numbers[NOISE_DB] = -80.0
    assert heard_frames(numbers) < 500
    assert not render(numbers, bands).any()


def test_what_is_no_drum_engine_is_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.ondine"
    bad.write_bytes(b"nothing")
    with pytest.raises(BundleError):
        Generator(bad)
    whole = read_bundle(shipped())
    methods = {k: v for k, v in whole.manifest.methods.items() if k != "where"}
    import dataclasses

    manifest = dataclasses.replace(whole.manifest, methods=methods)
    write_bundle(bad, manifest, whole.members)
    with pytest.raises(BundleError, match="has no where"):
        Generator(bad)


def test_the_bundle_is_small_and_stored_plain() -> None:
    assert shipped().stat().st_size < 3e6
    with zipfile.ZipFile(shipped()) as archive:
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
