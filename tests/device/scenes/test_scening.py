"""Scenes while it plays: saved, recalled in one write, and what of them cannot be had."""

import asyncio
import dataclasses
import json
import tempfile
from pathlib import Path

import numpy as np
import pytest

from device.audio.start import Start, read_start
from device.caches import pack_caches
from device.errors import ControlError
from device.mapping.conditioning import Conditioning
from device.mapping.disk import Folder
from device.mapping.last import read_last
from device.mapping.macros import Macro, Move
from device.mapping.patch import Patch
from device.mapping.routes import Route
from device.params import FIXED, SERIAL
from device.scenes.beginning import start_file
from tests.bundles import save, tiny_autoencoder
from tests.device.scenes.scene_stage import Box, while_held

PATCH = Patch(
    {"knob/1": Conditioning(low=0.1, high=0.9, smoothing_ms=0.0, takeover="jump")},
    (
        Route("knob/1", "latent_bias_0"),
        Route("wek/1", "dry_wet", depth=0.5, mode="add"),
        Route("knob/1", "macro/far"),
    ),
    (Macro("far", (Move("latent_bias_1", 0.2, 0.9), Move("output_gain_db", 1.0, 0.5))),),
    {"button/1": "scene/next"},
)
CACHES = pack_caches({"encode\tcached_input": np.ones((1, 1, 32), np.float32)})


@pytest.fixture
def place():
    # Not pytest's: a Unix socket's path has to be short.
    with tempfile.TemporaryDirectory(prefix="ondine-") as place:
        yield Path(place)


@pytest.fixture
def box(place):
    box = Box(place)
    yield box
    box.audio.socket.close()


@pytest.fixture
def wired(place):
    box = Box(place, PATCH)
    yield box
    box.audio.socket.close()


def read_only(box):
    """From now on the disk takes nothing."""

    class Full(Folder):
        def write(self, name, data):
            raise OSError(30, "Read-only file system")

    box.disk = Full(box.scenes_folder)
    box.scening = box.another(box.scening.on)
    box.acts = type(box.acts)(box.scening.acts())


def test_a_recall_puts_everything_back_in_one_write(box):
    box.move(dry_wet=0.3, latent_bias_2=1.7, output_gain_db=-7.0)
    before = box.values()
    assert box.do("scene/save", "Dawn") == "Scene 0, Dawn, is saved."
    box.upset()
    writes = box.writes
    assert box.do("scene/recall", "dawn").startswith("Scene 0, Dawn: ")
    assert box.writes == writes + 1
    assert np.array_equal(box.values(), before)
    assert box.audio.heard == []


def test_macros_and_what_routes_add_come_back_exactly(wired):
    wired.move(dry_wet=0.3, latent_bias_3=-2.2)
    wired.turn("wek/1", 0.37)
    wired.turn("knob/1", 0.61)
    wired.move_raw("macro/far", 0.123)
    wired.move(latent_bias_1=1.1)  # by hand, after the macro
    before, macros = wired.values(), wired.hands.stands()["macro/far"]
    wired.do("scene/save", 5)
    wired.upset()
    writes = wired.writes
    wired.do("scene/recall", 5)
    assert np.array_equal(wired.values(), before)
    assert wired.writes == writes + 1
    assert wired.hands.stands()["macro/far"] == macros
    # And what is added is no part of the base: the control at rest, it is what was set.
    wired.turn("wek/1", 0.0)
    assert wired.desk.value("dry_wet") == pytest.approx(0.3)


def test_saving_and_recalling_again_and_again_changes_nothing(wired):
    wired.turn("wek/1", 0.7)
    wired.move(dry_wet=0.1)
    wired.move_raw("macro/far", 0.7)
    before = wired.values()
    for _ in range(5):
        wired.do("scene/save", 0)
        wired.do("scene/recall", 0)
    assert np.array_equal(wired.values(), before)


