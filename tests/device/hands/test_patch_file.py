"""The player's own patch in a real folder: whole, newest, never lost, never over a stranger's."""

import asyncio
import errno
import json
import threading
import time

import pytest

from device.errors import ControlError
from device.hands.own_file import OwnFile
from device.hands.patch_file import PatchFile, own_patch_file
from device.mapping.conditioning import Conditioning
from device.mapping.disk import Folder
from device.mapping.patch import MAX_BYTES, Patch, decode_mapping
from device.mapping.routes import Route
from tests.device.hands.patch_stage import TINY
from tests.device.mapping.crashes import MemoryDisk, crashes

BOUND_S = 10.0


def patch(number):
    return Patch({"knob/1": Conditioning(smoothing_ms=float(number))})


def number_in(data):
    return decode_mapping(data, TINY).controls["knob/1"].smoothing_ms


class CountingFolder(Folder):
    """A real folder that tells what was written, and can be held up like a slow card."""

    def __init__(self, path, changed=lambda: None):
        super().__init__(path)
        self.numbers, self.threads, self.begun_s = [], set(), []
        self.changed = changed
        self.go_on = threading.Event()
        self.go_on.set()

    def write(self, name, data):
        self.begun_s.append(time.monotonic())
        self.threads.add(threading.get_ident())
        self.changed()
        self.go_on.wait(BOUND_S)
        super().write(name, data)
        self.numbers.append(number_in(data))
        self.changed()


class Scene:
    """A patch file on a running loop; `until` waits for its disk and its sentences."""

    def __init__(self, disk, **settings):
        self.said, self._happened = [], asyncio.Event()
        self._loop = asyncio.get_running_loop()
        if isinstance(disk, CountingFolder):
            disk.changed = lambda: self._loop.call_soon_threadsafe(self._happened.set)
        self.file = PatchFile(disk, "patch.json", say=self._say, **settings)
        self.file.start(self._loop, lambda readings: None)

    def _say(self, sentence):
        self.said.append(sentence)
        self._happened.set()

    async def until(self, true):
        async with asyncio.timeout(BOUND_S):
            while not true():
                self._happened.clear()
                await self._happened.wait()


def test_of_many_changes_the_newest_is_written_off_the_loop(tmp_path):
    folder = CountingFolder(tmp_path / "new/ondine")

    async def scene():
        here = Scene(folder, every_s=3600.0)
        file, said = here.file, here.said
        for number in range(100):
            file.keep(patch(number))
        await here.until(lambda: folder.numbers)
        for number in range(100, 200):
            file.keep(patch(number))
        # The next is due in an hour: what waits is written because it ends.
        assert len(folder.numbers) == 1
        file.close()
        file.close()
        assert said == []

    asyncio.run(scene())
    assert folder.numbers[-1] == 199.0
    assert len(folder.numbers) == 2
    assert len(folder.threads) == 2
    assert sorted(path.name for path in folder.path.iterdir()) == ["patch.json"]


def test_writes_keep_their_distance(tmp_path):
    folder, began_s = CountingFolder(tmp_path), []

    async def scene():
        here = Scene(folder, every_s=0.05)
        began_s.append(time.monotonic())
        for number in range(4):
            here.file.keep(patch(number))
            here.file.keep(patch(number + 0.5))
            await here.until(lambda number=number: len(folder.numbers) > number)
        here.file.close()

    asyncio.run(scene())
    assert folder.numbers[-1] == 3.5
    first, *_, last = folder.begun_s[:4]
    assert last - began_s[0] >= 3 * 0.05 - 0.001
    assert first < last


def test_at_the_end_a_slow_write_is_waited_for_and_the_newest_wins(tmp_path):
    folder = CountingFolder(tmp_path)
    folder.go_on.clear()

    async def scene():
        here = Scene(folder)
        file = here.file
        file.keep(patch(1))
        await here.until(lambda: folder.threads)
        file.keep(patch(2))
        threading.Timer(0.02, folder.go_on.set).start()
        file.close()
        assert number_in((tmp_path / "patch.json").read_bytes()) == 2.0

    asyncio.run(scene())
    assert folder.numbers == [1.0, 2.0]
    assert number_in((tmp_path / "patch.json").read_bytes()) == 2.0


def test_what_was_learned_before_it_began_is_kept(tmp_path):
    said = []
    file = PatchFile(Folder(tmp_path), "patch.json", say=said.append)
    file.keep(patch(7))
    file.close()
    assert number_in((tmp_path / "patch.json").read_bytes()) == 7.0


def test_a_given_patch_is_never_written_and_that_is_said_once(tmp_path):
    said = []
    path = tmp_path / "patch.json"
    path.write_bytes(b"mine")
    file = own_patch_file(path, said.append, given=True)
    for number in range(3):
        file.keep(patch(number))
    file.close()
    assert said == ["What you learn is played, but not stored: the patch was given with --patch."]
    assert path.read_bytes() == b"mine"


def test_a_link_goes_on_being_one(tmp_path):
    real, link = tmp_path / "dotfiles.json", tmp_path / "patch.json"
    real.write_bytes(b"{}")
    link.symlink_to(real)
    file = own_patch_file(link, print, given=False)
    file.keep(patch(3))
    file.close()
    assert link.is_symlink()
    assert number_in(real.read_bytes()) == 3.0


def test_links_in_a_circle_are_told_and_left_alone(tmp_path):
    said = []
    (tmp_path / "patch.json").symlink_to(tmp_path / "other.json")
    (tmp_path / "other.json").symlink_to(tmp_path / "patch.json")
    file = own_patch_file(tmp_path / "patch.json", said.append, given=False)
    assert file.read(TINY) is None
    file.keep(patch(3))
    file.close()
    assert "symbolic links" in said[0]
    assert (tmp_path / "patch.json").is_symlink()


