"""The record of what is being played: read as it was written, and never trusted to be whole."""

import json
from pathlib import Path

import pytest

from device.config import Profile
from device.play.playing import Asked, Playing, read_playing, write_playing
from device.play.wish import Play, asked_of
from tests.bundles import tiny_autoencoder, tiny_effect

PLAYING = Playing(
    bundle=Path("/a/fuzz.ondine"),
    manifest=tiny_effect().manifest,
    serial=7,
    precision="auto",
    card="Box",
    input="card",
    output=None,
    asked=Asked({"card": "Box"}, "fuzz", ("dry_wet=0.5",)),
    began_s=12.5,
)


def test_it_is_read_as_it_was_written(tmp_path):
    for playing in (
        PLAYING,
        Playing(Path("/b"), tiny_autoencoder().manifest, 1, "int8", "none", "silence",
                Path("/o.wav"), Asked()),
    ):  # fmt: skip
        write_playing(tmp_path / "play.json", playing)
        assert read_playing(tmp_path / "play.json") == playing
    assert [path.name for path in tmp_path.iterdir()] == ["play.json"]


def test_a_damaged_record_is_none(tmp_path):
    path = tmp_path / "play.json"
    assert read_playing(path) is None
    write_playing(path, PLAYING)
    whole = path.read_bytes()
    for end in range(0, len(whole) - 1, 97):
        path.write_bytes(whole[:end])
        assert read_playing(path) is None
    path.write_bytes(b"\xff" * 100)
    assert read_playing(path) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("serial", 0),
        ("serial", 1 << 24),
        ("serial", "7"),
        ("bundle", None),
        ("manifest", {}),
        ("manifest", [1]),
        ("asked", {"stream": {"card": 3}}),
        ("began_s", "now"),
        ("more", 1),
    ],
)
def test_a_record_of_another_kind_is_none(tmp_path, key, value):
    path = tmp_path / "play.json"
    write_playing(path, PLAYING)
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    assert read_playing(path) is None


def test_what_makes_it_another_stream():
    profile = Profile()
    same = asked_of(Play(model="glass"), profile).stream
    assert (
        asked_of(Play(model="bells", settings=("dry_wet=1",), osc_port=7), profile).stream == same
    )
    for wish in (Play(card="Box"), Play(headroom_frames=64), Play(input="silence"), Play(seed=1)):
        assert asked_of(wish, profile).stream != same


def test_a_path_is_the_same_from_every_folder(tmp_path, monkeypatch):
    (tmp_path / "glass.ondine").touch()
    whole = asked_of(Play(model=str(tmp_path / "glass.ondine")), Profile())
    monkeypatch.chdir(tmp_path)
    assert asked_of(Play(model="glass.ondine"), Profile()) == whole
    assert asked_of(Play(model="glass"), Profile()).model == "glass"
