"""Instructions per block on a Pi 4 and a Pi 5, against the design's goals, for the oracle's models.

    python -m tests.benchmark.arm.page [KIND …]     # as `count`, on bundles of this checkout

With ONDINE_WRITE_DOCS=1 it writes `docs/measured/arm.md`.
"""

import sys

from rich.table import Table

from tests.benchmark.arm.count import CPUS, Count, count_cases, find_cases
from tests.benchmark.measured import keep, show
from tests.benchmark.oracle_bundles import ROWS, bundle_path

GOALS = {
    "v2": {"cortex-a72": 55, "cortex-a76": 30},
    "small_causal": {"cortex-a72": 6, "cortex-a76": 5},
}
"""Millions of instructions for a block of encode and decode, in the precision recommended."""

NOTES = """
Millions of instructions that a block executes under emulation, where onnxruntime picks the kernels
that it picks on the board; the median of three blocks. An instruction count repeats to a percent
on any machine, but knows no memory: the weights that a block reads, over the 4 to 5 GB/s of a Pi,
are a floor beside it. `goal` is of encode + decode.

    ONDINE_WRITE_DOCS=1 python -m tests.benchmark.arm.page      # counts again and writes this page
"""


def page_table(counts: list[Count]) -> Table:
    """A row for every graph, and one for each bundle's sum in each precision with its goal."""
    table = Table(title="millions of instructions per block")
    table.add_column("model", justify="left")
    table.add_column("methods", justify="left")
    table.add_column("precision", justify="left")
    for cpu, board in CPUS.items():
        table.add_column(f"{board} ({cpu})", justify="right")
        table.add_column("goal", justify="right")
    table.add_column("weights MB", justify="right")
    for file in dict.fromkeys(count.case.file for count in counts):
        kind = file.stem.split("-")[0]
        for precision in dict.fromkeys(c.case.precision for c in counts if c.case.file == file):
            own = [c for c in counts if (c.case.file, c.case.precision) == (file, precision)]
            methods = list(dict.fromkeys(c.case.method for c in own))
            goals = GOALS.get(kind, {}) if precision == "int8" else {}
            for method in methods:
                table.add_row(*_cells(kind, method, [c for c in own if c.case.method == method]))
            table.add_row(*_cells(kind, " + ".join(methods), own, goals))
    return table


def _cells(
    kind: str, methods: str, counts: list[Count], goals: dict[str, int] | None = None
) -> list[str]:
    cells = [kind, methods, counts[0].case.precision]
    for cpu in CPUS:
        millions = sum(c.instructions for c in counts if c.cpu == cpu) / 1e6
        goal = (goals or {}).get(cpu)
        verdict = f"≤ {goal}: {'met' if millions <= goal else 'missed'}" if goal else ""
        cells += [f"{millions:.2f}", verdict]
    weights = {c.case: c.case.weight_bytes for c in counts}
    return [*cells, f"{sum(weights.values()) / 1e6:.1f}"]


def main() -> None:
    """Convert what is missing, count, show, and keep the page if asked."""
    kinds = sys.argv[1:] or list(ROWS)
    counts = count_cases(find_cases([bundle_path(ROWS[kind]) for kind in kinds]), list(CPUS))
    table = page_table(counts)
    show(table)
    if kinds == list(ROWS):
        keep("arm", "Instructions on Arm", table, NOTES)


if __name__ == "__main__":
    main()
