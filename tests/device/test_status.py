"""The status: written by one process, read by any other."""

import multiprocessing

import numpy as np
import pytest

from device.errors import AudioError
from device.status import BINS, FIELDS, Status


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
