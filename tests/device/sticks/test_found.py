"""What is found on a stick, and what it is called."""

import os

import pytest

from device.errors import ControlError
from device.sticks.found import MOST_FOUND, Found, look, open_found, sticks_folder
from device.sticks.naming import MOST_BYTES, name_of


def stick(folder, **files):
    """A stick `sda1` with these files; / in a name is written as __."""
    top = folder / "sda1"
    for name, text in files.items():
        path = top / (name.replace("__", "/") + ".ondine")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    top.mkdir(exist_ok=True)
    return top


def places(folder):
    return ["/".join(found.place) for found in look(folder)]


def test_bundles_at_the_top_and_one_level_below_are_found(tmp_path):
    top = stick(tmp_path, glass="12345", instruments__reed="1", a__b__deep="1")
    (top / "notes.txt").write_text("1")
    (top / "LOUD.ONDINE").write_text("1")
    assert places(tmp_path) == [
        "LOUD.ONDINE", "glass.ondine", "instruments/reed.ondine",
    ]  # fmt: skip
    assert look(tmp_path)[1] == Found("sda1", ("glass.ondine",), "glass", 5)


def test_what_is_hidden_linked_or_no_file_is_not(tmp_path):
    sticks = tmp_path / "sticks"
    top = stick(sticks, glass="1")
    secret = tmp_path / "secret.ondine"
    secret.write_text("1")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/x.ondine").write_text("1")
    (top / "link.ondine").symlink_to(secret)
    (top / "folder").symlink_to(tmp_path / "elsewhere")
    (top / "._glass.ondine").write_text("1")
    (top / ".Trashes").mkdir()
    (top / ".Trashes/old.ondine").write_text("1")
    (top / "dir.ondine").mkdir()
    os.mkfifo(top / "pipe.ondine")
    (sticks / "sdb1").symlink_to(tmp_path / "elsewhere")
    assert places(sticks) == ["glass.ondine"]


def test_no_stick_no_folder_and_a_file_in_its_place_are_nothing(tmp_path):
    assert look(tmp_path) == look(tmp_path / "none") == ()
    (tmp_path / "sda1").write_text("")
    assert look(tmp_path) == ()


def test_a_stick_with_thousands_is_not_offered_to_its_end(tmp_path):
    stick(tmp_path, **{f"i{n}": "1" for n in range(MOST_FOUND + 20)})
    assert len(look(tmp_path)) == MOST_FOUND


@pytest.mark.parametrize("place", [("glass.ondine",), ("folder", "glass.ondine")])
def test_what_became_a_link_a_pipe_or_a_folder_since_is_not_opened(tmp_path, place):
    top = stick(tmp_path, glass="1", folder__glass="1")
    found = next(one for one in look(tmp_path) if one.place == place)
    path = top.joinpath(*place)
    path.unlink()
    path.symlink_to("/etc/passwd")
    with pytest.raises(OSError, match=r"symbolic|Too many"):
        open_found(tmp_path, found)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ControlError, match="no plain file"):
        open_found(tmp_path, found)
    path.unlink()
    path.mkdir()
    with pytest.raises(ControlError, match="no plain file"):
        open_found(tmp_path, found)
    path.rmdir()
    if len(place) == 2:
        path.parent.rmdir()
        path.parent.symlink_to("/etc")
    with pytest.raises(OSError, match=r"No such|Not a dir|symbolic|Too many"):
        open_found(tmp_path, found)


def test_nothing_stays_open(tmp_path):
    stick(tmp_path, glass="1", folder__reed="1")
    before = len(os.listdir("/proc/self/fd"))
    for found in look(tmp_path):
        os.close(open_found(tmp_path, found))
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("glass.ondine", "glass"),
        ("Glass Harp (final).ONDINE", "Glass Harp (final)"),
        ("..\u202e evil\n.ondine", "evil"),
        ("-rf.ondine", "rf"),
        ("a/../b\\c.ondine", "a .. b c"),
        ("gla\udcffss.ondine", "glass"),
        ("e\u0301tude.ondine", "\u00e9tude"),
        ("x\x1b[2J.ondine", "x [2J"),
        ("..ondine.ondine", "ondine"),
    ],
)
def test_a_name_can_be_typed_and_shown(file, name):
    assert name_of(file) == name


@pytest.mark.parametrize("file", [".ondine", "...ondine", "\n\t.ondine", "///.ondine", ""])
def test_of_some_nothing_is_left(file):
    with pytest.raises(ControlError, match="no name"):
        name_of(file)


@pytest.mark.parametrize("letter", ["x", "\u00fc", "\U0001f3b9"])
def test_a_long_one_is_cut_between_letters(letter):
    name = name_of(letter * 300 + ".ondine")
    assert set(name) == {letter}
    assert MOST_BYTES - 4 < len(name.encode()) <= MOST_BYTES


def test_where_sticks_are():
    assert str(sticks_folder({})) == "/run/ondine-sticks"
    assert str(sticks_folder({"ONDINE_STICKS": "/media"})) == "/media"
