"""Manifests: what cannot be played is refused, with every reason at once."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.errors import BundleError
from device.manifest import decode_manifest, encode_manifest
from device.params import FIXED
from tests.bundles import tiny_autoencoder

WHOLE = tiny_autoencoder(block=64, delay=4).manifest


def changed(change):
    """The manifest read again after its JSON was changed in place by `change(raw)`."""
    raw = json.loads(encode_manifest(WHOLE))
    change(raw)
    return decode_manifest(json.dumps(raw).encode())


def test_a_manifest_goes_through_json_unchanged():
    assert decode_manifest(encode_manifest(WHOLE)) == WHOLE


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
        changed(lambda raw: raw.update(format=version))


def test_an_unknown_key_is_answered_with_the_nearest_name():
    def misspell(raw):
        raw["sample_rate"] = raw.pop("sample_rate_hz")

    with pytest.raises(BundleError, match=r"sample_rate is unknown \(did you mean sample_rate_hz"):
        changed(misspell)


def test_every_problem_is_told_at_once():
    def spoil(raw):
        del raw["name"]
        raw["block_frames"] = "many"
        raw["kind"] = "piano"
        raw["methods"]["encode"]["inputs"][0]["role"] = "sound"

    with pytest.raises(BundleError) as caught:
        changed(spoil)
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
        changed(lambda raw: raw.update(change))
    assert words in str(caught.value)


def test_impossible_ports_and_parameters_are_named():
    def spoil(raw):
        raw["methods"]["decode"]["inputs"][0]["shape"] = [1, -4, 16]
        raw["methods"]["encode"]["inputs"].append({"name": "n", "role": "noise", "shape": [1]})

    with pytest.raises(BundleError, match=r"encode\.n has no distribution.*decode has a shape"):
        changed(spoil)
    numbers = {"id": "x", "label": "X", "minimum": float("nan"), "maximum": 1.0, "default": 0.0}
    with pytest.raises(BundleError, match="minimum is not finite"):
        changed(lambda raw: raw.update(parameters=[numbers]))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda raw: raw.update(name="a\ud800"), "surrogates not allowed"),
        (lambda raw: raw["measured"].update({"a\udfff": 1}), "surrogates not allowed"),
        (lambda raw: raw.update({f"key{i}": 1 for i in range(20_000)}), "and 19992 more keys"),
        (lambda raw: raw["parameters"][0].update(default=10**400), "default is not finite"),
    ],
)
def test_what_json_can_say_and_nothing_else_can_is_refused_shortly(spoil, words):
    def spoiled(raw):
        raw["parameters"] = [
            {"id": "x", "label": "X", "minimum": 0.0, "maximum": 1.0, "default": 0.0}
        ]
        spoil(raw)

    with pytest.raises(BundleError, match=words) as caught:
        changed(spoiled)
    assert len(str(caught.value)) < 2_000


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(1.5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(json.loads(encode_manifest(WHOLE)))), _JSON)
def test_any_value_of_any_key_is_taken_or_refused(key, value):
    raw = json.loads(encode_manifest(WHOLE))
    raw[key] = value
    try:
        decode_manifest(json.dumps(raw).encode())
    except BundleError:
        return


def test_a_cache_must_be_the_tail_of_what_is_written():
    def written(shape):
        def change(raw):
            raw["methods"]["encode"]["graphs"]["fp32"]["states"][0] |= {
                "shape": [1, 3, 2],
                "written": shape,
            }

        return changed(change)

    for shape in ([1, 3, 2], [1, 8, 2], None):
        written(shape)
    for shape in ([1, 2, 2], [1, 8, 3], [2, 3, 2], [8, 2], [1, 1, 8, 2], [6]):
        with pytest.raises(BundleError, match=r"encode\.cached_input .* is no tail of"):
            written(shape)


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
        changed(lambda raw: raw.update(parameters=parameters))
    assert words in str(caught.value)


@pytest.mark.parametrize("id", FIXED)
def test_no_parameter_takes_an_id_of_the_engines_own(id):
    with pytest.raises(BundleError, match="an id of the engine's own"):
        changed(lambda raw: raw.update(parameters=[DRIVE | {"id": id}]))


def test_sound_parameters_are_taken():
    many = [DRIVE | {"id": f"A-z_{i}.x"} for i in range(32)]
    manifest = changed(lambda raw: raw.update(parameters=many))
    assert [p.id for p in manifest.parameters] == [p["id"] for p in many]
