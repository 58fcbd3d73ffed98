"""Distances of signals, worked out by hand."""

import numpy as np
import pytest

from convert.distances import log_spectral_distance_db, peak_error, snr_db


def test_snr_of_a_tenth_is_20_db() -> None:
    x = np.array([[3.0, -4.0]], np.float32)
    assert snr_db(x, 1.1 * x) == pytest.approx(20, abs=1e-3)
    assert snr_db(x, -x) == pytest.approx(-6.02, abs=0.01)


def test_snr_of_equals_is_large_and_finite() -> None:
    x = np.ones((1, 4), np.float32)
    assert 100 < snr_db(x, x) < 1000


def test_snr_leaves_out_what_the_reference_could_not_answer() -> None:
    x = np.array([3.0, np.nan, -4.0])
    assert snr_db(x, np.array([3.3, np.nan, -4.4])) == pytest.approx(20)
    assert np.isnan(snr_db(x, np.array([3.3, 0.0, np.nan])))


def test_peak_error_is_a_share_of_the_reference() -> None:
    a = np.array([0.0, 4.0, -8.0])
    assert peak_error(a, a + np.array([0.0, 0.4, 0.0])) == pytest.approx(0.05)
    assert peak_error(a, a) == 0.0


def test_peak_error_where_one_is_not_finite() -> None:
    a = np.array([1.0, np.nan, 2.0])
    assert peak_error(a, np.array([1.0, np.nan, 2.5])) == 0.25
    assert peak_error(a, np.array([1.0, 2.0, 2.0])) == float("inf")
    assert peak_error(np.full(3, np.nan), np.full(3, np.nan)) == 0.0


def test_half_as_loud_is_6_db_everywhere() -> None:
    noise = np.random.default_rng(0).standard_normal((2, 8192))
    assert log_spectral_distance_db(noise, 0.5 * noise) == pytest.approx(6.02, abs=0.05)
    assert log_spectral_distance_db(noise, noise) == 0.0


def test_what_lies_below_the_floor_is_not_heard() -> None:
    sine = np.sin(2 * np.pi * 0.05 * np.arange(8192))[None]
    hiss = 1e-7 * np.random.default_rng(0).standard_normal((1, 8192))
    assert log_spectral_distance_db(sine, sine + hiss) < 0.01


def test_a_signal_shorter_than_a_window_is_measured() -> None:
    noise = np.random.default_rng(0).standard_normal((1, 500))
    assert log_spectral_distance_db(noise, 2 * noise) == pytest.approx(6.02, abs=0.05)
