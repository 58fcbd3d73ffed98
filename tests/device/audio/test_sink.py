"""The recording: whole, on disk, and never in the loop's way."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from device.audio.sink import Memory, WavSink
from device.errors import AudioError


def test_a_recording_is_what_was_put(tmp_path: Path) -> None:
    sound = np.random.default_rng(0).uniform(-0.9, 0.9, (2, 100_000)).astype(np.float32)
    sink = WavSink(tmp_path / "out.wav", 2, 48_000)
    for at in range(0, 100_000, 777):
        sink.put(sound[:, at : at + 777])
    sink.close()
    sink.close()
    back, rate_hz = soundfile.read(tmp_path / "out.wav", dtype="float32")
    assert rate_hz == 48_000
    assert back.shape == (100_000, 2)
    assert np.abs(back.T - sound).max() <= 2.0**-23


def test_more_than_the_ring_holds_is_counted_and_told(tmp_path: Path) -> None:
    sink = WavSink(tmp_path / "out.wav", 1, 48_000, ring_s=0.01)
    sink.put(np.ones((1, 481), np.float32))
    with pytest.raises(AudioError, match="lacks 481 frames"):
        sink.close()


def test_a_place_that_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="cannot write"):
        WavSink(tmp_path / "no" / "such" / "folder.wav", 1, 48_000)


def test_memory_keeps_what_fits() -> None:
    sink = Memory(1, 5)
    sink.put(np.ones((1, 3), np.float32))
    sink.put(np.full((1, 3), 2.0, np.float32))
    assert sink.audio.tolist() == [[1.0, 1.0, 1.0, 2.0, 2.0]]
