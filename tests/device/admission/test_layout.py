"""The layout of a bundle's file: ours passes, and no byte of its structure may be another."""

import contextlib
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.admission.layout import read_manifest_bytes
from device.errors import BundleError
from device.manifest import decode_manifest
from tests import bundles


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("layout")
    return bundles.save(bundles.tiny_autoencoder(int8=True), folder / "tiny.ondine")


def test_what_we_write_passes_and_gives_its_manifest(path):
    assert decode_manifest(read_manifest_bytes(path)).name == "tiny autoencoder"


def test_no_part_of_it_is_a_bundle(path, tmp_path):
    whole = path.read_bytes()
    part = tmp_path / "part.ondine"
    for size in range(0, len(whole), 37):
        part.write_bytes(whole[:size])
        with pytest.raises(BundleError):
            read_manifest_bytes(part)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_another_byte_is_refused_or_is_content(path, tmp_path_factory, data):
    whole = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    other = tmp_path_factory.getbasetemp() / "other.ondine"
    other.write_bytes(whole)
    with contextlib.suppress(BundleError):
        read_manifest_bytes(other)


def test_the_manifest_is_bounded(tmp_path):
    whole = bundles.tiny_effect()
    path = bundles.save(whole, tmp_path / "a.ondine")
    data = bytearray(path.read_bytes())
    place = data.index(b"PK\1\2")
    struct.pack_into("<LL", data, place + 20, 2**31, 2**31)
    path.write_bytes(data)
    with pytest.raises(BundleError):
        read_manifest_bytes(path)


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(BundleError, match="No such file"):
        read_manifest_bytes(tmp_path / "nothing.ondine")
