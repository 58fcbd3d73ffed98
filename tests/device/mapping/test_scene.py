"""A scene is read back as it was written, and what is wrong with one is told at once."""

import json
import math

import pytest

from device.errors import ControlError
from device.mapping.scene import (
    MAX_BYTES,
    Scene,
    decode_scene,
    encode_scene,
    is_newer,
    plain_name,
)
from device.params import FIXED

FULL = Scene(
    12,
    "Dämmerung",
    bundle="drift",
    file="/var/lib/ondine/models/drift.ondine",
    fingerprint="f" * 64,
    precision="int8",
    seed=2**40,
    values={"dry_wet": 0.1 + 0.2, "wobble": -3.0, "latent_bias_0": 1e-300},
    mapping={"routes": [{"from": "knob/1", "to": "dry_wet", "depth": 0.5}], "macros": {}},
    learned={"pairs": [[0.25, [1.0, None, True]]]},
    caches="0" * 64,
)


def decoded(changes, remove=()):
    raw = json.loads(encode_scene(FULL)) | changes
    for key in remove:
        del raw[key]
    return decode_scene(json.dumps(raw).encode(), "scene-012.json")


def test_what_is_written_is_read_back_to_the_last_digit():
    assert decode_scene(encode_scene(FULL), "") == FULL
    assert decode_scene(encode_scene(Scene(0, "a")), "") == Scene(0, "a")


def test_values_of_unknown_parameters_are_kept_and_not_applied():
    assert FULL.known(FIXED) == {"dry_wet": 0.1 + 0.2, "latent_bias_0": 1e-300}
    assert FULL.unknown(FIXED) == ("wobble",)
    assert FULL.with_values({"dry_wet": 9.0}).values["wobble"] == -3.0
    # A range may have become narrower since.
    assert FULL.with_values({"dry_wet": 9.0}).known(FIXED)["dry_wet"] == 1.0


def test_everything_that_is_wrong_is_told_at_once_with_the_nearest_name():
    with pytest.raises(ControlError) as refused:
        decoded({"sede": 1, "seed": "x", "values": {"dry_wet": "loud"}, "mapping": []}, ["name"])
    assert str(refused.value) == (
        "scene-012.json cannot be used: scene.sede is unknown (did you mean seed?); "
        "scene.seed is str, not int; scene.values.dry_wet is str, not float; "
        "scene.mapping is list, not dict; scene.name is missing"
    )
    with pytest.raises(ControlError) as refused:
        decoded({"number": 128, "name": "a\x1b", "seed": -1, "caches": "x", "values": {"a b": 1}})
    for said in (
        "number is 128, outside 0..127", "name is 'a\\x1b'; 1..60 printable", "seed is -1, outside",
        "caches are 'x', not a sha256", "values has 'a b', which is no parameter's id",
    ):  # fmt: skip
        assert said in str(refused.value)


@pytest.mark.parametrize(
    ("data", "say"),
    [
        (b"", "not readable JSON"),
        (b"\xff\xfe", "not readable JSON"),
        (b"[" * 100_000, "not readable JSON"),
        (b"[]", "not a JSON object"),
        (b'{"format": 1, "values": {"a": NaN}}', "NaN is no number"),
        (b'{"format": 1, "number": 1, "number": 2}', "'number' is there twice"),
        (b'{"format": 1, "name": "\\ud800"}', "not readable JSON"),
        (b'{"format": 1, "number": 1, "name": "a", "values": {"a": 1e999}}', "is not finite"),
        (b"{}", "has format None; this Ondine reads format 1"),
        (b'{"format": 9}', "has format 9"),
        (b" " * (MAX_BYTES + 1), "larger than 4 MiB"),
    ],
)
def test_what_is_no_scene_is_refused_with_a_sentence(data, say):
    with pytest.raises(ControlError, match=f"it {say}|it is {say}|it .*{say}"):
        decode_scene(data, "it")


def test_only_a_format_of_a_later_time_is_newer():
    said = [
        b'{"format": 2}',
        b'{"format": 1}',
        b'{"format": "2"}',
        b'{"format": true}',
        b"[]",
        b"x",
    ]
    assert [is_newer(data) for data in said] == [True, False, False, False, False, False]


@pytest.mark.parametrize(
    ("change", "say"),
    [
        ({"values": {"a": math.inf}}, "values.a is not finite"),
        ({"learned": {"x": math.nan}}, "it is no JSON"),
        ({"mapping": {"x": object()}}, "it is no JSON"),
        ({"learned": {"x": "y" * MAX_BYTES}}, "use a smaller map"),
        ({"name": " "}, "name is ' '"),
    ],
)
def test_what_cannot_be_read_back_is_not_written(change, say):
    with pytest.raises(ControlError, match=say):
        encode_scene(Scene(**{"number": 1, "name": "a", **change}))


def test_names_of_players_become_plain():
    assert plain_name("  two \n words\x1b ") == "two words"
    assert plain_name("ü" * 99) == "ü" * 60
    for nothing in ("", " \n", "12"):
        with pytest.raises(ControlError, match="give a name with a letter"):
            plain_name(nothing)
