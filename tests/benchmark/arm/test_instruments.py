"""Predictions from counts: the arithmetic, by hand, and that every instrument is asked."""

from pathlib import Path

import pytest

from tests.benchmark.arm.boards import Board
from tests.benchmark.arm.count import Case, Count
from tests.benchmark.arm.instrument import Counts, Instrument, macs_of
from tests.benchmark.arm.instruments import BOARDS, DRUMS, INSTRUMENTS, cases_of
from tests.benchmark.arm.predicted import graphs_table, notes_that_fit, predicted_table
from tests.benchmark.arm.step import BLOCK, SHOT
from tests.bundles import save, tiny_autoencoder

SLOW = Board("slow", "none", clock_hz=1e9, per_cycle=2.0, bytes_per_s=1e9)


def test_a_board_computes_and_then_reads() -> None:
    assert SLOW.seconds(4e6) == pytest.approx(2e-3)
    assert SLOW.seconds(4e6, 1e6) == pytest.approx(3e-3)


def test_what_fits_at_its_least_takes_all_that_may_be_taken() -> None:
    least = SLOW.least_per_cycle(4e6, 1e6, deadline_s=5e-3)
    at_least = Board("slow", "none", 1e9, least, 1e9)
    assert at_least.seconds(4e6, 1e6) == pytest.approx(0.8 * 5e-3)
    assert SLOW.least_per_cycle(1.0, 1e7, deadline_s=5e-3) == float("inf")


@pytest.fixture
def instrument(tmp_path: Path) -> Instrument:
    return Instrument.read(save(tiny_autoencoder(), tmp_path / "tiny.ondine"))


def counted(instrument: Instrument, instructions: int) -> Counts:
    """As if its block took so many, and a graph half of them."""
    return {
        (instrument.name, method, "fp32", board.cpu): Count(
            Case(instrument.path, method, "fp32", 1000), board.cpu, instructions // share
        )
        for board in BOARDS
        for method, share in ((BLOCK, 1), *((m, 2) for m in instrument.methods))
    }


def test_a_block_is_what_was_counted_and_its_methods_weights(instrument: Instrument) -> None:
    counts = counted(instrument, 10**6)
    assert instrument.needed("fp32", BOARDS[0].cpu, counts) == (10**6, 2000)
    table = predicted_table([instrument], counts)
    assert table.row_count == 1
    seconds = BOARDS[0].seconds(10**6, 2000)
    assert list(table.columns[4].cells) == [f"{seconds / instrument.deadline_s:.0%}"]


def test_notes_fit_or_not(instrument: Instrument) -> None:
    assert "On a Pi 4 all four fit, in fp32 (" in notes_that_fit(instrument, counted(instrument, 9))
    assert "On a Pi 5 none fits." in notes_that_fit(instrument, counted(instrument, 10**9))


def test_everything_that_ships_is_counted() -> None:
    shipped = [Instrument.read(path) for path in INSTRUMENTS]
    cases = cases_of(shipped, DRUMS)
    for instrument in shipped:
        own = [case for case in cases if case.file == instrument.path]
        assert {case.method for case in own} == {*instrument.methods, BLOCK}
        assert all(macs_of(instrument.bundle, method) > 100_000 for method in instrument.methods)
    assert [case.method for case in cases if case.file == DRUMS][-1] == SHOT
    assert {"drift", "brook", "reed", "eddy"} <= {i.name for i in shipped}


def test_a_bundles_graphs_are_rows_and_its_block_their_sum(instrument: Instrument) -> None:
    drums = save(tiny_autoencoder(), instrument.path.with_name("drum.ondine"))
    other = Instrument.read(drums)
    name = other.bundle.manifest.name
    counts = counted(instrument, 10**6)
    for (_, method, precision, cpu), count in counted(other, 10**5).items():
        counts[name, method, precision, cpu] = count
    table = graphs_table([instrument], other.bundle, counts)
    assert list(table.columns[1].cells) == ["encode", "decode", "whole block", "encode", "decode"]
    encode, decode, block, *_ = (int(str(cell).replace(",", "")) for cell in table.columns[4].cells)
    assert block == encode + decode
