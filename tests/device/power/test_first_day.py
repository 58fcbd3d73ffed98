"""Back to the first day: everything is moved, nothing is deleted, whatever fails on the way."""

import datetime
import os

import pytest

from device.errors import ControlError
from device.power.first_day import MOST_OF_A_MINUTE, belongings, go_back, set_aside, spared

NOW = datetime.datetime(2026, 11, 21, 21, 30, 59)
ASIDE = "before-2026-11-21-2130"


@pytest.fixture
def box(tmp_path):
    (tmp_path / "scenes").mkdir()
    (tmp_path / "scenes/scene-001.json").write_text("one")
    (tmp_path / "patch.json").write_text("patch")
    (tmp_path / "models").mkdir()
    (tmp_path / "models/glass.ondine").write_text("glass")
    return tmp_path


def things(box):
    return (box / "scenes", box / "patch.json", box / "reductions.json")


def everything(box):
    return sorted(p.read_text() for p in box.rglob("*") if p.is_file())


def test_what_a_player_made_lies_in_a_folder_with_the_date(box):
    said = set_aside(things(box), box, NOW)
    assert said == f"As on the first day; scenes, patch.json lie in {box / ASIDE}"
    assert sorted(os.listdir(box)) == [ASIDE, "models"]
    assert (box / ASIDE / "scenes/scene-001.json").read_text() == "one"
    assert (box / ASIDE / "patch.json").read_text() == "patch"
    assert (box / "models/glass.ondine").exists()


def test_a_clock_that_stands_still_overwrites_nothing(box):
    set_aside(things(box), box, NOW)
    (box / "patch.json").write_text("patch 2")
    set_aside(things(box), box, NOW)
    assert (box / f"{ASIDE}-2/patch.json").read_text() == "patch 2"
    assert everything(box) == ["glass", "one", "patch", "patch 2"]


def test_on_the_first_day_there_is_nothing_to_do(tmp_path):
    assert "nothing to set aside" in set_aside(things(tmp_path), tmp_path, NOW)
    assert os.listdir(tmp_path) == []


def test_a_link_is_moved_and_not_what_it_leads_to(box):
    (box / "patch.json").unlink()
    (box / "patch.json").symlink_to(box / "models/glass.ondine")
    set_aside(things(box), box, NOW)
    assert (box / ASIDE / "patch.json").is_symlink()
    assert (box / "models/glass.ondine").read_text() == "glass"


def test_where_no_folder_can_be_made_everything_stays_and_it_is_said(box):
    (box / "file").write_text("x")
    before = everything(box)
    with pytest.raises(ControlError, match="cannot go back to the first day: Not a directory"):
        set_aside(things(box), box / "file", NOW)
    assert everything(box) == before


def test_a_hundred_times_a_minute_is_enough(box):
    for number in range(MOST_OF_A_MINUTE):
        (box / (f"{ASIDE}-{number + 1}" if number else ASIDE)).mkdir()
    with pytest.raises(ControlError, match="100 of before"):
        set_aside(things(box), box, NOW)
    assert everything(box) == ["glass", "one", "patch"]


def test_on_another_disk_it_says_what_was_moved_and_what_not(box):
    other = "/dev/shm"
    if not os.access(other, os.W_OK) or os.stat(other).st_dev == os.stat(box).st_dev:
        pytest.skip("there is no other disk")
    with pytest.raises(ControlError, match=r"scenes lies on another disk\. Move it by hand"):
        set_aside(things(box), box.__class__(other) / f"ondine-test-{os.getpid()}", NOW)
    folder = box.__class__(other) / f"ondine-test-{os.getpid()}"
    (folder / ASIDE).rmdir()
    folder.rmdir()
    assert everything(box) == ["glass", "one", "patch"]


def test_what_belongs_to_a_player():
    environment = {"XDG_STATE_HOME": "/var/lib", "XDG_CONFIG_HOME": "/etc", "HOME": "/root"}
    assert [str(path) for path in belongings(environment)] == [
        "/var/lib/ondine/scenes", "/etc/ondine/patch.json", "/etc/ondine/reductions.json",
    ]  # fmt: skip


def test_a_button_that_sticks_does_it_once(tmp_path):
    state, scenes = tmp_path / "state", tmp_path / "state/scenes"
    now = datetime.datetime(2026, 11, 21, 21, 30)
    scenes.mkdir(parents=True)
    assert "scenes lie in" in go_back([scenes], state, now)
    scenes.mkdir()
    for _ in range(2):
        with pytest.raises(ControlError, match="taken to be stuck; let go of it"):
            go_back([scenes], state, now)
    assert scenes.is_dir()
    spared(state)
    spared(state)
    assert "scenes lie in" in go_back([scenes], state, now)


def test_where_nothing_can_be_written_it_is_no_reason_to_stop(tmp_path):
    spared(tmp_path / "nowhere")
