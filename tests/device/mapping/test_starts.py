"""Which scene a box starts with, told as what happened to it: unplugged, crashed, clocks astray."""

import pytest

from device.mapping.starts import (
    Choice,
    Now,
    Start,
    ages_s,
    begun,
    choose_start,
    decode_starts,
    encode_starts,
    ended,
    forgiven,
    gave_up,
    ran,
)


class Box:
    """A box that is plugged in, crashes and is unplugged; scene 5 is its last one."""

    def __init__(self, wall_s=1e9):
        self.log, self.wall_s, self.boots, self.uptime_s = (), wall_s, 0, 20.0
        self.chosen = []

    @property
    def now(self):
        return Now(f"boot {self.boots}", self.uptime_s, self.wall_s)

    def choice(self):
        return choose_start(self.log, 5, self.now)

    def start(self, ran_s, *, last=5):
        """Start and run for so long."""
        choice = choose_start(self.log, last, self.now)
        self.chosen.append(choice.scene)
        self.log = begun(self.log, choice.scene, self.now)
        self.wall_s += ran_s
        self.uptime_s += ran_s
        self.log = ran(self.log, ran_s)

    def plug(self, *, away_s=5.0, wall_s=None):
        """Unplugged without a word, and plugged in again."""
        self.boots += 1
        self.uptime_s = 20.0
        self.wall_s = self.wall_s + away_s + 20.0 if wall_s is None else wall_s

    def again(self, wait_s=1.0):
        """What died is started again, without a new boot."""
        self.wall_s += wait_s
        self.uptime_s += wait_s


def test_the_last_scene_is_on_and_without_one_the_default():
    assert choose_start((), 5, Now("a", 1.0, 1.0)) == Choice(5)
    assert choose_start((), None, Now("a", 1.0, 1.0)) == Choice(None)


def test_three_crashes_at_once_give_it_up_until_it_is_recalled_by_hand():
    box = Box()
    for _ in range(3):
        box.start(0.5)
        box.again()
    assert box.chosen == [5, 5, 5]
    choice = box.choice()
    assert choice.scene is None
    assert "crashed 3 times as soon as it started with scene 5" in choice.say
    assert "default scene is on instead" in choice.say
    # The default scene plays well for days, with or without crashes: that proves nothing.
    for ran_s in (0.5, 90_000.0, 0.5, *[10.0] * 40):
        box.start(ran_s)
        box.plug()
    assert box.chosen[3:] == [None] * 43
    box.log = forgiven(box.log, 5)
    assert box.choice() == Choice(5)


def test_a_plug_that_is_pulled_at_once_is_no_crash():
    box = Box()
    for _ in range(4):
        box.start(1.0)
        box.plug(away_s=200.0)
    assert box.chosen == [5] * 4
    assert box.choice() == Choice(5)


def test_two_crashes_or_a_good_start_between_them_are_no_reason():
    box = Box()
    for ran_s in (0.5, 0.5, 4.0, 0.5, 0.5):
        box.start(ran_s)
        box.again(200.0)
    assert box.choice() == Choice(5)
    box = Box()
    for _ in range(6):
        box.start(0.5)
        box.log = ended(box.log)
        box.again()
    assert box.choice() == Choice(5)


@pytest.mark.parametrize("restart", [Box.again, Box.plug])
def test_more_than_four_bad_ends_within_ten_minutes_give_it_up_for_a_while(restart):
    box = Box()
    for _ in range(5):
        assert box.choice() == Choice(5)
        box.start(60.0)
        restart(box)
    choice = box.choice()
    assert choice.scene is None
    assert "ended badly 5 times within 10 minutes with scene 5" in choice.say
    box.start(700.0)
    restart(box)
    assert box.choice() == Choice(5)


def test_bad_ends_that_are_far_apart_are_none():
    box = Box()
    for _ in range(20):
        box.start(60.0)
        box.plug(away_s=100.0)
    assert box.chosen == [5] * 20


def test_another_scene_is_not_blamed():
    box = Box()
    for _ in range(5):
        box.start(0.5)
        box.again()
    assert choose_start(box.log, 6, box.now) == Choice(6)


