"""Minutes of the day that the soak plays: nothing that is no number comes out, nothing grows."""

import numpy as np
import pytest

from tests.faults.listener import Listener
from tests.faults.long_run import GROWTH_MB, read_progress, run_hours, shipped_or_tiny
from tests.faults.programme import programme

RATE, BLOCK = 48_000, 256


def listened(blocks, ceiling=0.5, dc_limit=0.01):
    listener = Listener(1, RATE, BLOCK, lambda: ceiling, dc_limit)
    for block in blocks:
        listener.put(np.asarray(block, np.float32).reshape(1, -1))
    return listener


def test_the_listener_hears_what_must_not_come_out():
    quiet = np.zeros(BLOCK)
    for bad, told in ((np.nan, "nan"), (np.inf, "inf"), (-0.51, "0.51")):
        block = quiet.copy()
        block[7] = bad
        (failure,) = listened([quiet, block, quiet]).failures
        assert f"a sample of {told}, above the ceiling of 0.5, 0.005 s in" in failure
    assert not listened([quiet, quiet + 0.5]).failures


def test_the_listener_hears_lasting_dc_and_no_low_note():
    seconds = np.arange(11 * RATE) / RATE
    low = 0.5 * np.sin(2 * np.pi * 20.0 * seconds)
    assert not listened(np.split(low, 11 * RATE // 240)).failures
    assert listened(np.split(0.4 * low + 0.02, 11 * RATE // 240)).failures


def test_the_programme_holds_everything():
    sound = programme(2, RATE, seconds=12)
    assert sound.shape == (2, 12 * RATE)
    assert np.isnan(sound).any()
    assert np.isinf(sound).any()
    assert np.nanmax(np.abs(sound[np.isfinite(sound)])) > 1e30
    assert (sound == 0.0).sum() > RATE
    # By their bits, as a thread that flushes them would not see them otherwise.
    bits = np.ascontiguousarray(sound).view(np.uint32) & 0x7FFFFFFF
    assert ((bits > 0) & (bits < 1 << 23)).any()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "hours"), [("drift", 0.06), ("tiny", 1.0)])
def test_minutes_of_the_day(tmp_path, name, hours):
    report = run_hours(tmp_path, shipped_or_tiny(name, tmp_path), hours)
    assert report.failures == ()
    assert report.count >= 3600 * hours
    assert report.worst["growth_mb"] < GROWTH_MB
    assert report.worst["peak"] > 0.1, "it played"


@pytest.mark.slow
def test_a_day_that_was_broken_off_goes_on(tmp_path):
    class EnoughError(Exception):
        pass

    def stop(hours):
        if hours >= 1.0:
            raise EnoughError

    tiny = shipped_or_tiny("tiny", tmp_path)
    with pytest.raises(EnoughError):
        run_hours(tmp_path, tiny, 24.0, told=stop)
    hours = read_progress(tmp_path).hours
    assert 1.0 <= hours < 24.0
    report = run_hours(tmp_path, tiny, hours + 0.1)
    assert report.failures == ()
    assert report.worst["processes"] == 2
    assert report.count == pytest.approx(3600 * (hours + 0.1), abs=0.6)
