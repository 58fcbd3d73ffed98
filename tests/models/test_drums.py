"""hail's parts: shots, their analysis, their playing, and a training that learns and resumes."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from models.drums.analyse import analyse
from models.drums.corpus import Shots, kind_of, overlaid, read_own, synthesised, trimmed
from models.drums.grid import (
    BASE_HZ,
    BODY_DB,
    BODY_OCTAVES,
    FEATURES,
    FRAMES,
    MODE_DB,
    MODE_DECAY,
    MODE_EDGES_HZ,
    MODE_PLACE,
    NOISE_DB,
    SAMPLE_RATE,
    SIZE,
    TIME_S,
)
from models.drums.listen import listen
from models.drums.measure import spectral_distance
from models.drums.net import LATENTS, Hail
from models.drums.play import play
from models.drums.shots import CLASSES, SHOT_S, shot
from models.drums.train import Course, DrumRecipe, settle

T = np.arange(SAMPLE_RATE) / SAMPLE_RATE


def whole(sound: np.ndarray) -> np.ndarray:
    return np.pad(sound, (0, FRAMES - len(sound))).astype(np.float32)


@pytest.fixture(scope="module")
def shots() -> Shots:
    return synthesised(3, 28, None)


@pytest.mark.parametrize("index", range(7))
def test_shots_are_what_they_say(index: int) -> None:
    sound, kind = shot(11, index)
    assert kind == index % len(CLASSES)
    assert sound.dtype == np.float32
    assert len(sound) <= SHOT_S * SAMPLE_RATE
    assert np.abs(sound).max() == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_array_equal(sound, shot(11, index)[0])
    assert not np.array_equal(sound[:500], shot(12, index)[0][:500])


def test_a_falling_sine_is_found_as_the_body() -> None:
    hz = 60 + 120 * np.exp(-T / 0.04)
    sound = np.sin(2 * np.pi * np.cumsum(hz) / SAMPLE_RATE) * np.exp(-T / 0.2)
    numbers = analyse(sound.astype(np.float32))
    at = np.flatnonzero((TIME_S > 0.03) & (TIME_S < 0.5))
    found = BASE_HZ * 2.0 ** numbers[BODY_OCTAVES][at]
    np.testing.assert_allclose(found, np.interp(TIME_S[at], T, hz), rtol=0.06)
    level = -8.686 * TIME_S[at] / 0.2
    assert np.abs(numbers[BODY_DB][at] - level).max() < 1.5
    assert numbers[NOISE_DB].reshape(-1, len(TIME_S))[:, at].max() < -40
    assert (numbers[BODY_DB][TIME_S > 1.9] < -66).all()


def test_a_bell_is_found_as_a_mode() -> None:
    sound = np.sin(2 * np.pi * 2500.0 * T) * np.exp(-T / 0.15)
    numbers = analyse(sound.astype(np.float32))
    mode = int(numbers[MODE_DB].argmax())
    low, high = MODE_EDGES_HZ[mode : mode + 2]
    assert low * (high / low) ** numbers[MODE_PLACE][mode] == pytest.approx(2500.0, rel=0.01)
    assert 10 ** numbers[MODE_DECAY][mode] == pytest.approx(0.15, rel=0.15)
    assert numbers[MODE_DB][mode] == pytest.approx(0.0, abs=1.5)
    assert numbers[BODY_DB].max() < -70


def test_noise_is_noise() -> None:
    sound = np.random.default_rng(0).standard_normal(len(T)) * np.exp(-T / 0.1)
    numbers = analyse((sound / np.abs(sound).max()).astype(np.float32))
    assert numbers[BODY_DB].max() < -70
    assert numbers[MODE_DB].max() < -70
    levels = numbers[NOISE_DB].reshape(-1, len(TIME_S))
    at = (TIME_S > 0.02) & (TIME_S < 0.4)
    slope = np.polyfit(TIME_S[at], levels[-6:, at].mean(axis=0), 1)[0]
    assert slope == pytest.approx(-86.9, rel=0.1)


def test_analysis_and_playing_bring_a_shot_back() -> None:
    white = np.random.default_rng(1).standard_normal(FRAMES)
    for index in range(7):
        sound = shot(13, index)[0]
        assert spectral_distance(play(analyse(sound), white), whole(sound)) < 7.0


def test_what_is_heard_does_not_depend_on_level() -> None:
    sound = shot(13, 1)[0]
    np.testing.assert_allclose(listen(sound), listen(0.1 * sound), atol=0.02)
    assert listen(sound).shape == (FEATURES,)
    assert np.isfinite(listen(np.zeros(0, np.float32))).all()


@pytest.mark.slow
def test_training_learns_and_a_cut_one_goes_on_as_if_it_were_not(
    shots: Shots, tmp_path: Path
) -> None:
    torch.set_num_threads(1)
    plan = DrumRecipe(steps=50, ear_steps=10, batch=16)
    run = Course(plan, shots)
    terms = [run.advance() for _ in range(plan.last)]
    assert terms[plan.steps - 1]["apart"] < 0.6 * terms[0]["apart"]
    first = Course(plan, shots)
    for _ in range(55):
        first.advance()
    first.save(tmp_path / "cut.pt")
    second = Course(plan, shots)
    second.load(tmp_path / "cut.pt")
    for _ in range(5):
        second.advance()
    for a, b in zip(run.net.parameters(), second.net.parameters(), strict=True):
        assert torch.equal(a, b)


def test_clouds_lie_where_the_shots_do(shots: Shots) -> None:
    net = Hail().eval()
    noise = np.random.default_rng(0).normal(0, 0.05, (4 * len(shots.kinds), FEATURES))
    features, kinds = np.repeat(shots.features, 4, axis=0), np.repeat(shots.kinds, 4)
    features = (features + noise).astype(np.float32)
    shots = Shots(features, features, np.repeat(shots.numbers, 4, axis=0), kinds, "")
    settle(net, shots, 0)
    with torch.no_grad():
        own = net.encoder(torch.from_numpy(shots.features[shots.kinds == 2]))[0]
        means, spreads, shares = net.where(torch.eye(len(CLASSES))[2:3])
    mean = (means.view(-1, LATENTS) * shares.view(-1, 1)).sum(dim=0)
    torch.testing.assert_close(mean, own.mean(dim=0), atol=1e-3, rtol=1e-3)
    assert shares.sum() == pytest.approx(1.0)
    assert (spreads >= 0).all()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("Kicks/909.wav", "kick"), ("loops/SD_12.wav", "snare"), ("hats/open 3.flac", "hat"),
        ("x/Crash.wav", "cymbal"), ("Snares/clap.wav", "clap"), ("a/tomato.wav", "tom"),
        ("bd.wav", "kick"), ("Cowbell.wav", "perc"),
    ],
)  # fmt: skip
def test_names_tell_classes(path: str, kind: str) -> None:
    assert CLASSES[kind_of(Path(path))] == kind


@pytest.mark.parametrize("path", ["x/12.wav", "absd/1.wav", "bdx.wav"])
def test_other_names_tell_none(path: str) -> None:
    assert kind_of(Path(path)) == -1


@pytest.mark.slow
def test_a_folder_of_own_shots_is_read(tmp_path: Path) -> None:
    for n in range(42):
        name = f"{CLASSES[n % 7]}_{n}.wav" if n < 30 else f"{n}.wav"
        late = np.concatenate([np.zeros(4800), 0.3 * shot(4, n)[0][:9600]])
        soundfile.write(tmp_path / name, late, 44_100)
    found = read_own(tmp_path)
    assert found.features.shape == (42, FEATURES)
    assert found.numbers.shape == (42, SIZE)
    assert (found.kinds >= 0).sum() == 30


def test_a_folder_that_cannot_be_learned_from_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a folder"):
        read_own(tmp_path / "none")
    with pytest.raises(ValueError, match="40 shots are the least"):
        read_own(tmp_path)
    for n in range(40):
        soundfile.write(tmp_path / f"{n}.wav", np.zeros(100), 48_000)
    with pytest.raises(ValueError, match="not silent"):
        read_own(tmp_path)


def test_a_shot_among_others_is_over_a_tail_and_ended_by_the_next() -> None:
    rng = np.random.default_rng(0)
    sound, other = np.zeros(9_600, np.float32), np.zeros(96_000, np.float32)
    lengths = {len(overlaid(sound, other, rng)) for _ in range(40)}
    assert min(lengths) >= 0.12 * SAMPLE_RATE
    assert max(lengths) == FRAMES
    sound[:100] = 1.0
    found = [int(np.abs(overlaid(sound, other, rng)).argmax()) for _ in range(20)]
    assert max(found) <= 96 + 100


def test_trimming_begins_at_the_first_sound() -> None:
    sound = np.concatenate([np.zeros(1000), [0.001, 0.5, 0.2]]).astype(np.float32)
    np.testing.assert_allclose(trimmed(sound), [1.0, 0.4])
    assert not len(trimmed(np.zeros(10, np.float32)))


def test_parts_of_a_corpus_are_not_made_twice(tmp_path: Path) -> None:
    first = synthesised(3, 7, tmp_path)
    (kept,) = tmp_path.iterdir()
    stamp = kept.stat().st_mtime_ns
    again = synthesised(3, 7, tmp_path)
    np.testing.assert_array_equal(first.numbers, again.numbers)
    assert kept.stat().st_mtime_ns == stamp
