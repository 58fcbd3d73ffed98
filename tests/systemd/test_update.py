"""`systemd/update`: the old version is kept until the new one has played."""

import json
import shutil

import pytest

from systemd.installer.ground import Ground
from systemd.installer.trial import Trial, begin, pending
from tests.systemd.wheels import save_wheel

pytestmark = pytest.mark.slow


def add_version(box, name="2.0.0-b", *, rehearses=True, plays=True):
    """Another version beside the one that plays: the same, but for how well it plays."""
    place = box.at("/opt/ondine/versions") / name
    shutil.copytree(place.with_name(box.version()), place, symlinks=True)
    (cli,) = place.glob("lib/*/site-packages/device/cli.py")
    text = cli.read_text().replace("if not True", f"if not {rehearses}")
    cli.write_text(text.replace('"playing" if True', f'"playing" if {plays}'))
    shutil.rmtree(cli.parent / "__pycache__", ignore_errors=True)
    return name


def cut_short(box, new):
    """An update that was ended by a power cut, right after it had switched."""
    old = box.version()
    begin(Ground(box.folder), Trial(old, new))
    return old


@pytest.mark.slow
def test_a_version_that_plays_stays_and_the_old_one_is_kept(box, tmp_path):
    old = box.version()
    code, out, err = box.run("update", "--wheels", save_wheel(tmp_path / "w", "2.0.0"))
    assert (code, err) == (0, "")
    assert "plays, and stays" in out
    assert box.version().startswith("2.0.0-")
    assert box.versions() == sorted([old, box.version()])
    assert not box.at("/opt/ondine/trial.json").exists()
    assert box.run("update", "--back")[0] == 0
    assert box.version() == old


@pytest.mark.slow
def test_one_that_does_not_play_by_itself_changes_nothing(box, tmp_path):
    before = box.snapshot()
    wheels = save_wheel(tmp_path / "w", "2.0.0", rehearses=False)
    code, out, err = box.run("update", "--wheels", wheels)
    assert (code, out) == (1, "")
    assert "not even by itself: the built-in instrument cannot be opened. 1.0.0-" in err
    after = box.snapshot()
    assert {p: (w, m) for p, (w, m, _) in after.items()} == {
        p: (w, m) for p, (w, m, _) in before.items()
    }


@pytest.mark.slow
def test_one_that_does_not_sound_goes_away_by_itself(box, tmp_path):
    old = box.version()
    wheels = save_wheel(tmp_path / "w", "2.0.0", plays=False)
    code, out, err = box.run("update", "--wheels", wheels, "--within", "0.5")
    assert (code, out) == (1, "")
    assert "did not play within 0 s" in err or "did not play within 1 s" in err
    assert f"{old} is back in its place" in err
    assert box.version() == old
    assert box.versions() == [old]
    assert not box.at("/opt/ondine/trial.json").exists()


@pytest.mark.slow
def test_where_nothing_sounded_the_rehearsal_decides(box, tmp_path):
    first = add_version(box, "1.5.0-a", plays=False)
    begin(Ground(box.folder), Trial(box.version(), first))
    box.at("/opt/ondine/trial.json").unlink()
    wheels = save_wheel(tmp_path / "w", "2.0.0", plays=False)
    code, out, err = box.run("update", "--wheels", wheels)
    assert (code, err) == (0, "")
    assert "it played by itself" in out
    assert box.version().startswith("2.0.0-")


def test_after_a_power_cut_the_next_start_keeps_what_plays(box):
    new = add_version(box)
    old = cut_short(box, new)
    code, out, err = box.run(box.at("/opt/ondine/bin/update"), "--settle")
    assert (code, err) == (0, "")
    assert f"{new} plays, and stays" in out
    assert box.versions() == sorted([old, new])
    assert pending(Ground(box.folder)) is None


def test_after_a_power_cut_the_next_start_goes_back_from_what_does_not(box):
    old = cut_short(box, add_version(box, plays=False))
    script = box.at("/opt/ondine/bin/update")
    code, _, err = box.run(script, "--settle", "--within", "0.2")
    assert code == 1
    assert f"{old} is back in its place" in err
    assert box.version() == old
    assert box.run(script, "--settle")[:2] == (0, "There is no update to decide about.\n")


def test_a_cut_before_the_switch_leaves_the_old_one(box):
    old, new = box.version(), add_version(box)
    box.at("/opt/ondine/trial.json").write_text(json.dumps({"old": old, "new": new}))
    code, _, err = box.run("update", "--settle", "--within", "0.2")
    assert code == 1
    assert f"{old} is back in its place" in err
    assert box.version() == old
    assert not box.at("/opt/ondine/trial.json").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"old": 1}'])
def test_a_trial_that_cannot_be_read_is_none(box, text):
    box.at("/opt/ondine/trial.json").write_text(text)
    before = box.version()
    assert box.run("update", "--settle")[0] == 0
    assert box.version() == before
    assert not box.at("/opt/ondine/trial.json").exists()


def test_there_has_to_be_something_to_go_back_to(box):
    code, _, err = box.run("update", "--back")
    assert code == 1
    assert "there is no version but" in err


def test_the_same_version_is_not_played_twice(box, wheels):
    code, out, err = box.run("update", "--wheels", wheels, "--board", "pi4")
    assert (code, err) == (0, "")
    assert "plays already" in out


def test_without_an_installation_there_is_nothing_to_update(tmp_path, wheels):
    from tests.systemd.box import Box

    code, _, err = Box(tmp_path / "box").run("update", "--wheels", wheels)
    assert code == 1
    assert "Run systemd/install first" in err


def test_what_is_installed_knows_that_it_is_no_checkout(box):
    code, _, err = box.run(box.at("/opt/ondine/bin/update"))
    assert code == 1
    assert "from a whole checkout or release" in err
