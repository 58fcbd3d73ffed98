"""The soak goes on where it was killed, keeps what it found, and no trial takes others along."""

import json
import math

import pytest

from tests.faults.report import Report, joined
from tests.faults.soak import Done, Ledger, failed, soak, summary
from tests.faults.trials import TRIALS, Trial


class Counted:
    """A trial's runs: `run` finds what `finds` says for a seed, and may be made to raise."""

    def __init__(self, finds=None, raises_at=None):
        self.runs = []
        self.finds, self.raises_at = finds or {}, raises_at

    def run(self, folder, count, seed, tell):
        assert folder.is_dir()
        if seed == self.raises_at:
            raise OSError("no card")
        self.runs.append((count, seed))
        tell(count / 2)
        return Report("x", count, self.finds.get(seed, ()), {"worst_ms": float(seed)})


def trial(name, counted, total=25, piece=10):
    return Trial(name, "counted", total, piece, "times", counted.run)


def run(tmp_path, *trials, ends_s=math.inf, clock=lambda: 0.0, told=lambda *_: None):
    ledger = Ledger.load(tmp_path / "soak.json")
    soak(trials, ledger, tmp_path, clock, ends_s, told)
    return Ledger.load(tmp_path / "soak.json")


def test_pieces_make_the_whole_and_are_joined(tmp_path):
    counted = Counted({10: ("it clicked",)})
    ledger = run(tmp_path, a := trial("a", counted))
    assert counted.runs == [(10, 0), (10, 10), (5, 20)]
    assert ledger.trials["a"].done == 25
    assert ledger.trials["a"].so_far == Report("x", 25, ("it clicked",), {"worst_ms": 20.0})
    assert failed([a], ledger) == ["a: it clicked"]
    assert summary([a], ledger).row_count == 1


def test_what_is_done_is_not_done_again(tmp_path):
    (tmp_path / "soak.json").write_text(
        json.dumps({"a": {"done": 20, "report": {"name": "x", "count": 20, "failures": []}}})
    )
    counted = Counted()
    ledger = run(tmp_path, trial("a", counted))
    assert counted.runs == [(5, 20)]
    assert ledger.trials["a"].so_far.count == 25


def test_a_piece_that_was_broken_off_is_run_again(tmp_path):
    counted = Counted()
    # Time is up in the middle of the second piece.
    ledger = run(
        tmp_path, trial("a", counted), clock=lambda: 9.0 * (len(counted.runs) == 2), ends_s=5.0
    )
    assert ledger.trials["a"].done == 10
    assert counted.runs == [(10, 0), (10, 10)]
    run(tmp_path, trial("a", counted))
    assert counted.runs[2:] == [(10, 10), (5, 20)]


def test_a_trial_that_raises_has_failed_and_the_next_one_runs(tmp_path):
    bad, good = Counted(raises_at=10), Counted()
    ledger = run(tmp_path, a := trial("a", bad), b := trial("b", good))
    assert failed([a, b], ledger) == ["a: at 10: it raised OSError: no card"]
    assert ledger.trials["a"].done == 10
    assert ledger.trials["b"].done == 25


def test_reports_of_different_trials_are_not_joined():
    with pytest.raises(ValueError, match="cannot be joined"):
        joined(Report("a", 1), Report("b", 1))


def test_the_worst_of_both_is_kept():
    both = joined(Report("a", 1, ("x",), {"p": 1.0, "q": 5.0}), Report("a", 2, (), {"p": 2.0}))
    assert both == Report("a", 3, ("x",), {"p": 2.0, "q": 5.0})


def test_every_trial_can_be_asked_for_by_name():
    assert all(name == trial.name and trial.total >= trial.piece for name, trial in TRIALS.items())
    assert Done().so_far.count == 0
