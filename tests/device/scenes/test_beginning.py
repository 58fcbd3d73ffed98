"""Which scene a performance begins with, and what is noted of how it went."""

import asyncio
import dataclasses
import threading

import pytest

from device.errors import ControlError
from device.mapping.disk import Folder
from device.mapping.last import read_last, read_starts, write_last, write_starts
from device.mapping.scene import Scene
from device.mapping.starts import Now, Start
from device.play.wish import Play
from device.scenes.beginning import choose_scene
from device.scenes.start_log import StartLog

SCENES = {3: Scene(3, "Dawn"), 5: Scene(5, "Dusk")}
NOW = Now("boot", 100.0, 1e9)


class Full(Folder):
    """A disk that takes nothing."""

    def write(self, name, data):
        raise OSError(30, "Read-only file system")


class PassedLoop(asyncio.SelectorEventLoop):
    """A loop whose time is passed in."""

    now_s = 1000.0

    def time(self):
        return self.now_s


class Box:
    def __init__(self, folder, now=NOW, disk=Folder):
        self.disk, self.now, self.said = disk(folder), now, []

    def chosen(self, **wish):
        scene, say = choose_scene(Play(**wish), SCENES, self.disk, self.now)
        return scene and scene.number, say

    def log(self, scene):
        return StartLog(self.disk, scene, self.now, self.said.append)

    def run(self, scene, *runs_s, ends_well=True, recalls=None):
        """Start with a scene, let time pass, and end; the log after each of it."""
        log, logs = self.log(scene), []

        async def settle():
            while log._writing:
                await asyncio.gather(*log._writing)

        async def main():
            loop = asyncio.get_running_loop()
            log.start(loop, lambda readings: None)
            await settle()
            logs.append(read_starts(self.disk))
            for seconds in runs_s:
                loop.now_s += seconds
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                await settle()
                logs.append(read_starts(self.disk))
            if recalls is not None:
                log.forgive(recalls)
                await settle()
                logs.append(read_starts(self.disk))

        with asyncio.Runner(loop_factory=PassedLoop) as runner:
            runner.run(main())
        if ends_well:
            log.close()
            logs.append(read_starts(self.disk))
        self.now = dataclasses.replace(self.now, uptime_s=self.now.uptime_s + 10.0)
        return logs


@pytest.fixture
def box(tmp_path):
    return Box(tmp_path / "scenes")


def test_the_last_scene_is_begun_with(box):
    assert box.chosen() == (None, "")
    write_last(box.disk, 5)
    assert box.chosen() == (5, "")


@pytest.mark.parametrize(("wanted", "number"), [("3", 3), ("dawn", 3), ("Dusk", 5), ("none", None)])
def test_a_scene_that_is_asked_for_comes_before_the_last_one(box, wanted, number):
    write_last(box.disk, 5)
    assert box.chosen(scene=wanted) == (number, "")
    assert box.chosen(scene=wanted, model="glass") == (number, "")


@pytest.mark.parametrize("wanted", ["4", "Noon", "", "-1", "\ud800"])
def test_a_scene_that_is_asked_for_and_not_there_is_said(box, wanted):
    with pytest.raises(ControlError, match="there is no scene"):
        box.chosen(scene=wanted)


def test_an_instrument_that_is_asked_for_is_played_without_the_last_scene(box):
    write_last(box.disk, 5)
    assert box.chosen(model="glass") == (None, "")


def test_a_last_scene_that_was_deleted_is_none(box):
    write_last(box.disk, 77)
    assert box.chosen() == (None, "")


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b'{"number": -1}', b'{"number": "3"}'])
def test_a_note_that_cannot_be_read_is_none(box, data):
    box.disk.path.mkdir()
    (box.disk.path / "last.json").write_bytes(data)
    (box.disk.path / "starts.json").write_bytes(data)
    assert box.chosen() == (None, "")


def test_a_scene_that_crashes_again_and_again_gives_way_to_the_default(box):
    write_last(box.disk, 5)
    for _ in range(3):
        assert box.chosen() == (5, "")
        box.run(5, 1.0, ends_well=False)
    number, say = box.chosen()
    assert number is None
    assert "crashed 3 times as soon as it started with scene 5" in say
    # It can be asked for all the same.
    assert box.chosen(scene="5") == (5, "")


