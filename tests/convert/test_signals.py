"""What a model is measured on: right rate, length and channels, and sentences for bad folders."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from convert.signals import built_in_set, calibration_audio, latent_walk
from device.errors import ConvertError

RATE = 22_050


@pytest.mark.parametrize(("rate", "seconds", "channels"), [(44_100, 4.0, 1), (16_000, 20.0, 2)])
def test_the_built_in_set_has_the_asked_length(rate: int, seconds: float, channels: int) -> None:
    audio = calibration_audio(None, rate, channels, seconds)
    assert audio.shape == (channels, int(seconds * rate))
    assert audio.dtype == np.float32
    assert 0.3 < np.abs(audio).max() <= 1.0


def test_the_built_in_set_is_varied_and_always_the_same() -> None:
    one, two = built_in_set(RATE), built_in_set(RATE)
    assert np.array_equal(one, two)
    levels = [float(part.std()) for part in np.array_split(one, 36)]
    assert min(levels) == 0.0
    assert max(levels) > 0.2


def tone(path: Path, rate: int, seconds: float, channels: int = 1) -> None:
    t = np.arange(int(rate * seconds)) / rate
    gains = 0.5 / (1 + np.arange(channels))
    soundfile.write(path, np.sin(2 * np.pi * 440 * t)[:, None] * gains, rate)


def test_sounds_of_other_rates_are_resampled(tmp_path: Path) -> None:
    tone(tmp_path / "fast.wav", 48_000, 1.0)
    audio = calibration_audio(tmp_path, RATE, 1, 1.0)
    assert audio.shape == (1, RATE)
    spectrum = np.abs(np.fft.rfft(audio[0]))
    assert np.argmax(spectrum) == 440


def test_channels_are_repeated_or_left_out(tmp_path: Path) -> None:
    tone(tmp_path / "stereo.wav", RATE, 1.0, channels=2)
    audio = calibration_audio(tmp_path, RATE, 3, 1.0)
    assert np.array_equal(audio[0], audio[2])
    assert np.allclose(audio[1], audio[0] / 2, atol=1e-4)
    assert calibration_audio(tmp_path, RATE, 1, 1.0).shape[0] == 1


def test_a_short_folder_is_repeated_and_folders_inside_are_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    tone(tmp_path / "in" / "a.FLAC", RATE, 0.6)
    assert calibration_audio(tmp_path, RATE, 1, 2.0).shape == (1, 2 * RATE)


def test_an_empty_or_missing_folder_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(ConvertError, match="no WAV, FLAC or AIFF files in"):
            calibration_audio(folder, RATE, 1, 1.0)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav", RATE, 1.0)
    (tmp_path / "b.wav").write_bytes(b"RIFF of nothing")
    with pytest.raises(ConvertError, match=r"cannot read .*b\.wav to calibrate on"):
        calibration_audio(tmp_path, RATE, 1, 1.0)


def test_too_little_sound_is_refused(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav", RATE, 0.2)
    with pytest.raises(ConvertError, match="less than half a second"):
        calibration_audio(tmp_path, RATE, 1, 1.0)


def test_a_file_without_a_frame_is_no_sound(tmp_path: Path) -> None:
    tone(tmp_path / "a.wav", RATE, 0.0)
    with pytest.raises(ConvertError, match="less than half a second"):
        calibration_audio(tmp_path, RATE, 1, 1.0)


def test_a_walk_of_latents_is_slow_and_of_unit_variance() -> None:
    walk = latent_walk(8, 2000)
    assert walk.shape == (8, 2000)
    assert 0.7 < walk.std() < 1.3
    assert np.diff(walk).std() < 0.6 * walk.std()
