"""The tape: exact, never torn, outlived by nothing but the memory it is in."""

import multiprocessing
import os
import signal
import tracemalloc

import numpy as np
import pytest

from device.audio.tape import SPARE_S, Tape
from device.errors import AudioError

RATE = 1000
RING = int((0.5 + SPARE_S) * RATE)


def make(path, channels=2, seconds=0.5, rate=RATE):
    return Tape(path, channels=channels, sample_rate_hz=rate, seconds=seconds, create=True)


def counted(first, frames, channels=2):
    """A block whose samples are their own frame numbers, negative in the second channel."""
    ramp = np.arange(first, first + frames, dtype=np.float32)
    return np.stack([ramp, -ramp][:channels])


def put_all(tape, frames, block=70, first=0):
    for at in range(first, first + frames, block):
        tape.put(counted(at, block), at / RATE)
    return at + block


def test_what_was_put_is_read_to_the_sample(tmp_path):
    tape = make(tmp_path / "tape")
    reader = Tape(tmp_path / "tape")
    assert (reader.channels, reader.sample_rate_hz, reader.seconds) == (2, RATE, 0.5)
    assert (reader.first, reader.end, reader.frames_kept) == (0, 0, 0)
    assert reader.read(0, 100)[1].shape == (2, 0)
    assert len(reader.marks()) == 0
    end = put_all(tape, 2000)
    assert (reader.first, reader.end) == (0, end)
    first, audio = reader.read(130, 500)
    assert first == 130
    assert audio.dtype == np.float32
    assert np.array_equal(audio, counted(130, 500))
    marks = reader.marks()
    assert marks["frame"].tolist() == list(range(0, end, 70))
    assert set(marks["frames"]) == {70}
    assert marks["time_s"].tolist() == [frame / RATE for frame in range(0, end, 70)]


@pytest.mark.parametrize("block", [64, 70, 256, 4096, RING])
def test_a_ring_keeps_the_newest(tmp_path, block):
    tape = make(tmp_path / "tape")
    end = put_all(tape, 3 * RING, block)
    assert (tape.end, tape.first, tape.frames_kept) == (end, end - RING, RING)
    first, audio = tape.read(0, end)
    assert first == end - RING
    assert np.array_equal(audio, counted(first, RING))
    marks = tape.marks()
    assert marks["frame"][0] - block < tape.first <= marks["frame"][0]
    assert np.array_equal(np.diff(marks["frame"]), np.full(len(marks) - 1, block))


def test_smaller_puts_than_foreseen_only_shorten_it(tmp_path):
    tape = make(tmp_path / "tape")
    end = put_all(tape, 2 * RING, 16)
    marks = tape.marks()
    assert 0.2 < len(marks) * 16 / RING < 0.3
    assert marks["frame"][-1] == end - 16


def test_a_block_longer_than_the_tape_is_left_out(tmp_path):
    tape = make(tmp_path / "tape")
    tape.put(counted(0, RING + 1), 0.0)
    assert tape.end == 0


def test_a_reader_that_was_overtaken_drops_the_start(tmp_path):
    tape = make(tmp_path / "tape")
    reader = Tape(tmp_path / "tape")
    end = put_all(tape, RING, 100)
    put_all(tape, 3000, 100, first=end)
    first, audio = reader.read(1000, 5000)
    assert first == 3000
    assert np.array_equal(audio, counted(3000, 3000))
    assert reader.read(0, 1000)[1].shape == (2, 0)


def test_a_put_that_was_never_finished_is_not_sound(tmp_path):
    """A writer that dies in a put: what it wrote over is gone, what it wrote is not there yet."""
    path = tmp_path / "tape"
    tape = make(path)
    end = put_all(tape, 2 * RING, 100)
    _die_in_a_put(path, end)
    reader = Tape(path)
    assert (reader.end, reader.first) == (end, end + 100 - RING)
    assert np.array_equal(reader.read(0, end)[1], counted(reader.first, RING - 100))
    again = make(path)
    again.put(counted(end, 10), 99.0)
    assert reader.first == end + 100 - RING  # not moved back by the smaller put
    assert reader.end == end + 10


