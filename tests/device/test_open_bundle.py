"""An opened bundle: its manifest now, each member checked when it is asked for."""

import pytest

from device.bundle import open_bundle, read_bundle
from device.engine.engine import Engine
from device.errors import BundleError
from tests.bundles import save, tiny_autoencoder, tiny_effect


@pytest.fixture
def path(tmp_path):
    return save(tiny_autoencoder(int8=True), tmp_path / "a.ondine")


def damage(path, member):
    """Flip a bit in the middle of a member, in place."""
    data, content = bytearray(path.read_bytes()), read_bundle(path).members[member]
    data[data.index(content) + len(content) // 2] ^= 1
    path.write_bytes(data)


def test_it_says_and_holds_the_same_as_one_that_was_read(path):
    opened, read = open_bundle(path), read_bundle(path)
    assert opened.manifest == read.manifest
    assert dict(opened.members) == read.members
    assert len(opened.members) == len(read.members)
    with pytest.raises(KeyError):
        opened.members["none"]


def test_damage_is_found_where_it_is_played_and_named(path):
    damage(path, "decode.int8.onnx")
    bundle = open_bundle(path)
    Engine(bundle, precision="fp32")
    with pytest.raises(BundleError, match=rf"{path}: .*(damaged|decode\.int8\.onnx)"):
        Engine(bundle, precision="int8")
    with pytest.raises(BundleError, match=str(path)):
        read_bundle(path)


def test_a_bundle_that_takes_its_name_later_changes_nothing(path):
    bundle, old = open_bundle(path), read_bundle(path)
    save(tiny_effect(), path)
    assert dict(bundle.members) == old.members


def test_places_without_a_bundle_are_named(tmp_path):
    (tmp_path / "empty.ondine").write_bytes(b"")
    (tmp_path / "text.ondine").write_bytes(b"PK, but no zip")
    for name in ("missing.ondine", ".", "empty.ondine", "text.ondine"):
        with pytest.raises(BundleError, match=str(tmp_path / name)):
            open_bundle(tmp_path / name)
