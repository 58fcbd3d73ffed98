"""Scenes by number and name: recalled all at once, saved, renamed, deleted, brought back."""

import numpy as np
import pytest

from device.control.desk import Desk
from device.control.source import Reading
from device.errors import ControlError
from device.mapping.disk import Folder
from device.mapping.scene import Scene
from device.mapping.scenes import Scenes, find_scene, free_number, neighbour, recall
from device.mapping.store import Store
from device.params import FIXED, ParamTable

GLASS = Scene(
    3, "Glass", "bells", "/m/bells.ondine", "abc", values={"dry_wet": 0.5, "output_gain_db": -6.0}
)
NOW = {"dry_wet": 1.0, "output_gain_db": -6.0}
ALL = {s.number: s for s in (GLASS, Scene(9, "glass"), Scene(40, "Rain"))}


def test_a_recall_sets_everything_in_one_call_and_says_what_changed(tmp_path):
    done = recall(GLASS, FIXED, NOW, "abc", when_s=7.0)
    assert done.readings == (
        Reading("dry_wet", 0.5, False, "scene", 7.0),
        Reading("output_gain_db", -6.0, False, "scene", 7.0),
    )
    assert (done.load, done.changed) == ("", ("dry_wet",))
    assert done.say == "Scene 3, Glass: 1 parameter changed."
    desk = Desk(ParamTable(tmp_path / "params", create=True), FIXED)
    desk.take(done.readings)
    assert desk.value("dry_wet") == np.float32(0.5)


def test_a_scene_of_another_bundle_says_which_and_sets_nothing_before():
    done = recall(GLASS, FIXED, NOW, "other", when_s=0.0)
    assert (done.load, done.readings, done.changed) == ("/m/bells.ondine", (), ())
    assert done.say == "Scene 3, Glass, needs the instrument bells."
    scene = GLASS.with_values({"ring": 1.0})
    anyway = recall(scene, FIXED, NOW, "other", when_s=0.0, anyway=True)
    assert [reading.param for reading in anyway.readings] == ["dry_wet", "output_gain_db"]
    assert anyway.load == ""
    assert anyway.say == (
        "Scene 3, Glass: 1 parameter changed; it was made for bells; 1 value not used here."
    )


def test_a_scene_is_found_by_number_or_name():
    assert find_scene(ALL, " 40 ").name == "Rain"
    assert find_scene(ALL, "rain").number == 40
    assert find_scene(ALL, "glass").number == 9
    assert find_scene(ALL, "Glass").number == 3
    for wanted, say in (
        ("41", "there is no scene 41; there are 3, 9, 40"),
        ("Rein", r"there is no scene 'Rein'; did you mean Rain\?"),
        ("GLASS", "scenes 3 and 9 are both called 'GLASS'; give the number"),
        ("³", "there is no scene '³'; there are 3, 9, 40"),
    ):
        with pytest.raises(ControlError, match=say):
            find_scene(ALL, wanted)
    with pytest.raises(ControlError, match="there are none yet"):
        find_scene({}, "1")


def test_next_and_previous_go_around_the_ends_and_over_what_is_gone():
    for on, following, earlier in (
        (None, 3, 40), (3, 9, 40), (9, 40, 3), (40, 3, 9), (20, 40, 9), (0, 3, 40), (127, 3, 40),
    ):  # fmt: skip
        assert neighbour(ALL, on, 1).number == following
        assert neighbour(ALL, on, -1).number == earlier
    with pytest.raises(ControlError, match="no scenes yet"):
        neighbour({}, 1, 1)


def test_the_first_free_number():
    assert free_number({}) == 0
    assert free_number({0: GLASS, 1: GLASS, 3: GLASS}) == 2
    with pytest.raises(ControlError, match="all 128 scenes are taken"):
        free_number(dict.fromkeys(range(128), GLASS))


def test_what_is_done_in_memory_is_done_on_the_disk(tmp_path):
    def loaded():
        return Scenes(Store(Folder(tmp_path), "here"))

    scenes = loaded()
    scenes.save(GLASS)
    scenes.save(GLASS.with_values({"dry_wet": 0.25}))
    assert loaded().all == scenes.all == {3: GLASS.with_values({"dry_wet": 0.25})}
    assert scenes.rename(3, " Ice ").name == "Ice"
    assert loaded().all[3].name == "Ice"
    assert scenes.restore(3).name == "Glass"
    assert scenes.delete(3) == "Scene 3, Glass, is deleted; it can be brought back."
    assert loaded().all == scenes.all == {}
    assert scenes.restore(3).name == "Glass"
    assert loaded().all == scenes.all
    for act in (lambda: scenes.rename(4, "x"), lambda: scenes.delete(4)):
        with pytest.raises(ControlError, match="there is no scene 4; there are 3"):
            act()


def test_saving_it_again_keeps_what_only_another_bundle_knows(tmp_path):
    scenes = Scenes(Store(Folder(tmp_path), "here"))
    scenes.save(GLASS.with_values({"ring": 1.0}))
    assert scenes.save(GLASS).values == {"dry_wet": 0.5, "output_gain_db": -6.0, "ring": 1.0}
    assert "ring" not in scenes.save(Scene(3, "another", values={"dry_wet": 0.0})).values
