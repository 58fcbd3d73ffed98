"""What is measured of a demonstration, and drawn, on sounds whose answers are known."""

import numpy as np
import pytest

from models.demos.colours import colours
from models.demos.measures import click, faults, loudness_lufs, measure, silent_share
from models.demos.picture import WIDTH, picture
from models.demos.script import Part
from models.demos.shown import Lane, Shown
from models.demos.spectrum import places, spectrogram_db

RATE = 48_000
TIME_S = np.arange(2 * RATE) / RATE


def tone(hz: float = 997.0, size: float = 1.0) -> np.ndarray:
    return size * np.sin(2 * np.pi * hz * TIME_S)


def test_loudness_is_that_of_the_recommendation() -> None:
    # BS.1770: a full sine of 997 Hz in one channel has -3.01 LUFS.
    assert loudness_lufs(tone()[None]) == pytest.approx(-3.01, abs=0.02)
    both = np.stack([tone(), tone()])
    assert loudness_lufs(both) == pytest.approx(0.0, abs=0.02)
    # Silence is gated away; low tones weigh less.
    gated = np.concatenate([tone(size=0.1), np.zeros(6 * RATE)])[None]
    assert loudness_lufs(gated) == pytest.approx(-23.0, abs=0.5)
    assert loudness_lufs(tone(30.0)[None]) < -10.0
    assert loudness_lufs(np.zeros((1, RATE))) == -np.inf
    assert loudness_lufs(np.ones((1, 100))) == -np.inf


def test_a_click_is_a_step_that_stands_alone() -> None:
    smooth, noise = tone(440.0, 0.3), np.random.default_rng(0).normal(0, 0.1, 5 * RATE)
    assert click(smooth) == 0.0
    assert click(noise) == 0.0
    stepped = smooth + 0.01 * (TIME_S > 1.0)
    assert click(stepped) == pytest.approx(0.01, rel=0.05)
    cut = np.where(TIME_S < 1.0003, smooth, 0.0)
    assert click(cut) > 0.1
    begun = np.where(TIME_S < 1.0003, 0.0, smooth)
    assert click(begun) == 0.0
    lonely = np.zeros(RATE)
    lonely[20_000] = 0.5
    assert click(lonely) >= 0.5
    assert click(np.zeros(3)) == 0.0


def test_silence_is_when_no_channel_is_heard() -> None:
    half = np.where(TIME_S < 1.0, tone(), 0.0)
    assert silent_share(np.stack([half, 0 * half])) == pytest.approx(0.5, abs=0.03)
    assert silent_share(np.stack([half, half[::-1]])) == pytest.approx(0.0, abs=0.03)
    assert silent_share(np.zeros((1, 10))) == 1.0


def test_faults_are_told_and_a_good_sound_has_none() -> None:
    good = tone(440.0, 0.2)
    assert faults(measure(good[None])) == []
    for bad, words in (
        (tone(440.0, 1.0), "peaks at"),
        (good + 0.01, "mean is"),
        (good + 0.1 * (TIME_S > 1.0), "clicks"),
        (np.where(TIME_S < 1.0, good, 0.0), "silent"),
        (tone(440.0, 1e-3), "loudness"),
        (np.full(RATE, np.nan), "not finite"),
    ):
        assert any(words in fault for fault in faults(measure(bad[None]))), words


@pytest.mark.parametrize("hz", [60.0, 250.0, 1000.0, 4000.0, 15_000.0])
def test_a_sine_is_where_it_is_and_as_loud(hz: float) -> None:
    levels = spectrogram_db(tone(hz, 0.5), RATE, 380, 40)
    assert levels.shape == (380, 40)
    middle = levels[:, 20]
    at = places(380)[middle.argmax()]
    # Rows are a quarter of a semitone apart; at 60 Hz a window holds ten turns.
    assert 12 * abs(np.log2(at / hz)) < 0.6
    assert middle.max() == pytest.approx(-6.0, abs=1.0)
    assert middle[np.abs(np.log2(places(380) / hz)) > 1.5].max() < -60.0
    assert spectrogram_db(np.zeros(RATE), RATE, 50, 10).max() == pytest.approx(-140.0)


def test_colours_grow_lighter_in_even_steps() -> None:
    table = colours(64)
    assert table.shape == (64, 3)
    assert table.dtype == np.uint8
    linear = np.where(
        table > 0.04045 * 255, ((table / 255 + 0.055) / 1.055) ** 2.4, table / 255 / 12.92
    )
    # CIE 1976 lightness, another scale than the one they were made by.
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    lightness = np.where(luminance > 0.008856, 116 * np.cbrt(luminance) - 16, 903.3 * luminance)
    steps = np.diff(lightness)
    assert (steps > 0).all()
    assert lightness[0] < 6.0
    assert lightness[-1] > 90.0
    assert steps.max() < 2.0 * np.median(steps)


def test_the_picture_has_a_panel_for_each_sound_and_a_lane_for_each_hand() -> None:
    sound = tone(440.0, 0.5).astype(np.float32)
    line = Lane("timbre", TIME_S[::480], np.linspace(0, 1, len(TIME_S[::480])), "0 .. 2")
    strikes = Lane("pad 1", np.array([0.1, 0.2]), np.array([1.0, 0.5]), strikes=True)
    parts = (Part(0.0, "a tone"), Part(1.0, "the same"))
    heard = sound[: RATE // 2]
    image = picture(Shown("tone", heard[None], heard, parts, (line, strikes), 0.0))
    assert image.width == WIDTH
    assert image.getpixel((WIDTH - 3, 3)) == (255, 255, 255)
    rows = np.asarray(image.convert("L"))[:, WIDTH // 2].astype(int)
    # Two dark panels, a tone in each of them, and lines on white paper below.
    assert np.mean(rows < 60) > 0.5
    tones = np.flatnonzero((rows[1:] > 170) & (rows[:-1] <= 170))
    assert len(tones) >= 4
    assert rows[-3] == 255
