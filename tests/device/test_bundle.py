"""Bundles: what was written is read, and whatever else is refused with a sentence."""

import dataclasses
import io
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.bundle import MANIFEST, MAX_MEMBERS, parse_bundle, read_bundle, write_bundle
from device.errors import BundleError
from device.manifest import encode_manifest
from tests.bundles import ALL, save, tiny_autoencoder, tiny_effect

WHOLE = tiny_autoencoder(block=64, delay=4, exported_start=True)


def packed(members, *, compression=zipfile.ZIP_STORED):
    """A zip of (name, bytes) pairs, as bytes; names may repeat."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return buffer.getvalue()


PARTS = [(MANIFEST, encode_manifest(WHOLE.manifest)), *WHOLE.members.items()]
DATA = packed(PARTS)


@pytest.mark.parametrize("name", ALL)
def test_what_is_written_is_read(tmp_path, name):
    bundle = ALL[name]()
    path = save(bundle, tmp_path / "a.ondine")
    assert read_bundle(path) == bundle
    assert [p.name for p in tmp_path.iterdir()] == ["a.ondine"]


def test_the_same_bundle_is_the_same_bytes(tmp_path):
    one, two = (save(tiny_effect(), tmp_path / f"{i}.ondine") for i in range(2))
    assert one.read_bytes() == two.read_bytes()


def test_a_file_cut_short_anywhere_is_refused():
    for length in range(0, len(DATA), 64):
        with pytest.raises(BundleError):
            parse_bundle(DATA[:length])


def test_a_flipped_byte_in_any_member_is_found():
    for content in [encode_manifest(WHOLE.manifest), *WHOLE.members.values()]:
        data = packed([(MANIFEST, encode_manifest(WHOLE.manifest)), *WHOLE.members.items()])
        at = data.index(content) + len(content) // 2
        with pytest.raises(BundleError, match=r"damaged|sha256"):
            parse_bundle(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


def test_a_member_exchanged_with_its_checksum_right_for_the_zip_is_found():
    members = {**WHOLE.members, "encode.fp32.onnx": b"another model"}
    data = packed([(MANIFEST, encode_manifest(WHOLE.manifest)), *members.items()])
    with pytest.raises(BundleError, match=r"encode\.fp32\.onnx is not what the converter wrote"):
        parse_bundle(data)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(DATA) - 1), st.integers(0, 255)), min_size=1, max_size=8)
)
def test_damage_is_refused_or_harmless(changes):
    data = bytearray(DATA)
    for at, value in changes:
        data[at] = value
    assert_refused_or_whole(bytes(data))


def test_damage_in_the_zips_own_structure_is_refused_or_harmless():
    """Every byte of the first header and of the directory, set to each of a few values."""
    directory = DATA.index(b"PK\x01\x02")
    for at in [*range(4, 60), *range(directory, len(DATA))]:
        for value in (0, 1, 0x7F, 0xFF):
            assert_refused_or_whole(DATA[:at] + bytes([value]) + DATA[at + 1 :])


def assert_refused_or_whole(data):
    try:
        bundle = parse_bundle(data)
    except BundleError:
        return
    assert bundle == WHOLE


@pytest.mark.parametrize("data", [b"", b"P", b"PK", b"\x00" * 100, b"PK\x03\x04" * 50, b"{}"])
def test_what_is_no_bundle_is_refused(data):
    with pytest.raises(BundleError):
        parse_bundle(data)


def test_places_without_a_bundle_are_named(tmp_path):
    (tmp_path / "empty.ondine").write_bytes(b"")
    for name in ("missing.ondine", ".", "empty.ondine"):
        with pytest.raises(BundleError, match=str(tmp_path / name)):
            read_bundle(tmp_path / name)


def test_a_compressed_member_is_refused():
    with pytest.raises(BundleError, match="is compressed"):
        parse_bundle(packed(PARTS, compression=zipfile.ZIP_DEFLATED))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused():
    with pytest.raises(BundleError, match="two members of one name"):
        parse_bundle(packed([*PARTS, PARTS[-1]]))


def test_a_stray_member_a_missing_one_and_too_many_are_refused():
    with pytest.raises(BundleError, match=r"does not name: \.\./\.\./etc/passwd"):
        parse_bundle(packed([*PARTS, ("../../etc/passwd", b"x")]))
    with pytest.raises(BundleError, match="members are missing"):
        parse_bundle(packed(PARTS[:-1]))
    with pytest.raises(BundleError, match=f"no {MANIFEST}"):
        parse_bundle(packed(PARTS[1:]))
    many = [(f"{i}", b"") for i in range(MAX_MEMBERS)]
    with pytest.raises(BundleError, match="at most"):
        parse_bundle(packed(PARTS + many))


def test_an_interrupted_write_leaves_the_old_file(tmp_path):
    path = save(tiny_effect(), tmp_path / "a.ondine")
    old = path.read_bytes()
    manifest = dataclasses.replace(WHOLE.manifest, block_frames=0)
    with pytest.raises(BundleError, match="block_frames"):
        write_bundle(path, manifest, WHOLE.members)
    # A folder stands where the temporary file's rename must go: the last moment of all to fail.
    (tmp_path / "b.ondine").mkdir()
    with pytest.raises(BundleError, match=r"cannot write .*b\.ondine"):
        write_bundle(tmp_path / "b.ondine", WHOLE.manifest, WHOLE.members)
    assert path.read_bytes() == old
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.ondine", "b.ondine"]


def test_a_folder_that_cannot_be_written_to_is_said(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    for place in (tmp_path / "none" / "a.ondine", tmp_path / "file" / "a.ondine"):
        with pytest.raises(BundleError, match=f"cannot write {place}: .* Check the folder"):
            save(WHOLE, place)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk to write to")
def test_a_full_disk_is_said_and_leaves_nothing_behind(tmp_path):
    # The temporary file's name is known, so it can be made to lie on a disk that is always full.
    (tmp_path / f".a.ondine.{os.getpid()}.partial").symlink_to("/dev/full")
    with pytest.raises(BundleError, match="No space left"):
        save(WHOLE, tmp_path / "a.ondine")
    assert not list(tmp_path.iterdir())
