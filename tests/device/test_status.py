"""The status: written by one process, read by any other."""

import itertools
import multiprocessing

import numpy as np
import pytest

from device.errors import AudioError
from device.status import BINS, FIELDS, TEXTS, Status


def test_what_is_written_is_read_through_another_map(tmp_path):
    audio = Status(tmp_path / "status", create=True)
    reader = Status(tmp_path / "status")
    audio["blocks"] = 2.0**53
    audio.histogram[3] += 1
    assert reader["blocks"] == 2.0**53
    assert reader.histogram[3] == 1
    assert reader["late_blocks"] == 0
    assert len(reader.values) == len(FIELDS)


def _count(path, blocks):
    status = Status(path)
    for _ in range(blocks):
        status["blocks"] += 1


def test_another_process_counts_into_it(tmp_path):
    path = tmp_path / "status"
    status = Status(path, create=True)
    process = multiprocessing.get_context("spawn").Process(target=_count, args=(path, 500))
    process.start()
    process.join()
    assert status["blocks"] == 500


@pytest.mark.parametrize(
    ("loads", "percent", "wanted"),
    [
        ([], 99, 0.0),
        ([0], 50, 0.01),
        ([10] * 99 + [80], 50, 0.11),
        ([10] * 99 + [80], 99, 0.11),
        ([10] * 99 + [80], 100, 0.81),
        ([BINS - 1], 100, 2.01),
    ],
)
def test_percentiles_of_load(tmp_path, loads, percent, wanted):
    status = Status(tmp_path / "status", create=True)
    for load in loads:
        status.histogram[load] += 1
    assert status.load_percentile(percent) == pytest.approx(wanted)


def test_create_starts_afresh(tmp_path):
    path = tmp_path / "status"
    old = Status(path, create=True)
    old["xruns"] = 3
    assert Status(path, create=True)["xruns"] == 0


def test_what_is_no_status_is_refused(tmp_path):
    path = tmp_path / "status"
    with pytest.raises(AudioError, match="start Ondine"):
        Status(path)
    path.write_bytes(b"short")
    with pytest.raises(AudioError, match="no status of this version"):
        Status(path)
    Status(path, create=True)
    np.memmap(path, np.float64, "r+")[0] = 1.0
    with pytest.raises(AudioError, match="no status of this version"):
        Status(path)
    with pytest.raises(AudioError):
        Status(tmp_path)


def test_an_unknown_field_is_a_key_error(tmp_path):
    status = Status(tmp_path / "status", create=True)
    with pytest.raises(KeyError, match="tempo"):
        status["tempo"]


def test_a_text_is_read_as_it_was_last_said(tmp_path):
    audio = Status(tmp_path / "status", create=True)
    reader = Status(tmp_path / "status")
    assert {reader.text(name) for name in TEXTS} == {""}
    audio.say("trouble", "the card is gone")
    audio.say("name", "Dämmerung")
    assert (reader.text("trouble"), reader.text("name")) == ("the card is gone", "Dämmerung")
    audio.say("trouble", "")
    assert (reader.text("trouble"), reader.text("name")) == ("", "Dämmerung")
    with pytest.raises(KeyError):
        audio.say("mood", "fine")


def test_a_text_is_cut_at_a_character(tmp_path):
    status = Status(tmp_path / "status", create=True)
    status.say("name", "a" + "ü" * 400)
    assert status.text("name") == "a" + "ü" * 127  # 255 bytes; the next would be the 257th
    status.say("name", "\ud800 half a pair")
    assert status.text("name") == "? half a pair"


def _say_for_ever(path):
    status = Status(path)
    for number in itertools.count():
        status.say("trouble", chr(97 + number % 26) * (1000 - number % 500))


@pytest.mark.slow
def test_a_text_is_never_torn_nor_lost_when_its_writer_dies(tmp_path):
    """Texts of one letter, of changing letters and lengths; the writer is killed at it."""
    path = tmp_path / "status"
    status = Status(path, create=True)
    status.say("trouble", "z" * 800)
    process = multiprocessing.get_context("spawn").Process(target=_say_for_ever, args=(path,))
    process.start()
    seen = set()
    while len(seen) < 200 and process.is_alive():
        text = status.text("trouble")
        assert len(set(text)) == 1
        assert len(text) > 500
        seen.add(text)
    process.kill()
    process.join()
    assert len(set(status.text("trouble"))) == 1
    status.say("trouble", "next")
    assert status.text("trouble") == "next"