def test_routes_and_macros_of_a_scene_come_and_go_with_it_but_ranges_and_presses_stay(wired):
    wired.do("scene/save", 0, "wired")
    wired.hands.change(Patch(PATCH.controls, presses=PATCH.presses))
    wired.do("scene/save", 1, "bare")
    wired.do("scene/recall", "wired")
    assert wired.hands.patch == PATCH
    taught = Patch({"knob/1": Conditioning(low=0.3)}, PATCH.routes, presses={"button/2": "panic"})
    wired.hands.change(taught)
    wired.do("scene/recall", "bare")
    here = wired.hands.patch
    assert (here.routes, here.macros) == ((), ())
    assert (here.controls, here.presses) == (taught.controls, taught.presses)
    wired.turn("wek/1", 1.0)
    assert wired.desk.value("dry_wet") == 1.0


def test_a_scene_that_says_nothing_of_routes_leaves_them(wired):
    wired.do("scene/save", 0)
    file = wired.scenes_folder / "scene-000.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"mapping": {}}))
    scening = wired.another()
    wired.run(scening.recall("0"))
    assert wired.hands.patch == PATCH


def test_routes_that_cannot_be_used_cost_themselves_and_are_said(wired):
    wired.move(dry_wet=0.25)
    wired.do("scene/save", 0)
    file = wired.scenes_folder / "scene-000.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"mapping": {"routes": [7]}}))
    wired.move(dry_wet=1.0)
    said = wired.run(wired.another().recall("0"))
    assert "The mapping cannot be used" in said
    assert wired.desk.value("dry_wet") == 0.25
    assert wired.hands.patch == PATCH


def test_the_learned_map_is_part_of_a_scene(box):
    box.learned = {"pairs": [1, 2, 3]}
    box.do("scene/save", 0)
    box.learned = {}
    box.do("scene/save", 1)
    box.do("scene/recall", 0)
    assert box.learned == {"pairs": [1, 2, 3]}
    box.do("scene/recall", 1)
    assert box.learned == {}


def bells_and_glass(box):
    """Scene 0 with glass, scene 1 with bells; glass plays."""
    box.move(latent_bias_1=2.0, dry_wet=0.5)
    box.do("scene/save", 0, "glass")
    box.run(box.swap.load(str(box.paths["bells"])))
    box.move(latent_bias_1=-3.0, dry_wet=0.75)
    box.do("scene/save", 1, "bells")
    box.do("scene/recall", 0)
    box.audio.heard.clear()
    box.audio.starts.clear()


def test_another_instrument_comes_in_with_the_values_of_the_scene_and_no_default_between(box):
    bells_and_glass(box)
    slot = FIXED["latent_bias_1"].slot
    seen = []

    async def scene():
        box.audio.holds.clear()
        recalling = asyncio.create_task(box.act("scene/recall", 1))
        while not box.audio.heard:
            await asyncio.sleep(0.001)
        writes = box.writes
        box.audio.holds.set()
        while box.writes == writes:
            seen.append((box.values()[SERIAL], box.values()[slot]))
            await asyncio.sleep(0)
        return await recalling

    said = box.run(scene())
    assert said.startswith("Scene 1, bells: ")
    # Audio has them before it plays a note of it, the table from its serial on.
    assert box.audio.starts[0].values[slot] == -3.0
    assert set(seen) == {(seen[0][0], np.float32(2.0))}
    assert box.desk.value("latent_bias_1") == -3.0
    assert box.desk.value("dry_wet") == 0.75


def test_the_serial_and_the_values_are_one_write(box):
    bells_and_glass(box)
    tables = []

    class Table:
        values = box.table.values

        @staticmethod
        def write(changes):
            box.table.write(changes)
            tables.append(box.values())

    box.desk._table = Table()
    box.do("scene/recall", 1)
    serial, slot = tables[0][SERIAL], FIXED["latent_bias_1"].slot
    assert serial == box.swap.playing.serial
    assert [table[slot] for table in tables] == [-3.0] * len(tables)
    # The second one has what is the player's, such as the mix.
    assert [table[FIXED["dry_wet"].slot] for table in tables] == [0.5, 0.75]


