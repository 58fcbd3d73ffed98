"""Switching off: what comes after what, and that nothing of it happens by mistake."""

import asyncio

import pytest

from device.control.signal import Signal
from device.errors import ControlError
from device.power.acts import POWER_ACTS
from device.power.power import PENDING_S, SEEN_S, Power


class Stage:
    """A box whose time is turned by its sleeps; `systemd` says whether wishes are seen to."""

    def __init__(self, folder, *, box=True, systemd=True, busy_s=0.0):
        self.folder, self.systemd, self.busy_s = folder, systemd, busy_s
        self.now_s, self.gain_db, self.done, self.said = 0.0, -6.0, [], []
        self.first_day, self.spared = "As on the first day", 0
        self.power = Power(
            folder,
            box=box,
            gain_db=lambda: self.gain_db,
            set_gain_db=self.set_gain_db,
            least_db=-60.0,
            pending=lambda: self.now_s < self.busy_s,
            light=lambda on: self.done.append(f"light {'on' if on else 'off'}"),
            first_day=self.set_aside,
            spared=self.pass_by,
            say=self.said.append,
            sleep=self.sleep,
        )

    def set_gain_db(self, db):
        assert db <= self.gain_db or db == -6.0
        self.gain_db = db
        self.done.append("fade")

    def pass_by(self):
        self.spared += 1

    def set_aside(self):
        if isinstance(self.first_day, Exception):
            raise self.first_day
        self.done.append("set aside")
        return self.first_day

    async def sleep(self, seconds):
        self.now_s += seconds
        for what in ("poweroff", "reboot"):
            if self.systemd and (self.folder / what).exists():
                self.done.append(f"{what} at {self.gain_db:.0f} dB, {self.now_s:.0f} s")
                (self.folder / what).unlink()
        await asyncio.sleep(0)


def order(stage):
    return list(dict.fromkeys(stage.done))


def test_it_fades_and_only_then_is_switched_off(tmp_path):
    stage = Stage(tmp_path)
    assert asyncio.run(stage.power.shutdown()) == ""
    assert order(stage) == ["light on", "fade", "poweroff at -60 dB, 1 s"]
    assert stage.said == ["Switching off."]


def test_it_may_as_well_start_again(tmp_path):
    stage = Stage(tmp_path)
    asyncio.run(stage.power.restart())
    assert order(stage)[-1] == "reboot at -60 dB, 1 s"


def test_what_is_being_written_is_waited_for(tmp_path):
    stage = Stage(tmp_path, busy_s=7.0)
    asyncio.run(stage.power.shutdown())
    assert order(stage)[-1] == "poweroff at -60 dB, 7 s"


def test_but_not_for_ever(tmp_path):
    stage = Stage(tmp_path, busy_s=1e9)
    asyncio.run(stage.power.shutdown())
    assert stage.now_s < PENDING_S + 2.0


def test_if_nobody_sees_to_it_the_sound_comes_back(tmp_path):
    stage = Stage(tmp_path, systemd=False)
    with pytest.raises(ControlError, match=r"within 10 s, so it plays on\. Nothing is lost"):
        asyncio.run(stage.power.shutdown())
    assert stage.gain_db == -6.0
    assert order(stage) == ["light on", "fade", "light off"]
    assert list(tmp_path.iterdir()) == []
    assert stage.now_s <= SEEN_S + 1.5
    stage.systemd = True
    asyncio.run(stage.power.shutdown())
    assert stage.gain_db == -60.0


def test_where_the_wish_cannot_be_left_it_plays_on(tmp_path):
    stage = Stage(tmp_path / "none")
    with pytest.raises(ControlError, match="cannot be told to"):
        asyncio.run(stage.power.shutdown())
    assert stage.gain_db == -6.0


def test_a_desktop_is_not_switched_off(tmp_path):
    stage = Stage(tmp_path, box=False)
    for act in stage.power.acts().values():
        with pytest.raises(ControlError, match="as you always do"):
            asyncio.run(act())
    assert stage.done == []


