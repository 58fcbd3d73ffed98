"""Keep what a benchmark measured: `docs/measured/`, and only where ONDINE_WRITE_DOCS=1 asks for it.

A measurement belongs to one machine on one day, so a run of the benchmarks changes no file unless
it is meant to.
"""

import datetime
import os

from rich.console import Console
from rich.table import Table

from device.bench import machine
from tests.benchmark.oracle_bundles import ROOT

FOLDER = ROOT / "docs" / "measured"
WIDTH = 170


def show(table: Table) -> None:
    """Print a table whole, however narrow the terminal."""
    Console(width=WIDTH).print("\n", table)


def keep(name: str, title: str, table: Table, notes: str) -> None:
    """Write `docs/measured/NAME.md` where the environment asks for it."""
    if os.environ.get("ONDINE_WRITE_DOCS") != "1":
        return
    when = datetime.date.today().isoformat()
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.md").write_text(
        f"# {title}\n\nMeasured on {when} on {machine()}.\n\n{markdown(table)}\n{notes}\n"
    )


def markdown(table: Table) -> str:
    """A rich table as one of Markdown."""
    columns = [[str(column.header), *map(str, column.cells)] for column in table.columns]
    edges = ["---" if column.justify == "left" else "---:" for column in table.columns]
    first, *rows = zip(*columns, strict=True)
    return "\n".join(f"| {' | '.join(row)} |" for row in [first, edges, *rows]) + "\n"