def test_a_player_who_recalls_it_by_hand_has_it_tried_again(box):
    write_last(box.disk, 5)
    for _ in range(3):
        box.run(5, 1.0, ends_well=False)
    box.run(None, 1.0, recalls=5)
    assert box.chosen() == (5, "")


def test_to_recall_the_scene_that_it_began_with_does_not_hide_a_crash_of_this_start(box):
    write_last(box.disk, 5)
    for _ in range(3):
        box.run(5, 1.0, recalls=5, ends_well=False)
    assert [start.good for start in read_starts(box.disk)] == [1, 1, 0]
    assert box.chosen() == (5, "")


def test_starts_are_noted_at_once_at_the_marks_and_at_a_good_end(box):
    write_last(box.disk, 5)
    began, short, long, ended = [log[-1] for log in box.run(5, 3.0, 597.0)]
    assert began == Start(5, "boot", 100.0, 1e9)
    assert short == dataclasses.replace(began, ran_s=3.0)
    assert long == dataclasses.replace(began, ran_s=600.0)
    assert ended == dataclasses.replace(long, good=1)


def test_nothing_is_written_until_a_scene_was_on(box):
    assert box.run(None, 3.0) == [(), (), ()]
    assert not box.disk.path.exists()


def test_a_log_that_is_closed_twice_or_never_started_writes_nothing(box):
    write_last(box.disk, 5)
    log = box.log(5)
    log.close()
    log.close()
    assert read_starts(box.disk) == ()


def test_the_last_word_is_the_good_end_even_on_a_slow_disk(box):
    write_last(box.disk, 5)
    begun, go_on = threading.Event(), threading.Event()

    class Slow(Folder):
        """Its first write takes its time."""

        def write(self, name, data):
            if not begun.is_set():
                begun.set()
                go_on.wait(10.0)
            super().write(name, data)

    log = StartLog(Slow(box.disk.path), 5, NOW, box.said.append)

    async def main():
        log.start(asyncio.get_running_loop(), lambda readings: None)
        await asyncio.to_thread(begun.wait, 10.0)
        threading.Thread(target=go_on.set).start()
        log.close()

    asyncio.run(main())
    assert read_starts(box.disk)[-1].good == 1


def test_a_read_only_disk_costs_the_notes_and_is_said(tmp_path):
    good = Box(tmp_path / "scenes")
    write_last(good.disk, 5)
    write_starts(good.disk, (Start(5, "old", 1.0, 1.0, good=1),))
    box = Box(tmp_path / "scenes", disk=Full)
    assert box.chosen() == (5, "")
    logs = box.run(5, 3.0)
    assert set(map(len, logs)) == {1}
    assert set(box.said) == {
        "Cannot note which scene is on: the disk is read-only. "
        "Look whether its card is locked or worn out."
    }
    assert read_last(box.disk) == 5


def test_a_scene_that_the_sound_was_given_up_with_is_noted_though_control_ends_well(box):
    write_last(box.disk, 3)

    async def died_of(log, scene):
        log.start(asyncio.get_running_loop(), lambda readings: None)
        log.gave_up(scene)
        await asyncio.gather(*log._writing)
        log.close()

    asyncio.run(died_of(box.log(3), 3))
    assert read_starts(box.disk)[-1].gave_up == 3
    scene, say = box.chosen()
    assert scene is None
    assert "died again and again with scene 3" in say

    log = box.log(None)
    asyncio.run(recalled(log, 3))
    assert box.chosen() == (3, "")


async def recalled(log, scene):
    log.start(asyncio.get_running_loop(), lambda readings: None)
    log.forgive(scene)
    await asyncio.gather(*log._writing)
    log.close()


def test_recalled_by_hand_in_the_same_run_it_is_tried_again(box):
    write_last(box.disk, 3)

    async def died_and_recalled(log):
        log.start(asyncio.get_running_loop(), lambda readings: None)
        log.gave_up(3)
        log.forgive(3)
        await asyncio.gather(*log._writing)
        log.close()

    asyncio.run(died_and_recalled(box.log(3)))
    assert box.chosen() == (3, "")


def test_without_a_scene_on_nothing_is_given_up(box):
    async def died(log):
        log.start(asyncio.get_running_loop(), lambda readings: None)
        log.gave_up(None)
        log.close()

    asyncio.run(died(box.log(None)))
    assert read_starts(box.disk) == ()
