"""The store: whatever happens, each scene is the old or the new one, whole."""

import dataclasses
import errno
import json
import re
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from device.caches import MAX_BYTES as MAX_CACHES
from device.caches import pack_caches, unpack_caches
from device.errors import ControlError
from device.mapping.disk import Folder
from device.mapping.last import (
    LAST,
    read_last,
    read_starts,
    write_last,
    write_starts,
)
from device.mapping.scene import Scene, encode_scene
from device.mapping.starts import Now, begun
from device.mapping.store import Loaded, Store, scenes_folder
from tests.device.mapping.crashes import Crash, MemoryDisk, crashes

CACHES = [pack_caches({"cached_0": np.full((1, 4, 2), n, np.float32)}) for n in range(4)]
OTHER = Scene(7, "other", values={"dry_wet": 1.0})


def scene(n, number=12):
    return Scene(number, f"version {n}", values={"dry_wet": n / 8}, mapping={"routes": [n]})


def store_of(disk):
    return Store(disk, "/scenes")


def saved(*versions, caches=False):
    disk = MemoryDisk()
    store_of(disk).save(OTHER)
    for n in versions:
        store_of(disk).save(scene(n), CACHES[n] if caches else None)
    return dict(disk.files)


def whole(crash, *allowed, caches=False):
    """Scene 12 after a crash: one of these versions, with its caches, or None; all else is well."""
    store = store_of(disk := MemoryDisk(dict(crash.files)))
    loaded = store.load()
    assert loaded.said == ()
    assert loaded.scenes[7] == OTHER
    found = loaded.scenes.get(12)
    versions = {scene(n).name: n for n in allowed if n is not None}
    if found is None:
        assert None in allowed
        version = None
    else:
        version = versions[found.name]
        assert dataclasses.replace(found, caches="") == scene(version)
        if caches:
            assert store.caches(found) == CACHES[version]
    # What the crash left behind hinders nothing.
    store.save(scene(3), CACHES[3])
    again = store.load()
    assert (again.scenes[12].name, again.said) == ("version 3", ())
    assert store.caches(again.scenes[12]) == CACHES[3]
    assert not [name for name in disk.names() if name.endswith(".partial")]
    return version


@pytest.mark.parametrize("versions", [(), (0,), (0, 1)])
@pytest.mark.parametrize("caches", [False, True])
def test_after_a_crash_at_any_point_of_a_save_the_old_or_the_new_one_is_there(versions, caches):
    before = saved(*versions, caches=caches)
    disk = MemoryDisk(dict(before))
    store_of(disk).save(scene(2), CACHES[2] if caches else None)
    old = versions[-1] if versions else None
    states = list(crashes(before, disk))
    found = [(state.done, whole(state, old, 2, caches=caches)) for state in states]
    assert len(states) > 20
    assert {version for _, version in found} == {old, 2}
    assert {version for done, version in found if done == len(disk.log)} == {2}
    earlier = [s.files for s in states if "scene-012.before.json" in s.files]
    assert bool(earlier) == bool(versions)
    names = {store_of(MemoryDisk(dict(files))).restore(12).name for files in earlier}
    assert names <= {f"version {n}" for n in versions}


def test_after_a_crash_at_any_point_of_a_deletion_it_is_there_or_not():
    before = saved(0, 1, caches=True)
    disk = MemoryDisk(dict(before))
    store_of(disk).delete(12)
    found = {
        (c.done == len(disk.log), whole(c, 1, None, caches=True)) for c in crashes(before, disk)
    }
    assert found == {(False, 1), (False, None), (True, None)}


def test_after_a_crash_at_any_point_of_a_restoration_it_is_either_version():
    before = saved(0, 1, caches=True)
    disk = MemoryDisk(dict(before))
    assert store_of(disk).restore(12).name == "version 0"
    found = {(c.done == len(disk.log), whole(c, 0, 1, caches=True)) for c in crashes(before, disk)}
    assert found == {(False, 1), (False, 0), (True, 0)}


def test_after_a_crash_at_any_point_of_a_mending_the_damaged_one_and_its_stand_in_are_there():
    before = saved(0, 1)
    before["scene-012.json"] = torn = before["scene-012.json"][:40]
    disk = MemoryDisk(dict(before))
    store_of(disk).load()
    for crash in crashes(before, disk):
        after = MemoryDisk(dict(crash.files))
        assert store_of(after).load().scenes[12] == scene(0)
        assert torn in after.files.values()
        assert store_of(after).load() == Loaded({7: OTHER, 12: scene(0)})


