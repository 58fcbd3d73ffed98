"""Vitals: what counts as alive, number by number."""

import math

import pytest

from device.audio.vitals import Vitals, vitals_of
from device.status import Status

BEFORE = Vitals(blocks=100, repaired=10, heartbeat_s=5.0, peaks=(0.1, 0.1))


@pytest.mark.parametrize(
    ("now", "alive"),
    [
        (Vitals(101, 10, 5.1, (0.0, 0.0)), True),  # silence is music, too
        (Vitals(101, 11, 5.1, (0.1, 0.1)), False),  # the one block was not finite
        (Vitals(110, 19, 5.1, (0.1, 0.1)), True),  # one of ten was whole
        (Vitals(110, 20, 5.1, (0.1, 0.1)), False),
        (Vitals(101, 10, 5.1, (math.nan, 0.1)), False),
        (Vitals(101, 10, 5.1, (0.1, math.inf)), False),
        (Vitals(100, 10, 5.1, (0.1, 0.1)), True),  # no block, but it waits for a card
        (Vitals(100, 10, 5.0, (0.1, 0.1)), False),  # it hangs
        (Vitals(0, 0, 5.1, (0.1, 0.1)), False),  # it is another process's table by now
    ],
)
def test_alive_is_whoever_makes_whole_blocks_or_waits_for_a_card(now, alive):
    assert now.alive_since(BEFORE) is alive


def test_they_are_read_off_the_status(tmp_path):
    status = Status(tmp_path / "status", create=True)
    for name, value in (("blocks", 7), ("repaired_blocks", 2), ("heartbeat_s", 1.5)):
        status[name] = value
    status["peak_in"], status["peak_out"] = 0.25, 0.5
    assert vitals_of(status) == Vitals(7, 2, 1.5, (0.25, 0.5))
