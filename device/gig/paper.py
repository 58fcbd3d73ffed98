"""The gig check as a player sees it: a line per finding, fit for 80 columns, and a verdict."""

import json
import time
from collections.abc import Callable, Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table

from device.gig.finding import VERDICTS, Finding, exit_code
from device.words import printable

Tell = Callable[[str, int, int], None]
"""Called before each instrument: its name, how many were looked at, and how many there are."""
PATIENCE_S = 1.0
"""Before it is told what takes so long."""
_MARKS = {"fine": "[green]✓[/]", "worry": "[yellow]![/]", "stop": "[red]✗[/]"}
_WIDTH = 16


def show(console: Console, findings: Iterable[Finding]) -> int:
    """Print each finding as soon as it is known, then the verdict; returns the exit code."""
    seen = []
    for finding in findings:
        seen.append(finding)
        # A table of its own for each, so that none waits for the next.
        console.print(_row(finding))
    code = exit_code(seen)
    console.print(f"\n{VERDICTS[code]}")
    return code


def json_of(findings: Sequence[Finding]) -> str:
    """The same for programs: exit code, verdict and findings."""
    code = exit_code(findings)
    rows = [{"what": f.what, "level": f.level, "sentence": f.sentence} for f in findings]
    told = {"code": code, "verdict": VERDICTS[code], "findings": rows}
    return json.dumps(told, indent=1, ensure_ascii=False)


class Waiting:
    """A line that says what is being looked at, on a terminal, once it takes long."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._clock = console, clock
        self._began_s: float | None = None
        self._shown: Status | None = None

    def tell(self, name: str, number: int, count: int) -> None:
        """Called before each of `count` instruments."""
        now_s = self._clock()
        if self._began_s is None:
            self._began_s = now_s
        if not self._console.is_terminal or now_s - self._began_s < PATIENCE_S:
            return
        line = f"looking at {escape(printable(name))}, {number + 1} of {count}"
        if self._shown is None:
            self._shown = self._console.status(line)
            self._shown.start()
        else:
            self._shown.update(line)

    def close(self) -> None:
        """Take the line away."""
        if self._shown is not None:
            self._shown.stop()


def _row(finding: Finding) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0), expand=False)
    table.add_column(width=1)
    table.add_column(style="dim", width=_WIDTH, no_wrap=True, overflow="ellipsis")
    table.add_column(overflow="fold")
    table.add_row(
        _MARKS[finding.level], escape(printable(finding.what)), escape(printable(finding.sentence))
    )
    return table