def test_after_a_crash_the_last_pointer_and_the_log_are_the_old_or_the_new_ones():
    disk = MemoryDisk()
    write_last(disk, 3)
    before = dict(disk.files)
    disk = MemoryDisk(dict(before))
    write_last(disk, 4)
    found = {(c.done == 3, read_last(MemoryDisk(c.files))) for c in crashes(before, disk)}
    assert found == {(False, 3), (False, 4), (True, 4)}

    one = begun((), 3, Now("a", 1.0, 2.0))
    two = begun(one, 3, Now("b", 1.0, 2.0))
    disk = MemoryDisk()
    write_starts(disk, one)
    before = dict(disk.files)
    disk = MemoryDisk(dict(before))
    write_starts(disk, two)
    logs = {(c.done == 3, read_starts(MemoryDisk(c.files))) for c in crashes(before, disk)}
    assert logs == {(False, one), (False, two), (True, two)}


def test_the_enumeration_finds_a_store_that_forgets_to_sync_or_to_rename():
    before = {"a": b"old"}
    disk = MemoryDisk(dict(before))
    disk.write("a", b"newer")
    assert b"ne" in {crash.files["a"] for crash in crashes(before, disk)}
    disk = MemoryDisk(dict(before))
    disk.write("b", b"newer")
    disk.rename("b", "a")
    assert Crash(2, {"a": b"old"}) in list(crashes(before, disk))


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_a_real_folder_syncs_each_file_before_its_name_and_the_folder_after(tmp_path):
    """That a real disk is told what the recorded one assumes."""
    script = (
        "import sys; from pathlib import Path; from device.mapping.disk import Folder\n"
        "from device.mapping.scene import Scene; from device.mapping.store import Store\n"
        "store = Store(Folder(Path(sys.argv[1])), '')\n"
        "store.save(Scene(1, 'a')); store.save(Scene(1, 'b'), b'caches')"
    )
    done = subprocess.run(
        ["strace", "-f", "-y", "-e", "trace=fsync,rename,renameat,renameat2", sys.executable, "-c",
         script, str(tmp_path / "scenes")],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        timeout=60,
    )  # fmt: skip
    if "PTRACE" in done.stderr and "not permitted" in done.stderr:
        pytest.skip("tracing is not allowed here")
    assert done.returncode == 0, done.stderr
    seen = re.findall(r"(fsync|rename)\w*\((.*)\)\s+= 0", done.stderr)
    kinds = ("caches-", "before", "scene-")
    told = [(call, next((k for k in kinds if k in what), "folder")) for call, what in seen]
    # The folder is called scenes/: only names with a hyphen are files.
    assert told == [
        (call, what if call != "sync" else "folder")
        for kind in ("scene-", "caches-", "before", "scene-")
        for call, what in (("fsync", kind), ("rename", kind), ("fsync", "folder"))
    ]


def test_what_is_saved_is_read_back_and_an_unchanged_one_is_not_written(tmp_path):
    store = Store(Folder(tmp_path / "a/b"), "")
    kept = store.save(scene(1), CACHES[1])
    assert Store(Folder(tmp_path / "a/b"), "").load() == Loaded({12: kept})
    assert np.array_equal(
        unpack_caches(store.caches(kept))["cached_0"], np.full((1, 4, 2), 1, np.float32)
    )
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "a/b").iterdir()}
    store.save(scene(1), CACHES[1])
    write_last(Folder(tmp_path / "a/b"), 12)
    last = (tmp_path / "a/b" / LAST).stat().st_mtime_ns
    write_last(Folder(tmp_path / "a/b"), 12)
    assert (tmp_path / "a/b" / LAST).stat().st_mtime_ns == last
    assert stamps.items() <= {p: p.stat().st_mtime_ns for p in (tmp_path / "a/b").iterdir()}.items()


def test_one_damaged_file_is_set_aside_and_the_others_load():
    disk = MemoryDisk(saved(0))
    disk.files |= {"scene-003.json": b"\xff", "scene-200.json": b"{}", "notes.txt": b"mine"}
    loaded = store_of(disk).load()
    assert sorted(loaded.scenes) == [7, 12]
    assert len(loaded.said) == 1
    assert re.match(r"scene 3 is damaged and was set aside as scene-003\.json\.damaged: scene-003.*"
                    r"not readable JSON", loaded.said[0])  # fmt: skip
    assert disk.files["scene-003.json.damaged"] == b"\xff"
    assert store_of(disk).load().said == ()
    disk.files["scene-003.json"] = b"again"
    store_of(disk).save(scene(0, 3))
    assert disk.files["scene-003.json.damaged.2"] == b"again"
    assert disk.files["scene-003.json.damaged"] == b"\xff"


def test_a_younger_ondines_scene_is_left_as_it_is():
    disk = MemoryDisk(saved())
    disk.files["scene-003.json"] = data = json.dumps({"format": 2, "mood": 1}).encode()
    loaded = store_of(disk).load()
    assert "scene 3 is left as it is" in loaded.said[0]
    assert "format 2; this Ondine reads format 1" in loaded.said[0]
    assert disk.files["scene-003.json"] == data
    store_of(disk).save(scene(0, 3))
    assert disk.files["scene-003.json.damaged"] == data