def test_recalls_that_overtake_each_other_end_with_the_newest(box):
    bells_and_glass(box)

    async def scene():
        return await while_held(
            box, *[box.act("scene/recall", number) for number in (1, 0, 1, 0, 1, 0)]
        )

    said = box.run(scene())
    assert [sentence.endswith("gave way to a later one.") for sentence in said[1:]] == [
        True,
        True,
        True,
        True,
        False,
    ]
    assert (box.scening.on, box.swap.playing.name) == (0, "tiny autoencoder")
    assert box.desk.value("latent_bias_1") == 2.0
    assert read_last(box.disk) == 0
    # Of those between nothing was loaded.
    assert box.audio.loads == ["bells", "glass"]


def test_a_scene_whose_instrument_is_gone_says_so_and_leaves_all_as_it_was(box):
    bells_and_glass(box)
    box.paths["bells"].unlink()
    before, patch = box.values(), box.hands.patch
    with pytest.raises(ControlError, match="scene 1, bells, is not on: there is no instrument"):
        box.do("scene/recall", 1)
    assert np.array_equal(box.values(), before)
    assert (box.scening.on, box.swap.playing.name, box.hands.patch) == (
        0,
        "tiny autoencoder",
        patch,
    )
    assert read_last(box.disk) == 0


def test_a_scene_whose_instrument_audio_refuses_leaves_all_as_it_was(box):
    bells_and_glass(box)
    box.audio.refuses = "it is too late by 3 ms."
    before = box.values()
    with pytest.raises(ControlError, match="is not on: it is too late by 3 ms"):
        box.do("scene/recall", 1)
    assert np.array_equal(box.values(), before)
    assert box.scening.on == 0


def test_values_of_a_scene_that_was_refused_do_not_come_in_with_the_built_in_instrument(box):
    bells_and_glass(box)
    box.audio.refuses = "no"
    with pytest.raises(ControlError):
        box.do("scene/recall", 1)
    assert box.swap.fall_back()
    assert box.desk.value("latent_bias_1") == 0.0


def test_a_scene_whose_instrument_was_made_anew_is_played_with_a_word_about_it(box):
    bells_and_glass(box)
    save(tiny_autoencoder(delay=32, name="other bells"), box.paths["bells"])
    said = box.do("scene/recall", 1)
    assert "it was made for tiny decoder" in said
    assert box.swap.playing.name == "other bells"


def test_a_scene_of_a_file_that_moved_is_looked_for_by_its_name(box):
    bells_and_glass(box)
    assert box.scenes.all[1].wanted == str(box.paths["bells"])
    box.paths["bells"].rename(box.place / "elsewhere.ondine")
    assert box.scenes.all[1].wanted == "bells"


@pytest.mark.parametrize("file", ["/root/x.ondine", "/" + "a" * 4000, "/a\0b", "", "nothing"])
def test_wherever_its_file_was_a_scene_wants_something(box, file):
    box.do("scene/save", 0)
    scene = dataclasses.replace(box.scenes.all[0], file=file, bundle="glass")
    assert isinstance(scene.wanted, str)
    assert scene.wanted


def test_a_frozen_scene_comes_in_with_what_the_model_remembered(box):
    box.audio.caches = CACHES
    assert box.do("scene/freeze", 3, "ice") == "Scene 3, ice, is saved."
    assert box.scenes.all[3].caches
    box.audio.heard.clear()
    box.do("scene/recall", 3)
    # It plays already, and is loaded all the same: caches come in by a crossfade only.
    assert box.audio.loads == ["glass"]
    start = box.audio.starts[-1]
    assert isinstance(start, Start)
    assert np.array_equal(start.caches["encode", "cached_input"], np.ones((1, 1, 32), np.float32))