def test_without_a_clock_evenings_that_end_with_the_plug_are_good_ones():
    """Each boot begins at the same time on the wall."""
    box = Box(wall_s=0.0)
    for _ in range(20):
        box.start(7200.0)
        box.plug(wall_s=20.0)
    assert box.chosen == [5] * 20


@pytest.mark.parametrize("back_s", [0.0, 1e6])
def test_without_a_clock_a_box_that_keeps_dying_gives_it_up(back_s):
    box = Box()
    for number in range(5):
        box.start(30.0)
        box.plug(wall_s=1e9 - number * back_s)
    assert box.chosen == [5] * 5
    assert box.choice().scene is None


def test_within_one_boot_a_clock_that_is_set_changes_nothing():
    """The time comes over the network, years later than the clock of the board had it."""
    box = Box(wall_s=0.0)
    for _ in range(5):
        box.start(30.0)
        box.again()
        box.wall_s += 1e9
    assert box.choice().scene is None


def test_ages_by_hand():
    log = (
        Start(1, "a", 10.0, 1000.0, ran_s=3.0),
        Start(1, "a", 40.0, 900.0),
        Start(1, "b", 20.0, 100.0, ran_s=600.0),
    )
    # b to now: 50 s by uptime, but it ran 600. a to b: backward, so b's uptime. a to a: 30 s.
    assert ages_s(log, Now("b", 70.0, 0.0)) == [650.0, 620.0, 600.0]
    assert ages_s((), Now("b", 70.0, 0.0)) == []


def test_the_log_stays_short_and_no_scene_pushes_another_out():
    log = ()
    for number in range(6):
        log = begun(log, 5, Now("a", float(number), 0.0))
    for number in range(1000):
        log = begun(log, None, Now("a", float(number), 0.0))
    assert len(log) == 14
    assert [s.scene for s in log[:6]] == [5] * 6
    for number in range(1000):
        log = begun(log, number % 128, Now("a", float(number), 0.0))
    assert len(log) == 32


def test_the_log_is_read_back_and_a_damaged_one_is_empty():
    log = ended(ran(begun(begun((), None, Now("a", 1.5, 2.5)), 5, Now("b", 1.0, 2.0)), 700.0))
    assert log[-1] == Start(5, "b", 1.0, 2.0, ran_s=600.0, good=1)
    assert decode_starts(encode_starts(log)) == log
    whole = encode_starts(log)
    damaged = [whole[:-9], whole.replace(b"1.5", b"1e999"), b"", b"[]", b"[" * 99_999]
    for data in (*damaged, b'{"starts": 1}', b'{"starts": [{"scene": 1}]}'):
        assert decode_starts(data) == ()
    assert ended(()) == ran((), 3.0) == ()


def test_a_scene_that_the_sound_died_of_is_not_begun_with_until_it_is_recalled():
    box = Box()
    box.start(5.0)
    box.log = ended(ran(gave_up(box.log, 5), 1e6))  # control lived on, and ended well
    for _ in range(12):
        box.plug(away_s=1e6)
        box.start(1e4)
    assert box.chosen == [5, *[None] * 12]
    assert "died again and again with scene 5" in box.choice().say
    box.log = forgiven(box.log, 4)
    assert box.choice().scene is None
    box.log = forgiven(box.log, 5)
    assert box.choice() == Choice(5)


def test_only_the_scene_that_was_on_then_is_given_up():
    box = Box()
    box.start(5.0)
    box.log = gave_up(box.log, 4)  # begun with 5, recalled 4, and that was it
    assert box.choice() == Choice(5)
    assert choose_start(box.log, 4, box.now).scene is None
    assert decode_starts(encode_starts(box.log)) == box.log


def test_a_log_from_before_there_was_such_a_note_is_read():
    old = encode_starts(begun((), 5, Now("a", 1.0, 1.0))).replace(b', "gave_up": -1', b"")
    assert b"gave_up" not in old
    assert decode_starts(old)[0].gave_up == -1
