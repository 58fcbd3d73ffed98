"""Where the oracle tests get real exports from, and the tables of what they measured.

A measured row is kept in the session and shown at its end; with `ONDINE_WRITE_DOCS=1` the tables
are written to `docs/measured/` as well.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.oracle.recipes import RECIPES

ROOT = Path(__file__).parents[2]
MODELS = ROOT / ".oracle" / "models"
DOCS = ROOT / "docs" / "measured"

Row = dict[str, str]
_TABLES = pytest.StashKey[dict[str, dict[str, Row]]]()
_INTRODUCTIONS = {
    "parity": "# Streams equal to the source\n\n"
    "Real acids-rave exports with random weights, converted in float and played by the device's "
    "own step from the written bundle, against the `.ts` itself with the same random draws. "
    "Errors are the largest difference as a share of the peak; 1e-5 is allowed. Written by "
    "`ONDINE_WRITE_DOCS=1 make oracle`.",
    "int8": "# What int8 costs\n\n"
    "The int8 graphs of the same exports against their float graphs, on sound that the conversion "
    "never heard. 30 dB and 1 dB are the limits. Written by `ONDINE_WRITE_DOCS=1 make oracle`.",
}


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)  # as the box; and two threads on a busy machine wait for each other


@pytest.fixture(scope="session")
def oracle_file() -> Callable[[str], Path]:
    """The file of a kind; the test fails if it was not built."""

    def find(kind: str) -> Path:
        path = MODELS / RECIPES[kind].filename
        if not path.is_file():
            pytest.fail(f"{path} is not there. Run `make oracle`, which builds it first.")
        return path

    return find


@pytest.fixture(scope="session")
def table(pytestconfig: pytest.Config) -> Callable[[str, str], Row]:
    """`table(name, kind)` is the row of `kind` in a table: a dict from column to text."""
    tables = pytestconfig.stash.setdefault(_TABLES, {})
    return lambda name, kind: tables.setdefault(name, {}).setdefault(kind, {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    config = terminalreporter.config
    for name, rows in config.stash.get(_TABLES, {}).items():
        text = _markdown(rows)
        terminalreporter.section(f"measured: {name}")
        terminalreporter.write_line(text)
        if os.environ.get("ONDINE_WRITE_DOCS") == "1":
            DOCS.mkdir(parents=True, exist_ok=True)
            path = DOCS / f"{name}.md"
            path.write_text(f"{_INTRODUCTIONS[name]}\n\n{text}\n")
            terminalreporter.write_line(f"written to {path}")


def _markdown(rows: dict[str, Row]) -> str:
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    lines = [["model", *columns], ["---"] * (len(columns) + 1)]
    lines += [[kind, *(row.get(column, "–") for column in columns)] for kind, row in rows.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