def test_without_caches_to_be_had_nothing_is_frozen(box):
    with pytest.raises(ControlError, match="cannot be had just now; save without it"):
        box.do("scene/freeze", 3, "ice")
    assert box.scenes.all == {}


def test_two_may_freeze_at_once(box):
    box.audio.caches = CACHES

    async def scene():
        return await asyncio.gather(*[box.act("scene/freeze", n) for n in range(4)])

    assert len(set(box.run(scene()))) == 4
    assert all(scene.caches for scene in box.scenes.all.values())


def test_what_another_instrument_remembers_is_not_frozen(box):
    box.audio.caches = CACHES

    async def scene():
        box.audio.holds.clear()
        freezing = asyncio.create_task(box.act("scene/freeze", 3))
        while not box.audio.heard:
            await asyncio.sleep(0.001)
        assert box.swap.fall_back()
        box.audio.holds.set()
        return await freezing

    with pytest.raises(ControlError, match="another instrument has just come in"):
        box.run(scene())
    assert box.scenes.all == {}


def test_damaged_caches_cost_themselves_only(box):
    box.audio.caches = CACHES
    box.move(dry_wet=0.25)
    box.do("scene/freeze", 3, "ice")
    for blob in box.scenes_folder.glob("caches-*"):
        blob.write_bytes(b"damaged")
    box.move(dry_wet=1.0)
    said = box.do("scene/recall", 3)
    assert "The caches of scene 3 are damaged" in said
    assert box.desk.value("dry_wet") == 0.25


def test_a_save_takes_the_next_free_number_or_the_one_or_the_name_that_is_given(box):
    assert box.do("scene/save") == "Scene 0, Scene 0, is saved."
    assert box.do("scene/save", "Dawn") == "Scene 1, Dawn, is saved."
    assert box.do("scene/save", 9.0, "Dusk") == "Scene 9, Dusk, is saved."
    assert box.do("scene/save", "dusk") == "Scene 9, Dusk, is saved."
    assert box.do("scene/save", "dusk", "Night") == "Scene 9, Night, is saved."
    assert box.do("scene/save", 9) == "Scene 9, Night, is saved."
    assert box.scening.on == 9
    assert box.changes == 6


@pytest.mark.parametrize("given", [128, 1e9, "128", "9" * 4000, "١٢٩"])
def test_a_number_that_no_scene_can_have_is_refused_in_few_words(box, given):
    for act in ("scene/save", "scene/freeze"):
        with pytest.raises(ControlError, match=r"no number of a scene; give 0\.\.127") as refusal:
            box.do(act, given)
        assert len(str(refusal.value)) < 80
    assert box.audio.heard == []


@pytest.mark.parametrize("number", [-1.0, 2.5, 1e300, 128])
def test_what_was_before_a_number_that_no_scene_can_have_is_refused(box, number):
    with pytest.raises(ControlError, match="is no number of a scene"):
        box.do("scene/restore", number)


@pytest.mark.parametrize("name", ["\ud800", "\x1b\x07", "  ", "123"])
def test_a_name_that_is_none_is_refused(box, name):
    with pytest.raises(ControlError, match="a scene cannot be called"):
        box.do("scene/save", 3, name)
    assert box.scenes.all == {}


def test_half_a_letter_is_left_out_of_a_name(box):
    assert box.do("scene/save", "D\ud800awn\x1b") == "Scene 0, D awn, is saved."
    assert box.another().scenes.all[0].name == "D awn"


def test_nothing_is_saved_over_while_no_scene_is_on(box):
    with pytest.raises(ControlError, match="no scene is on"):
        box.do("scene/over")
    box.do("scene/save", 4)
    box.move(dry_wet=0.25)
    assert box.do("scene/over") == "Scene 4, Scene 4, is saved."
    box.do("scene/delete", 4)
    with pytest.raises(ControlError, match="no scene is on"):
        box.do("scene/over")