def test_a_file_copied_to_another_number_is_that_scene():
    disk = MemoryDisk(saved(0))
    disk.files["scene-013.json"] = disk.files["scene-012.json"]
    assert store_of(disk).load().scenes[13] == scene(0, 13)


def test_restoring_twice_is_where_it_was_and_a_deleted_scene_comes_back():
    store = store_of(disk := MemoryDisk(saved(0, 1, caches=True)))
    assert [store.restore(12).name for _ in range(3)] == ["version 0", "version 1", "version 0"]
    store.delete(12)
    assert 12 not in store.load().scenes
    back = store.restore(12)
    assert (back.name, store.caches(back)) == ("version 0", CACHES[0])
    with pytest.raises(ControlError, match="no scene 99 to delete"):
        store.delete(99)
    with pytest.raises(ControlError, match="no earlier version of scene 99"):
        store.restore(99)
    assert [n for n in disk.names() if n.startswith("caches-")] == [f"caches-{back.caches}.npz"]


def test_caches_that_are_gone_or_changed_are_said():
    disk = MemoryDisk()
    kept = store_of(disk).save(scene(1), CACHES[1])
    blob = f"caches-{kept.caches}.npz"
    disk.files[blob] = CACHES[2]
    with pytest.raises(ControlError, match="caches of scene 12 are damaged"):
        store_of(disk).caches(kept)
    del disk.files[blob]
    with pytest.raises(ControlError, match="cannot read the caches of scene 12"):
        store_of(disk).caches(kept)
    assert store_of(disk).caches(scene(0)) is None


@pytest.mark.parametrize(
    ("number", "say"),
    [
        (errno.ENOSPC, "the disk is full. Remove something"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EACCES, "it is not allowed"),
        (errno.EIO, "refused"),
    ],
)
def test_a_disk_that_will_not_take_it_is_said_and_the_old_one_is_there(number, say):
    disk = MemoryDisk(saved(0), refuses=number)
    store = store_of(disk)
    for act in (lambda: store.save(scene(1)), lambda: store.delete(12)):
        with pytest.raises(ControlError, match=rf"cannot .* in /scenes: {say}"):
            act()
    for note in (lambda: write_last(disk, 2), lambda: write_starts(disk, ())):
        with pytest.raises(ControlError, match=f"cannot note which scene is on: {say}"):
            note()
    assert store.load() == Loaded({7: OTHER, 12: scene(0)})
    disk.files["scene-012.json"] = b""
    assert "cannot be set aside" in store.load().said[0]


def test_a_file_that_cannot_be_finished_leaves_the_old_one_and_nothing_else(tmp_path):
    """A limit on the size of files stands for a disk that is full to the byte."""
    store = Store(Folder(tmp_path), "here")
    store.save(scene(0))
    there = sorted(tmp_path.iterdir())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, limits[1]))
    try:
        with pytest.raises(ControlError, match="cannot save scene 12 in here"):
            store.save(scene(1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert sorted(tmp_path.iterdir()) == there
    assert store.load() == Loaded({12: scene(0)})


def test_a_real_folder_that_cannot_be_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    for wrong in (tmp_path / "file", tmp_path / "file/scenes", Path("/proc/scenes")):
        with pytest.raises(ControlError, match="cannot save scene 12 in here"):
            Store(Folder(wrong), "here").save(scene(0))
    assert Store(Folder(tmp_path / "none"), "").load() == Loaded({})
    assert "cannot be read" in Store(Folder(tmp_path / "file"), "").load().said[0]


def test_a_last_pointer_that_makes_no_sense_is_none():
    for data in (b"", b"[]", b"{}", b'{"number": 128}', b'{"number": true}', b"[" * 60_000):
        assert read_last(MemoryDisk({LAST: data})) is None


def test_caches_too_large_or_hostile_are_refused():
    with pytest.raises(ControlError, match="Save the scene without them"):
        pack_caches({"x": np.zeros(MAX_CACHES, np.uint8)})
    with pytest.raises(ControlError, match="no array of numbers"):
        pack_caches({"x": np.array([object()])})
    assert unpack_caches(pack_caches({})) == {}
    for data in (b"", b"PK", CACHES[0][:-30], bytes(MAX_CACHES + 1)):
        with pytest.raises(ControlError, match="the scene's caches cannot be used"):
            unpack_caches(data)


def test_where_scenes_are_kept():
    home = {"HOME": "/home/p"}
    assert scenes_folder(home) == Path("/home/p/.local/state/ondine/scenes")
    assert scenes_folder(home | {"XDG_STATE_HOME": "/s"}) == Path("/s/ondine/scenes")
    assert scenes_folder(home | {"ONDINE_SCENES": "/media/stick"}) == Path("/media/stick")


def test_a_scene_on_the_disk_is_what_encode_scene_says():
    assert saved(0)["scene-012.json"] == encode_scene(scene(0))