def test_a_patch_is_read_again_with_what_other_instruments_have(tmp_path):
    said = []
    routes = (Route("knob/1", "dry_wet"), Route("knob/2", "a_parameter_of_glass"))
    first = own_patch_file(tmp_path / "patch.json", said.append, given=False)
    assert first.read(TINY) is None
    first.keep(Patch({}, routes))
    first.close()
    assert own_patch_file(tmp_path / "patch.json", said.append, given=False).read(TINY) == Patch(
        {}, routes
    )
    assert said == []


BAD = {
    "empty": b"",
    "half of one": b'{"format": 1, "routes": [{"sour',
    "no text": b"\xff\xfe\x00",
    "another shape": b"[]",
    "a number": b"7",
    "unknown keys": b'{"rutes": []}',
    "routes that are none": b'{"routes": 7}',
    "a route that is none": b'{"routes": ["knob/1"]}',
    "a target that is none": b'{"routes": [{"source": "knob/1", "target": 7}]}',
    "a target that cannot be": b'{"routes": [{"source": "knob/1", "target": "Dry Wet"}]}',
    "a missing macro": b'{"routes": [{"source": "knob/1", "target": "macro/none"}]}',
    "macros without moves": b'{"macros": [{"name": "a", "moves": 7}]}',
    "a depth": b'{"routes": [{"source": "knob/1", "target": "dry_wet", "depth": 2}]}',
    "not finite": b'{"controls": {"knob/1": {"low": NaN}}}',
    "deep": b"[" * 100_000,
    "long": b" " * (MAX_BYTES + 10),
}


@pytest.mark.parametrize("name", BAD)
def test_a_damaged_patch_is_set_aside_whole_and_another_takes_its_place(tmp_path, name):
    said = []
    (tmp_path / "patch.json").write_bytes(BAD[name])
    (tmp_path / "patch.json.damaged").write_bytes(b"an earlier one")
    file = own_patch_file(tmp_path / "patch.json", said.append, given=False)
    assert file.read(TINY) is None
    assert len(said) == 1
    assert "set aside as patch.json.damaged.2: " in said[0]
    file.keep(patch(5))
    file.close()
    assert (tmp_path / "patch.json.damaged").read_bytes() == b"an earlier one"
    assert (tmp_path / "patch.json.damaged.2").read_bytes() == BAD[name]
    assert number_in((tmp_path / "patch.json").read_bytes()) == 5.0


def test_that_of_a_newer_ondine_is_left_alone(tmp_path):
    said = []
    newer = json.dumps({"format": 99, "dreams": []}).encode()
    (tmp_path / "patch.json").write_bytes(newer)
    file = own_patch_file(tmp_path / "patch.json", said.append, given=False)
    assert file.read(TINY) is None
    file.keep(patch(5))
    file.close()
    assert "left as it is" in said[0]
    assert said[1].endswith("your patch was made by a newer Ondine.")
    assert (tmp_path / "patch.json").read_bytes() == newer


def test_one_that_cannot_be_read_is_neither_moved_nor_overwritten(tmp_path):
    said = []
    (tmp_path / "patch.json").mkdir()
    file = own_patch_file(tmp_path / "patch.json", said.append, given=False)
    assert file.read(TINY) is None
    file.keep(patch(5))
    file.close()
    assert said[0].startswith("Playing without your patch: cannot read your patch: Is a directory")
    assert len(said) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["patch.json"]


def test_a_disk_that_refuses_is_said_once_tried_again_and_loses_nothing():
    disk = MemoryDisk(refuses=errno.ENOSPC)

    async def scene():
        here = Scene(disk, every_s=0.0, again_s=0.02)
        file, said = here.file, here.said
        file.keep(patch(1))
        await here.until(lambda: said)
        file.keep(patch(2))
        assert len(said) == 1
        assert "the disk is full" in said[0]
        disk.refuses = 0
        await here.until(lambda: len(said) == 2)
        assert said[1] == "What you learned is stored now."
        assert number_in(disk.files["patch.json"]) == 2.0
        disk.refuses = errno.EROFS
        file.keep(patch(3))
        file.close()
        assert "What you learned last is not stored" in said[-1]
        assert number_in(disk.files["patch.json"]) == 2.0

    asyncio.run(scene())


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_a_folder_of_somebody_else_is_told_with_what_to_do(number):
    said = []
    file = PatchFile(MemoryDisk(refuses=number), "patch.json", say=said.append)
    file.keep(patch(1))
    file.close()
    assert "XDG_CONFIG_HOME" in said[0]


def test_whatever_a_power_cut_leaves_is_the_old_or_the_new_patch():
    disk = MemoryDisk()
    file = PatchFile(disk, "patch.json", say=print)
    file.keep(patch(1))
    file.close()
    before = dict(disk.files)
    disk.log.clear()
    disk.written.clear()
    file.keep(patch(2))
    file.close()
    numbers = [number_in(crash.files["patch.json"]) for crash in crashes(before, disk)]
    assert set(numbers) == {1.0, 2.0}
    assert number_in(disk.files["patch.json"]) == 2.0


def test_the_same_again_is_not_written():
    disk = MemoryDisk()
    file = PatchFile(disk, "patch.json", say=print)
    for _ in range(3):
        file.keep(patch(1))
        file.close()
    assert len(disk.written) == 1


def test_what_could_not_be_read_again_is_not_written():
    disk = MemoryDisk({"small": b"old"})
    with pytest.raises(ControlError, match="would have 5 bytes; 4 are allowed"):
        OwnFile(disk, "small", "your notes", 4).put(b"12345")
    assert disk.files == {"small": b"old"}