def test_scenes_are_gone_through_around_the_ends(box):
    for number in (0, 5, 9):
        box.do("scene/save", number)
    on = []
    for act in ("scene/next", "scene/next", "scene/previous", "scene/previous"):
        box.do(act)
        on.append(box.scening.on)
    assert on == [0, 5, 0, 9]


def test_two_presses_are_two_steps_even_while_an_instrument_is_on_its_way(box):
    bells_and_glass(box)
    box.do("scene/save", 2, "glass again")
    box.do("scene/recall", 0)
    box.audio.heard.clear()

    async def scene():
        return await while_held(box, box.act("scene/next"), box.act("scene/next"))

    box.run(scene())
    assert (box.scening.on, box.swap.playing.name) == (2, "tiny autoencoder")


def test_without_scenes_there_is_no_next_one(box):
    for act in ("scene/next", "scene/previous"):
        with pytest.raises(ControlError, match="there are no scenes yet"):
            box.do(act)


def test_scenes_are_renamed_deleted_and_brought_back(box):
    box.do("scene/save", 2, "Dawn")
    assert box.do("scene/rename", "dawn", "Dusk") == "Scene 2 is called Dusk now."
    assert "deleted" in box.do("scene/delete", "dusk")
    assert box.scening.on is None
    assert "is back" in box.do("scene/restore", 2)
    assert box.scenes.all[2].name == "Dusk"
    assert box.scening.answers()[1:] == [("/ondine/scenes/2", ["Dusk", "tiny autoencoder"])]


def test_the_scene_that_is_on_is_noted_for_the_next_start(box):
    box.do("scene/save", 2)
    box.do("scene/save", 5)
    assert read_last(box.disk) == 5
    box.do("scene/recall", 2)
    assert read_last(box.disk) == 2
    assert box.scening.answers()[0] == ("/ondine/scene/on", [2])


def test_a_read_only_disk_costs_the_note_of_a_recall_only(box):
    box.do("scene/save", 2)
    box.do("scene/save", 5)
    read_only(box)
    assert box.do("scene/recall", 2).startswith("Scene 2")
    assert box.scening.on == 2
    assert box.said[-1].startswith("Cannot note which scene is on: the disk is read-only")


def test_a_read_only_disk_refuses_a_save_and_all_is_as_it_was(box):
    box.do("scene/save", 2, "Dawn")
    read_only(box)
    box.move(dry_wet=0.1)
    with pytest.raises(ControlError, match="the disk is read-only"):
        box.do("scene/save", 2, "Dusk")
    assert box.scenes.all[2].name == "Dawn"
    assert box.scening.on == 2


def test_only_a_player_forgives_a_scene(box):
    box.audio.caches = CACHES
    box.do("scene/freeze", 2)
    assert box.recalled == [2]
    scening = box.another()
    scening.begin(scening.scenes.all[2])
    assert (box.recalled, scening.on) == ([2], 2)
    box.run(scening.recall(2))
    assert box.recalled == [2, 2]


def test_a_scene_is_found_by_number_name_or_not_at_all(box):
    box.do("scene/save", 2, "Dawn")
    for wanted in (7, "Dusk", "\ud800", "-1", "nan"):
        with pytest.raises(ControlError, match="there is no scene"):
            box.do("scene/recall", wanted)
    assert box.scening.on == 2


def test_the_audio_process_is_told_what_a_frozen_scene_remembers(box, tmp_path):
    box.audio.caches = CACHES
    box.do("scene/freeze", 2)
    path, said = start_file(box.scenes, box.scenes.all[2], tmp_path / "start-0.npz")
    assert path is not None
    assert (bool(read_start(path).caches), said) == (True, "")
    box.do("scene/save", 3, "plain")
    assert start_file(box.scenes, box.scenes.all[3], tmp_path / "start-1.npz") == (None, "")
