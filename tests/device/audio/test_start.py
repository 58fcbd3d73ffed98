"""What an instrument begins with, as a file: read back as it was written, refused if it is not."""

import io
import pickle
import zipfile

import numpy as np
import pytest

from device.audio.start import MAX_BYTES, read_start, write_start
from device.caches import pack_caches
from device.errors import BundleError, ControlError
from device.params import SLOTS

CACHES = {"encode\tcached_input": np.arange(32, dtype=np.float32).reshape(1, 1, 32)}


def npz(compressed=False, **arrays):
    file = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(file, **arrays)
    return file.getvalue()


def own(size=SLOTS, dtype=np.float32):
    return np.full(size, np.nan, dtype)


NONE = np.zeros(0, np.uint8)


def test_values_and_caches_are_read_back_as_they_were_written(tmp_path):
    path = tmp_path / "start.npz"
    write_start(path, {3: 0.25, 7: -6.0}, pack_caches(CACHES))
    start = read_start(path)
    assert start.values == {3: 0.25, 7: -6.0}
    assert start.caches.keys() == {("encode", "cached_input")}
    assert np.array_equal(start.caches["encode", "cached_input"], CACHES["encode\tcached_input"])


def test_without_caches_the_memory_begins_afresh(tmp_path):
    write_start(tmp_path / "start.npz", {}, None)
    start = read_start(tmp_path / "start.npz")
    assert (start.values, start.caches) == ({}, {})


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"PK\x03\x04" + b"\0" * 100, id="half a zip"),
        pytest.param(pickle.dumps({"own": own(), "caches": NONE}), id="a pickle"),
        pytest.param(npz(own=own()), id="no caches"),
        pytest.param(npz(caches=NONE), id="no values"),
        pytest.param(npz(own=own(3), caches=NONE), id="too few values"),
        pytest.param(npz(own=own(dtype=np.float64), caches=NONE), id="other values"),
        pytest.param(npz(own=np.array([{}] * SLOTS), caches=NONE), id="pickled values"),
        pytest.param(npz(own=own(), caches=np.array([{}])), id="pickled caches"),
        pytest.param(npz(own=own(), caches=np.arange(99, dtype=np.uint8)), id="damaged caches"),
        pytest.param(npz(own=own(), caches=NONE)[:-30], id="cut short"),
        pytest.param(
            npz(own=own(), caches=np.zeros(1 << 26, np.uint8), compressed=True), id="a bomb"
        ),
    ],
)
def test_what_is_no_start_is_refused_with_a_sentence(tmp_path, data):
    path = tmp_path / "start.npz"
    path.write_bytes(data)
    with pytest.raises(BundleError, match="what it should begin with cannot be read"):
        read_start(path)


def test_a_start_that_is_too_large_is_not_even_opened(tmp_path):
    path = tmp_path / "start.npz"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(BundleError, match="it is too large"):
        read_start(path)


def test_a_bomb_within_the_caches_is_refused(tmp_path):
    bomb = npz(arr_0=np.frombuffer(b"a", np.uint8), arr_1=np.zeros(1 << 24), compressed=True)
    assert len(bomb) < 1 << 20
    write_start(tmp_path / "start.npz", {}, bomb)
    with pytest.raises(BundleError, match="compressed"):
        read_start(tmp_path / "start.npz")


def test_a_start_that_is_missing_is_refused(tmp_path):
    with pytest.raises(BundleError, match="cannot be read"):
        read_start(tmp_path / "none.npz")


def test_a_start_that_cannot_be_written_is_said(tmp_path):
    with pytest.raises(ControlError, match="cannot write"):
        write_start(tmp_path / "none/start.npz", {}, None)


def test_values_that_are_not_finite_are_left_at_their_defaults(tmp_path):
    values = own()
    values[:3] = np.inf, -np.inf, 1.0
    (tmp_path / "start.npz").write_bytes(npz(own=values, caches=NONE))
    assert read_start(tmp_path / "start.npz").values == {2: 1.0}


def test_the_file_is_a_plain_zip_of_two_arrays(tmp_path):
    write_start(tmp_path / "start.npz", {}, None)
    with zipfile.ZipFile(tmp_path / "start.npz") as members:
        assert members.namelist() == ["own.npy", "caches.npy"]
