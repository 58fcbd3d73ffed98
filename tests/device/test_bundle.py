"""Bundles: what was written is read, and whatever else is refused with a sentence."""

import dataclasses
import io
import json
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.bundle import MANIFEST, MAX_MEMBERS, parse_bundle, read_bundle, write_bundle
from device.errors import BundleError
from device.manifest import decode_manifest, encode_manifest
from device.params import FIXED
from tests.bundles import ALL, save, tiny_autoencoder, tiny_effect

WHOLE = tiny_autoencoder(block=64, delay=4, exported_start=True)


def packed(members, *, compression=zipfile.ZIP_STORED):
    """A zip of (name, bytes) pairs, as bytes; names may repeat."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compression)
    return buffer.getvalue()


def with_manifest(change):
    """The whole bundle's bytes with its manifest's JSON changed in place by `change(raw)`."""
    raw = json.loads(encode_manifest(WHOLE.manifest))
    change(raw)
    return packed([(MANIFEST, json.dumps(raw).encode()), *WHOLE.members.items()])


DATA = with_manifest(lambda raw: None)


@pytest.mark.parametrize("name", ALL)
def test_what_is_written_is_read(tmp_path, name):
    bundle = ALL[name]()
    path = save(bundle, tmp_path / "a.ondine")
    assert read_bundle(path) == bundle
    assert [p.name for p in tmp_path.iterdir()] == ["a.ondine"]


def test_the_same_bundle_is_the_same_bytes(tmp_path):
    one, two = (save(tiny_effect(), tmp_path / f"{i}.ondine") for i in range(2))
    assert one.read_bytes() == two.read_bytes()


def test_a_manifest_goes_through_json_unchanged():
    assert decode_manifest(encode_manifest(WHOLE.manifest)) == WHOLE.manifest


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
    members = [(MANIFEST, encode_manifest(WHOLE.manifest)), *WHOLE.members.items()]
    with pytest.raises(BundleError, match="is compressed"):
        parse_bundle(packed(members, compression=zipfile.ZIP_DEFLATED))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused():
    members = [(MANIFEST, encode_manifest(WHOLE.manifest)), *WHOLE.members.items()]
    with pytest.raises(BundleError, match="two members of one name"):
        parse_bundle(packed([*members, members[-1]]))


def test_a_stray_member_a_missing_one_and_too_many_are_refused():
    members = [(MANIFEST, encode_manifest(WHOLE.manifest)), *WHOLE.members.items()]
    with pytest.raises(BundleError, match=r"does not name: \.\./\.\./etc/passwd"):
        parse_bundle(packed([*members, ("../../etc/passwd", b"x")]))
    with pytest.raises(BundleError, match="members are missing"):
        parse_bundle(packed(members[:-1]))
    with pytest.raises(BundleError, match=f"no {MANIFEST}"):
        parse_bundle(packed(members[1:]))
    many = [(f"{i}", b"") for i in range(MAX_MEMBERS)]
    with pytest.raises(BundleError, match="at most"):
        parse_bundle(packed(members + many))


@pytest.mark.parametrize(
    "text", ["", "[]", "3", "null", "{", '{"format": 1', "\x00", "[" * 100_000]
)
def test_a_manifest_that_is_no_json_object_is_refused(text):
    with pytest.raises(BundleError, match="manifest"):
        decode_manifest(text.encode())
    with pytest.raises(BundleError):
        decode_manifest(b"\xff\xfe" + text.encode())


@pytest.mark.parametrize("version", [0, 2, "1", None, [1]])
def test_another_format_is_refused_with_what_to_do(version):
    with pytest.raises(BundleError, match="this Ondine reads format 1"):
        parse_bundle(with_manifest(lambda raw: raw.update(format=version)))


def test_an_unknown_key_is_answered_with_the_nearest_name():
    def misspell(raw):
        raw["sample_rate"] = raw.pop("sample_rate_hz")

    with pytest.raises(BundleError, match=r"sample_rate is unknown \(did you mean sample_rate_hz"):
        parse_bundle(with_manifest(misspell))


def test_every_problem_is_told_at_once():
    def spoil(raw):
        del raw["name"]
        raw["block_frames"] = "many"
        raw["kind"] = "piano"
        raw["methods"]["encode"]["inputs"][0]["role"] = "sound"

    with pytest.raises(BundleError) as caught:
        parse_bundle(with_manifest(spoil))
    for words in (
        "manifest.name is missing",
        "manifest.block_frames is str, not int",
        "manifest.kind is 'piano', not one of autoencoder",
        "manifest.methods.encode.inputs[0].role is 'sound'",
    ):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sample_rate_hz": 44_100.5}, "sample_rate_hz is float, not int"),
        ({"sample_rate_hz": 4000}, "outside 8000..192000"),
        ({"block_frames": 0}, "block_frames is 0"),
        ({"block_frames": True}, "block_frames is bool, not int"),
        ({"hop_frames": 0}, "no multiple"),
        ({"hop_frames": 48}, "no multiple of hop_frames 48"),
        ({"latent_size": 129}, "latent_size is 129"),
        ({"latents": [{"label": "one"}]}, "with 1 described latents"),
        ({"channels_out": 0}, "0 out"),
        ({"channels_in": -1}, "-1 in"),
        ({"delay_frames": -1}, "delay_frames is -1"),
        ({"methods": {}}, "there are no methods"),
        ({"methods": {"encode": None}}, "manifest.methods.encode is NoneType, not an object"),
        ({"members": {}}, "has no sha256"),
        ({"measured": 3}, "measured is int, not dict"),
    ],
)
def test_impossible_values_are_named(change, words):
    with pytest.raises(BundleError) as caught:
        parse_bundle(with_manifest(lambda raw: raw.update(change)))
    assert words in str(caught.value)


def test_impossible_ports_and_parameters_are_named():
    def spoil(raw):
        raw["methods"]["decode"]["inputs"][0]["shape"] = [1, -4, 16]
        raw["methods"]["encode"]["inputs"].append({"name": "n", "role": "noise", "shape": [1]})

    with pytest.raises(BundleError, match=r"encode\.n has no distribution.*decode has a shape"):
        parse_bundle(with_manifest(spoil))
    numbers = {"id": "x", "label": "X", "minimum": float("nan"), "maximum": 1.0, "default": 0.0}
    with pytest.raises(BundleError, match="minimum is not finite"):
        parse_bundle(with_manifest(lambda raw: raw.update(parameters=[numbers])))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(1.5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(json.loads(encode_manifest(WHOLE.manifest)))), _JSON)
def test_any_value_of_any_key_is_taken_or_refused(key, value):
    raw = json.loads(encode_manifest(WHOLE.manifest))
    raw[key] = value
    try:
        decode_manifest(json.dumps(raw).encode())
    except BundleError:
        return


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


def test_a_cache_must_be_the_tail_of_what_is_written():
    def written(shape):
        def change(raw):
            raw["methods"]["encode"]["graphs"]["fp32"]["states"][0] |= {
                "shape": [1, 3, 2],
                "written": shape,
            }

        return with_manifest(change)

    for shape in ([1, 3, 2], [1, 8, 2], None):
        parse_bundle(written(shape))
    for shape in ([1, 2, 2], [1, 8, 3], [2, 3, 2], [8, 2], [1, 1, 8, 2], [6]):
        with pytest.raises(BundleError, match=r"encode\.cached_input .* is no tail of"):
            parse_bundle(written(shape))


DRIVE = {"id": "drive", "label": "Drive", "minimum": 0.1, "maximum": 2.0, "default": 1.0}


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ([DRIVE, DRIVE], "'drive' is described 2 times"),
        ([DRIVE | {"id": ""}], "an id is 1 to 64 of"),
        ([DRIVE | {"id": "a b"}], "'a b': an id is"),
        ([DRIVE | {"id": "../x"}], "an id is"),
        ([DRIVE | {"id": "drïve"}], "an id is"),
        ([DRIVE | {"id": "drive\n"}], "an id is"),
        ([DRIVE | {"id": "x" * 65}], "an id is"),
        ([DRIVE | {"default": 3.0}], "'drive' is 3.0 in 0.1..2.0"),
        ([DRIVE | {"minimum": 2.0, "default": 2.0}], "is 2.0 in 2.0..2.0"),
        ([DRIVE | {"minimum": 0.0, "warp": "exponential"}], "minimum is not above 0"),
        ([DRIVE | {"id": f"p{i}"} for i in range(33)], "there are 33 parameters; at most 32"),
    ],
)
def test_parameters_that_cannot_be_played_are_refused(parameters, words):
    with pytest.raises(BundleError) as caught:
        parse_bundle(with_manifest(lambda raw: raw.update(parameters=parameters)))
    assert words in str(caught.value)


@pytest.mark.parametrize("id", FIXED)
def test_no_parameter_takes_an_id_of_the_engines_own(id):
    with pytest.raises(BundleError, match="an id of the engine's own"):
        parse_bundle(with_manifest(lambda raw: raw.update(parameters=[DRIVE | {"id": id}])))


def test_sound_parameters_are_taken():
    many = [DRIVE | {"id": f"A-z_{i}.x"} for i in range(32)]
    manifest = parse_bundle(with_manifest(lambda raw: raw.update(parameters=many))).manifest
    assert [p.id for p in manifest.parameters] == [p["id"] for p in many]
