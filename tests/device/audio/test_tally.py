"""The tally: what changes while it plays, told by whichever stream and player have it."""

import tracemalloc

import pytest

from device.audio.dry import Dry
from device.audio.tally import Tally
from device.status import Status


class Stream:
    """The part of a stream that is counted."""

    sample_rate_hz, block_frames, headroom_frames = 48_000, 480, 240
    xruns = cards_lost = 0


class Ladder(Dry):
    """A player that stands on a rung."""

    rung = serial = swaps = padding_frames = 0


@pytest.fixture
def status(tmp_path):
    return Status(tmp_path / "status", create=True)


def player(kind):
    return kind(sample_rate_hz=48_000, block_frames=480)


def test_lateness_and_load(status):
    tally = Tally(status, Stream(), player(Dry))
    assert tally.deadline_s == 0.005
    for took_s, reached in ((0.001, True), (0.0051, True), (0.001, False), (0.1, False)):
        tally.count(10.0, 10.0 + took_s, reached)
    assert (status["blocks"], status["late_blocks"]) == (4, 2)
    assert status["step_max_s"] == pytest.approx(0.1)
    assert status["heartbeat_s"] == 10.1
    assert status.histogram.sum() == 4
    assert status.histogram[-1] == 1


def test_what_changes_is_told_every_block(status):
    stream, ladder = Stream(), player(Ladder)
    tally = Tally(status, stream, ladder)
    assert (status["rung"], status["headroom_frames"]) == (0, 240)
    stream.xruns, stream.cards_lost, stream.headroom_frames = 3, 1, 960
    ladder.rung, ladder.serial, ladder.swaps, ladder.padding_frames = 3, 7, 2, 64
    tally.count(10.0, 10.001, True)
    for name, value in {
        "xruns": 3, "cards_lost": 1, "headroom_frames": 960, "rung": 3, "serial": 7, "swaps": 2,
        "padding_frames": 64,
    }.items():  # fmt: skip
        assert status[name] == value, name


def test_a_player_without_rungs_leaves_those_fields_be(status):
    status["rung"] = 2
    Tally(status, Stream(), player(Dry)).count(10.0, 10.001, True)
    assert status["rung"] == 2


def test_counting_leaves_nothing_behind(status):
    tally = Tally(status, Stream(), player(Ladder))
    for _ in range(100):
        tally.count(10.0, 10.001, True)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(5000):
            tally.count(10.0, 10.001, True)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 500
