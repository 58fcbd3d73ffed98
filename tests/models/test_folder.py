"""A player's own sounds: what is read, and the sentence for all that cannot be."""

import numpy as np
import pytest
import soundfile

from models.folder import read_folder

RATE = 48000


def write(path, seconds, rate=RATE, channels=1, level=0.1):
    rng = np.random.default_rng(1)
    sound = level * rng.uniform(-1, 1, (int(seconds * rate), channels))
    soundfile.write(path, sound, rate)


def test_files_become_clips_of_one_rate(tmp_path):
    (tmp_path / "more").mkdir()
    write(tmp_path / "a.wav", 30, rate=22050, channels=2)
    write(tmp_path / "more" / "b.FLAC", 12, level=0.4)
    (tmp_path / "notes.txt").write_text("not a sound")
    read = read_folder(tmp_path, RATE)
    assert read.files == 2
    assert read.seconds == pytest.approx(42, abs=0.01)
    clips = np.concatenate([read.clips, read.held_out])
    assert clips.shape == (11, 4 * RATE)
    assert len(read.held_out) == 1
    assert clips.dtype == np.float32
    assert np.abs(clips).max() == pytest.approx(0.89, abs=0.01)
    assert 2 * np.abs(read.clips[3]).max() < 0.89  # the softer file stays softer


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"nowhere is not a folder; give one with WAV or FLAC"):
        read_folder(tmp_path / "nowhere", RATE)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no WAV or FLAC file"):
        read_folder(tmp_path, RATE)


def test_too_little_is_refused(tmp_path):
    write(tmp_path / "a.wav", 3)
    with pytest.raises(ValueError, match=r"holds 3\.0 s of sound; 30 s is the least"):
        read_folder(tmp_path, RATE)


def test_silence_is_refused(tmp_path):
    write(tmp_path / "a.wav", 31, level=0)
    with pytest.raises(ValueError, match="are silent"):
        read_folder(tmp_path, RATE)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"not a sound at all"])
def test_a_broken_file_is_named(tmp_path, data):
    write(tmp_path / "good.wav", 31)
    (tmp_path / "bad.wav").write_bytes(data)
    with pytest.raises(ValueError, match=r"bad\.wav cannot be read as sound"):
        read_folder(tmp_path, RATE)


def test_a_file_without_frames_is_named(tmp_path):
    write(tmp_path / "none.wav", 0)
    with pytest.raises(ValueError, match=r"none\.wav is empty"):
        read_folder(tmp_path, RATE)


def test_a_file_with_no_numbers_is_named(tmp_path):
    soundfile.write(tmp_path / "nan.wav", np.full(RATE, np.nan), RATE, subtype="FLOAT")
    with pytest.raises(ValueError, match=r"nan\.wav holds numbers that are no sound"):
        read_folder(tmp_path, RATE)
