"""What the design promises of speed: many times the model's own TorchScript, measured in one run.

`make bench` runs the table of the design on the oracle's models; the built-in instrument is held to
its own `.ts` in the default tests.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.export import WEIGHTS, trained
from models.nn_tilde import scripted
from models.recipes import recipe
from tests.benchmark.measured import keep, show
from tests.benchmark.oracle_bundles import ROOT, ROWS, Row, bundle_path
from tests.benchmark.ratio import Ratio, measure, speed_table

ROBUST = 0.75
"""The part of a goal below which a test fails. A neighbour that reads memory takes more from int8
than from TorchScript, which mostly waits for itself; the table says whether the goal was met."""

BUILT_IN_GOAL = 4.0
"""Of drift in int8, seen at 7 to 10; low enough for the default tests on a busy machine."""

NOTES = """
Medians of the thread's time on the processor, taken by turns in one run, in ms per block of
`encode` and `decode`; × is TorchScript's time over ours. `met` is said of the precision that the
bundle recommends. `int8 MACs` is the share of multiplications in int8; SNR is of encode / decode
and LSD, the log-spectral distance, of decode, on sound held out. MB are weights read per block.

    ONDINE_WRITE_DOCS=1 make bench      # measures again and writes this page
"""


@pytest.fixture(scope="module")
def found() -> Iterator[list[Ratio]]:
    """What was measured, shown at the end as one table."""
    ratios: list[Ratio] = []
    yield ratios
    if ratios:
        table = speed_table(ratios)
        show(table)
        if len(ratios) == len(ROWS):
            keep("speed", "Speed against TorchScript", table, NOTES)


@pytest.mark.benchmark
@pytest.mark.oracle
@pytest.mark.timeout(900)  # a conversion is part of it
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_model_plays_many_times_faster_than_its_torchscript(row: Row, found: list[Ratio]) -> None:
    if not row.model.exists():
        pytest.skip(f"{row.model} is not there; `make oracle` exports it")
    ratio = measure(row.model, bundle_path(row), row.goal)
    found.append(ratio)
    assert ratio.recommended >= ROBUST * row.goal
    sound = ratio.manifest.measured["decode"]
    assert sound["int8_snr_db"] >= 30.0
    assert sound["int8_log_spectral_distance_db"] <= 1.0


def test_the_built_in_instrument_plays_faster_than_its_torchscript(tmp_path: Path) -> None:
    plan = recipe("drift")
    model = tmp_path / "drift.ts"
    scripted(trained(plan, WEIGHTS / "drift.npz"), list(plan.latent_labels)).save(str(model))
    bundle = ROOT / "models" / "bundles" / "drift.ondine"
    ratio = measure(model, bundle, BUILT_IN_GOAL, rounds=8)
    assert ratio.recommended >= BUILT_IN_GOAL
