"""Sounds from files: any rate, any channels, and sentences for what is no sound."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from device.audio.sound import load_sound, parse_sound, silence, tone
from device.errors import AudioError


def sine(seconds: float, rate_hz: int, frequency_hz: float = 440.0) -> np.ndarray:
    """A sine at half scale, float32 [frames]."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return (0.5 * np.sin(2 * np.pi * frequency_hz * t)).astype(np.float32)


def test_a_file_of_the_right_shape_is_itself(tmp_path: Path) -> None:
    sound = np.stack([sine(0.1, 48_000), sine(0.1, 48_000, 660)])
    soundfile.write(tmp_path / "a.wav", sound.T, 48_000, subtype="FLOAT")
    loaded = load_sound(tmp_path / "a.wav", 2, 48_000)
    assert np.array_equal(loaded.audio, sound)
    assert not loaded.endless


def test_another_rate_is_resampled(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", sine(0.5, 44_100), 44_100, subtype="FLOAT")
    audio = load_sound(tmp_path / "a.wav", 1, 48_000).audio
    assert audio.shape == (1, 24_000)
    middle = slice(2_000, -2_000)
    assert np.abs(audio[0, middle] - sine(0.5, 48_000)[middle]).max() < 1e-4


def test_stereo_for_a_mono_model_is_averaged_and_mono_for_a_stereo_one_doubled(
    tmp_path: Path,
) -> None:
    left, right = sine(0.1, 48_000), sine(0.1, 48_000, 660)
    soundfile.write(tmp_path / "s.wav", np.stack([left, right]).T, 48_000, subtype="FLOAT")
    soundfile.write(tmp_path / "m.wav", left, 48_000, subtype="FLOAT")
    mono = load_sound(tmp_path / "s.wav", 1, 48_000).audio
    assert np.allclose(mono[0], (left + right) / 2, atol=1e-7)
    assert np.array_equal(load_sound(tmp_path / "m.wav", 2, 48_000).audio, [left, left])


def test_a_file_cut_short_plays_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, sine(1.0, 48_000), 48_000, subtype="PCM_16")
    path.write_bytes(path.read_bytes()[:48_044])
    audio = load_sound(path, 1, 48_000).audio
    assert audio.shape == (1, 24_000)
    assert np.abs(audio[0] - sine(0.5, 48_000)).max() < 1e-4


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "there is no sound file"),
        (b"", "cannot be read as sound"),
        (b"RIFF", "cannot be read as sound"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "cannot be read as sound"),
        (b"\x00\x01\x02" * 400, "cannot be read as sound"),
    ],
)
def test_what_is_no_sound_is_said(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    path = tmp_path / "a.wav"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AudioError, match=sentence) as caught:
        load_sound(path, 1, 48_000)
    assert str(path) in str(caught.value)


def test_an_empty_and_a_poisoned_file_are_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros((0, 1)), 48_000)
    with pytest.raises(AudioError, match="holds no sound"):
        load_sound(tmp_path / "empty.wav", 1, 48_000)
    soundfile.write(tmp_path / "nan.wav", np.array([0.0, np.nan]), 48_000, subtype="FLOAT")
    with pytest.raises(AudioError, match="no numbers"):
        load_sound(tmp_path / "nan.wav", 1, 48_000)


def test_a_tone_closes_on_itself() -> None:
    sound = tone(2, 48_000, 441)
    block = np.zeros((2, 96_000), np.float32)
    sound.fill(block, 24_000)
    expected = 0.25 * np.sin(2 * np.pi * 441 * (np.arange(96_000) + 24_000) / 48_000)
    assert np.abs(block - expected).max() < 1e-6


def test_sounds_by_name(tmp_path: Path) -> None:
    assert not parse_sound("silence", 2, 48_000).audio.any()
    assert np.array_equal(parse_sound("tone:220", 1, 48_000).audio, tone(1, 48_000, 220).audio)
    for text in ("tone:x", "tone:-1", "tone:30000", str(tmp_path / "none.wav")):
        with pytest.raises(AudioError):
            parse_sound(text, 1, 48_000)


def test_silence_for_an_engine_without_input_has_no_channels() -> None:
    block = np.zeros((0, 64), np.float32)
    silence(0).fill(block, 10**9)
    assert block.shape == (0, 64)
