"""Damaged packets of other apps: some thousands here, a million in the soak."""

import pytest

from tests.faults.dialect_packets import run_dialect_packets


def test_damaged_packets_of_apps_do_no_harm(tmp_path):
    report = run_dialect_packets(tmp_path, 2000, seed=0)
    assert report.failures == ()
    assert report.worst["accepted"] > 500


@pytest.mark.slow
def test_many_damaged_packets_of_apps_do_no_harm(tmp_path):
    assert run_dialect_packets(tmp_path, 100_000, seed=10_000).failures == ()
