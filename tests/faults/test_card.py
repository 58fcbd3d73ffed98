"""The card's faults: a few in every run of the tests, hundreds where `slow` is asked for."""

from pathlib import Path

import pytest

from tests.faults.matrix import CELLS, SITES, run_matrix
from tests.faults.replugs import run_replugs
from tests.faults.rig import Rig
from tests.faults.xruns import run_xruns


def test_after_xruns_the_sound_comes_back_to_its_place(tmp_path: Path) -> None:
    report = run_xruns(tmp_path, 30, seed=1)
    assert (report.count, report.failures) == (30, ())
    assert 0.0 < report.worst["silence_ms"] < 1000.0


def test_a_card_that_is_pulled_out_is_found_again(tmp_path: Path) -> None:
    report = run_replugs(tmp_path, 6, seed=1)
    assert (report.count, report.failures) == (6, ())


def test_a_player_that_waits_for_a_card_lives_and_can_be_stopped(tmp_path: Path) -> None:
    with Rig(tmp_path, before=lambda card: card.unplug()) as rig:
        rig.wait_for(lambda: rig.said != [], "it said what it waits for")
        first = rig.status()["heartbeat_s"]
        rig.wait_for(lambda: rig.status()["heartbeat_s"] > first + 1.0, "its heart beat")
        assert rig.status().text("trouble").startswith("there is no sound card sim")
        assert rig.stop() == 0


def test_an_impatient_player_ends_with_the_reason(tmp_path: Path) -> None:
    with Rig(tmp_path, "--impatient", before=lambda card: card.unplug()) as rig:
        assert rig.end() == 1
        assert rig.errors.startswith("there is no sound card sim")


def test_no_fault_of_the_matrix_is_left_out() -> None:
    faults = {cell.fault for cell in CELLS}
    sites = {fault: {cell.site for cell in CELLS if cell.fault == fault} for fault in faults}
    assert sites["EIO"] == sites["vanishes, returns"] == set(SITES)
    for fault in ("xrun", "suspend"):
        assert sites[fault] == {"start", "read", "write"}
    assert {"short write", "silent stall", "input stops", "output stops"} <= set(sites)


@pytest.mark.slow
@pytest.mark.parametrize("real", [False, True], ids=["loop", "audio process"])
def test_every_cell_of_the_matrix_is_green(tmp_path: Path, real: bool) -> None:
    outcomes = run_matrix(tmp_path, real=real)
    assert len(outcomes) >= len(CELLS) - real
    assert [outcome for outcome in outcomes if outcome.problem] == []


@pytest.mark.slow
def test_a_thousand_xruns(tmp_path: Path) -> None:
    assert run_xruns(tmp_path, 1000, seed=2).failures == ()


@pytest.mark.slow
def test_a_hundred_replugs(tmp_path: Path) -> None:
    assert run_replugs(tmp_path, 100, seed=2).failures == ()
