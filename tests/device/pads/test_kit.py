"""Kits as data: what is in them, what is kept of them, and what is refused."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from device.errors import ControlError
from device.mapping.disk import Folder
from device.pads.generator import Generator, shipped
from device.pads.kit import (
    HATS,
    PLAN,
    Kit,
    Pad,
    as_json,
    blank,
    file_of,
    from_json,
    keep,
    kept,
    names,
)
from device.pads.kitchen import full, mixed, number_of, randomised, varied


@pytest.fixture(scope="module")
def engine() -> Generator:
    return Generator(shipped())


def some_kit() -> Kit:
    pad = Pad("snare", latents=(0.5,) * 16, seed=3, level_db=-3.0, pan=0.25, pitch=-2.0, choke=4)
    found = Pad("hat", file="/sounds/hat.wav", start=100, frames=4800)
    return blank().with_pad(2, pad).with_pad(6, found)


def test_a_kit_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    disk = Folder(tmp_path / "kits")
    keep(disk, "my kit", some_kit())
    assert kept(disk, "my kit") == some_kit()
    assert names(disk) == ["my kit"]
    with pytest.raises(ControlError, match="there is my kit"):
        kept(disk, "your kit")


def test_a_blank_kit_is_general_midi() -> None:
    kit = blank()
    assert len(kit.pads) == len(PLAN) == 16
    assert kit.pads[0].kind == "kick"  # note 36
    assert kit.pads[2].kind == "snare"  # note 38
    assert all(kit.pads[n].kind == "hat" and kit.pads[n].choke == 1 for n in HATS)
    assert all(pad.empty for pad in kit.pads)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "gong"}, {"latents": [0.0] * 15}, {"latents": "x"}, {"latents": [None] * 16},
        {"seed": -1}, {"seed": 1.5}, {"file": 3}, {"file": "a\0"}, {"start": -1}, {"level_db": 99},
        {"pan": 2}, {"pitch": 25}, {"choke": 9}, {"choke": True}, {"level_db": "loud"},
        {"empty": 1}, {"colour": "red"}, {"pan": float("nan")},
    ],
)  # fmt: skip
def test_a_kit_with_a_bad_pad_is_refused_and_says_which(change: dict) -> None:
    raw = json.loads(as_json(some_kit()))
    raw["pads"][4] |= change
    with pytest.raises(ControlError, match="pad 5 of the kit"):
        from_json(json.dumps(raw).encode())


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"3", b'{"format": 2}', b'{"format": 1}', b'{"format": 1, "pads": [1]}',
     b'{"format": 1, "pads": 3}', b"\xff\xfe", b"[" * 100_000],
)  # fmt: skip
def test_what_is_no_kit_is_refused(data: bytes) -> None:
    with pytest.raises(ControlError):
        from_json(data)


@pytest.mark.parametrize("name", ["", " ", ".hidden", "a/b", "x" * 61, "a\nb"])
def test_names_that_cannot_be_files_are_refused(name: str) -> None:
    with pytest.raises(ControlError, match="name"):
        file_of(name)


def test_random_keeps_what_is_set_of_a_pad(engine: Generator) -> None:
    kit, rng = some_kit(), np.random.default_rng(0)
    new = randomised(kit, [2], engine, rng).pads[2]
    assert new.latents != kit.pads[2].latents
    assert (new.kind, new.level_db, new.pan, new.choke) == ("snare", -3.0, 0.25, 4)
    again = randomised(kit, [2], engine, np.random.default_rng(0)).pads[2]
    assert new == again


def test_varying_and_mixing_make_a_found_sound_a_made_one(engine: Generator) -> None:
    kit, rng = some_kit(), np.random.default_rng(0)
    assert varied(kit, 6, 0.2, engine, rng).pads[6].file == ""
    new = mixed(kit, 0, [3, 1.0, 7, 1.0], engine, rng).pads[0]
    np.testing.assert_allclose(new.latents, 0.25)
    assert not new.empty


@pytest.mark.parametrize("parts", [[], [3], [3, 1, 7], [17, 1], [1, 1], [3.5, 1], [3, 11]])
def test_what_cannot_be_mixed_is_refused(engine: Generator, parts: list) -> None:
    with pytest.raises(ControlError):
        mixed(some_kit(), 0, parts, engine, np.random.default_rng(0))


def test_pads_are_counted_from_1() -> None:
    assert number_of(1) == 0
    assert number_of(16.0) == 15
    for bad in (0, 17, 1.5, -1, float("nan"), float("inf")):
        with pytest.raises(ControlError, match="there is no pad"):
            number_of(bad)
    with pytest.raises(ControlError, match="empty"):
        full(blank(), 3)


def test_a_kit_is_never_changed_only_followed() -> None:
    kit = some_kit()
    other = kit.with_pad(0, dataclasses.replace(kit.pads[2]))
    assert kit.pads[0].empty
    assert not other.pads[0].empty