def _die_in_a_put(path, end):
    """What is in the file when a put of 100 frames at `end` got to its sound and no further."""
    file = np.memmap(path, np.int64, "r+")
    file[9] = end + 100
    sound = np.memmap(path, np.float32, "r+")[-2 * RING :].reshape(2, RING)
    at = (end + np.arange(50)) % RING
    sound[:, at] = np.nan


def test_the_next_process_goes_on_in_a_new_part(tmp_path):
    path = tmp_path / "tape"
    end = put_all(make(path), 700)
    reader = Tape(path)
    second = make(path)
    second.put(counted(end, 70), 10.0)
    assert np.array_equal(reader.read(0, end + 70)[1], counted(0, end + 70))
    parts = reader.marks()["part"]
    assert parts.tolist() == [1] * 10 + [2]
    second.cut()
    second.put(counted(end + 70, 70), 11.0)
    assert reader.marks()["part"].tolist()[-2:] == [2, 3]


@pytest.mark.parametrize("change", [{"channels": 1}, {"rate": 2000}, {"seconds": 1.0}])
def test_another_layout_begins_anew_and_leaves_readers_theirs(tmp_path, change):
    path = tmp_path / "tape"
    put_all(make(path), 700)
    reader = Tape(path)
    tape = make(path, **change)
    assert tape.end == 0
    assert np.array_equal(reader.read(0, 700)[1], counted(0, 700))
    assert Tape(path).end == 0


def _write_for_ever(path):
    tape = make(path)
    end = tape.end
    while True:
        tape.put(counted(end, 70), end / RATE)
        end += 70


@pytest.mark.slow
def test_a_writer_at_full_speed_tears_nothing_and_may_be_killed(tmp_path):
    """Thousands of times faster than sound, so that every read is overtaken."""
    path = tmp_path / "tape"
    make(path)
    process = multiprocessing.get_context("spawn").Process(target=_write_for_ever, args=(path,))
    process.start()
    reader = Tape(path)
    overtaken = reads = 0
    while (overtaken < 20 or reads < 200) and process.is_alive():
        before = reader.first
        first, audio = reader.read(before, 5000)
        if reader.end < 2 * RING:
            continue
        reads += 1
        overtaken += first > before
        assert np.array_equal(audio, counted(first, audio.shape[1]))
        marks = reader.marks()
        assert np.all(np.diff(marks["frame"]) == 70)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert overtaken >= 20
    end = reader.end
    assert np.array_equal(reader.read(0, end)[1], counted(reader.first, end - reader.first))
    tape = make(path)
    tape.put(counted(end, 70), 0.0)
    assert reader.end == end + 70


def test_a_put_allocates_nothing_that_stays(tmp_path):
    tape = make(tmp_path / "tape")
    block = counted(0, 64)
    put_all(tape, RING)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for k in range(5000):
            tape.put(block, float(k))
        after, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 500
    assert most - before < 2000


def test_what_is_no_tape_is_refused_or_replaced(tmp_path):
    path = tmp_path / "tape"
    with pytest.raises(AudioError, match="there is no tape"):
        Tape(path)
    for wrong in (b"", b"short", b"\0" * 9999):
        path.write_bytes(wrong)
        with pytest.raises(AudioError, match="there is no tape"):
            Tape(path)
        assert make(path).end == 0
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(AudioError, match="there is no tape"):
            Tape(path)
    with pytest.raises(AudioError, match="is not possible"):
        make(path, seconds=4000.0)
    with pytest.raises(AudioError, match="is not possible"):
        make(path, channels=0)
    with pytest.raises(AudioError, match=r"cannot keep a tape of .* MB"):
        make(tmp_path / "nowhere/tape")


def test_a_reader_cannot_write(tmp_path):
    make(tmp_path / "tape")
    with pytest.raises(ValueError, match="read-only"):
        Tape(tmp_path / "tape").put(counted(0, 64), 0.0)