def test_wished_twice_it_is_done_once(tmp_path):
    stage = Stage(tmp_path)

    async def twice():
        return await asyncio.gather(stage.power.shutdown(), stage.power.restart())

    assert asyncio.run(twice()) == ["", "Starting again."]
    assert [done for done in stage.done if " at " in done] == ["poweroff at -60 dB, 1 s"]


def test_none_of_it_comes_from_the_network():
    assert all(spec.local for spec in POWER_ACTS)


class Clock(asyncio.SelectorEventLoop):
    """A loop whose time a stage turns."""

    stage: Stage

    def time(self):
        return self.stage.now_s


def played(stage, *moves):
    """Start, then (seconds, value) of the button; until all of it is over. The stage's own time."""

    async def run():
        loop = asyncio.get_running_loop()
        stage.power.start(loop, lambda readings: None)
        for at_s, value in moves:
            while stage.now_s < at_s and stage.power._watching is not None:
                before = stage.now_s
                await asyncio.sleep(0)
                if stage.now_s == before and stage.power._watching.done():
                    break
            stage.power.hear([Signal("power", value, max(stage.now_s, at_s))])
            if value == 0.75:  # the profile's `long_ms` has passed: the patch shuts down
                await stage.power.shutdown()
        if stage.power._watching is not None:
            await stage.power._watching
        stage.power.close()

    loop = Clock()
    loop.stage = stage
    try:
        loop.run_until_complete(run())
    finally:
        loop.close()


def test_held_from_power_on_it_goes_back_to_the_first_day_and_starts_again(tmp_path):
    stage = Stage(tmp_path)
    played(stage, (0.1, 1.0))
    assert order(stage)[:3] == ["light on", "set aside", "fade"]
    assert order(stage)[-1].startswith("reboot at -60 dB, 1")
    assert stage.said == [
        "Held for 10 s, this button sets everything aside.",
        "As on the first day.",
        "Starting again.",
    ]


def test_held_for_that_it_does_not_switch_off(tmp_path):
    stage = Stage(tmp_path)
    played(stage, (0.1, 1.0), (3.0, 0.75))
    assert "poweroff" not in " ".join(stage.done)
    assert order(stage)[-1].startswith("reboot")


def test_let_go_in_time_nothing_happens(tmp_path):
    stage = Stage(tmp_path)
    played(stage, (0.1, 1.0), (8.0, 0.0))
    assert stage.done == ["light on", "light off"]


def test_never_touched_it_is_done_with_after_ten_seconds(tmp_path):
    stage = Stage(tmp_path)
    played(stage)
    assert 10.0 < stage.now_s < 11.0
    assert stage.said == []


@pytest.mark.parametrize("moves", [(), ((0.1, 1.0), (8.0, 0.0))], ids=["never", "let go"])
def test_a_start_that_passed_without_it_is_told(tmp_path, moves):
    stage = Stage(tmp_path)
    played(stage, *moves)
    assert stage.spared == 1
    held = Stage(tmp_path / "again")
    (tmp_path / "again").mkdir()
    played(held, (0.1, 1.0))
    assert held.spared == 0


def test_what_cannot_be_set_aside_is_said_and_it_plays_on(tmp_path):
    stage = Stage(tmp_path)
    stage.first_day = ControlError("cannot go back: the disk is read-only")
    played(stage, (0.1, 1.0))
    assert stage.said[-1] == "Cannot go back: the disk is read-only."
    assert "fade" not in stage.done
    assert stage.done[-1] == "light off"


@pytest.mark.parametrize("begun", [True, False])
def test_a_control_process_that_came_back_does_not_listen_for_it(tmp_path, begun):
    if begun:
        played(Stage(tmp_path))
    second = Stage(tmp_path, box=begun)
    played(second, (0.1, 1.0))
    assert second.done == []
