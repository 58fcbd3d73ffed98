"""Trials that take times: a piece that failed is run once more, and nothing of that is hidden."""

import pytest

from tests.faults.report import Report
from tests.faults.trials import _again


def run_with(*failures):
    """A trial's run of which each call finds the next of `failures`, and its number as worst."""
    left = list(failures)

    def run(folder, count, seed, tell):
        assert list(folder.iterdir()) == []
        return Report("x", count, left.pop(0), {"late_ms": float(len(left))})

    return run


@pytest.mark.parametrize(
    ("found", "failures", "worst"),
    [
        ([()], (), {"late_ms": 0.0, "tried_again": 0.0}),
        ([("late",), ()], (), {"late_ms": 1.0, "tried_again": 1.0}),
        ([("late",), ("late again",)], ("late again",), {"late_ms": 1.0, "tried_again": 1.0}),
    ],
)
def test_what_failed_is_tried_once_more(tmp_path, found, failures, worst):
    report = _again(run_with(*found))(tmp_path, 5, 0, lambda part: None)
    assert report == Report("x", 5, failures, worst)
