"""A MIDI storm of some seconds on real ports."""

import pytest

from tests.faults.midi_storm import run_midi_storm


@pytest.mark.slow
def test_a_storm_costs_bounded_time(tmp_path):
    for again in ("first", "second"):  # on a shared machine one may be held up for long
        (tmp_path / again).mkdir()
        report = run_midi_storm(tmp_path / again, 10, seed=1)
        if not report.failures:
            break
    assert not report.failures
