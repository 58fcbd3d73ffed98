"""Beginning with a scene: its instrument, or what is played where that cannot be had."""

from pathlib import Path

import pytest

from device.bundle import open_bundle
from device.config import Profile
from device.errors import BundleError
from device.manifest import fingerprint
from device.mapping.scene import Scene
from device.paths import DEFAULT_INSTRUMENT
from device.play.opening import begin_with
from device.play.wish import Play
from tests.bundles import save, tiny_autoencoder, tiny_decoder


@pytest.fixture
def bells(tmp_path):
    return save(tiny_decoder(), tmp_path / "bells.ondine")


def admit(path):
    return open_bundle(path).manifest


def begin(scene, **wish):
    wish = Play(card="none", input="silence", **wish)
    opening, on = begin_with(scene, wish, Profile(), admit)
    return opening.playing, on, opening.notes


def test_a_scene_begins_with_its_instrument_and_precision(bells):
    scene = Scene(3, "Dawn", "tiny decoder", str(bells), precision="fp32")
    playing, on, notes = begin(scene)
    assert (playing.name, playing.precision, playing.serial) == ("tiny decoder", "fp32", 1)
    assert on == scene
    assert not any("Scene" in note for note in notes)


def test_an_instrument_that_is_named_comes_before_the_scenes_own(bells, tmp_path):
    glass = save(tiny_autoencoder(), tmp_path / "glass.ondine")
    scene = Scene(3, "Dawn", "tiny decoder", str(bells))
    playing, on, _ = begin(scene, model=str(glass))
    assert (playing.name, on) == ("tiny autoencoder", scene)


def test_without_a_scene_the_default_is_begun_with():
    playing, on, _ = begin(None)
    assert (playing.name, on) == (DEFAULT_INSTRUMENT, None)


def test_a_scene_for_any_instrument_is_on_in_the_default_one():
    scene = Scene(3, "Dawn")
    playing, on, _ = begin(scene)
    assert (playing.name, on) == (DEFAULT_INSTRUMENT, scene)


@pytest.mark.parametrize(
    "file",
    ["/none/bells.ondine", "/root/x/bells.ondine", "/" + "a" * 4000, "/a\0b.ondine", "/\udc80"],
)
def test_a_scene_whose_instrument_is_gone_is_given_up_and_said_and_never_the_sound(file):
    playing, on, notes = begin(Scene(3, "Dawn", "tiny decoder", file))
    assert (playing.name, on) == (DEFAULT_INSTRUMENT, None)
    assert notes[0].startswith("Scene 3, Dawn, is not on: there is no")
    assert notes[0].endswith(".")


def test_a_scene_whose_instrument_is_damaged_or_refused_is_given_up(bells, tmp_path):
    whole = bells.read_bytes()
    bells.write_bytes(whole[: len(whole) // 2])
    playing, on, notes = begin(Scene(3, "Dawn", "tiny decoder", str(bells)))
    assert (playing.name, on) == (DEFAULT_INSTRUMENT, None)
    assert "is not on" in notes[0]

    def strict(path):
        if path.name == "bells.ondine":
            raise BundleError("it is not good")
        return admit(path)

    wish = Play(card="none", input="silence")
    opening, on = begin_with(Scene(3, "Dawn", "", str(bells)), wish, Profile(), strict)
    assert on is None
    assert opening.notes[0] == "Scene 3, Dawn, is not on: it is not good."


def test_a_precision_that_the_instrument_has_no_more_gives_the_scene_up(bells):
    _, on, notes = begin(Scene(3, "Dawn", "", str(bells), precision="int8"))
    assert on is None
    assert "has no int8 graphs" in notes[0]


def test_an_instrument_that_was_converted_anew_is_begun_with_all_the_same(bells):
    scene = Scene(3, "Dawn", "tiny decoder", str(bells), "0" * 64)
    playing, on, _ = begin(scene)
    assert fingerprint(playing.manifest) != scene.fingerprint
    assert (playing.bundle, on) == (Path(bells).resolve(), scene)
