"""Every fault trial in full, in pieces that survive being killed.

    python -m tests.faults.soak [NAME…] [--minutes M] [--folder build/soak] [--afresh]

Each trial runs piece by piece; what is done is kept after every piece, so that a second run goes on
where the first one ended, however it did. At the end stand a table and `docs/measured/soak.md`.
It ends with 1 if anything happened that must not.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from device.bench import machine
from tests.benchmark.measured import WIDTH, markdown
from tests.faults.box import ROOT
from tests.faults.report import Report, joined
from tests.faults.trials import TRIALS, Trial

PAGE = ROOT / "docs" / "measured" / "soak.md"
FOLDER = ROOT / "build" / "soak"
SHOWN = 10


@dataclass
class Done:
    """How far one trial is: `done` of its total in its own unit, and what was found."""

    done: int = 0
    wall_s: float = 0.0
    report: dict | None = None

    def add(self, count: int, report: Report, wall_s: float) -> None:
        """Take in one more piece."""
        whole = joined(self.so_far, report) if self.report else report
        self.done, self.report = self.done + count, asdict(whole)
        self.wall_s += wall_s

    @property
    def so_far(self) -> Report:
        """The report of all pieces; empty before the first."""
        if self.report is None:
            return Report("", 0)
        return Report(**{**self.report, "failures": tuple(self.report["failures"])})


@dataclass
class Ledger:
    """What is done of each trial, by name, kept in a file."""

    path: Path
    trials: dict[str, Done] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Ledger:
        """The ledger at `path`, or an empty one."""
        try:
            kept = json.loads(path.read_text())
        except FileNotFoundError:
            kept = {}
        return cls(path, {name: Done(**done) for name, done in kept.items()})

    def save(self) -> None:
        """Write it whole or not at all."""
        partial = self.path.with_suffix(".partial")
        with partial.open("w") as file:
            json.dump({name: asdict(done) for name, done in self.trials.items()}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.path)


class TimeIsUpError(Exception):
    """The minutes that were given are over."""


def soak(
    trials: Sequence[Trial],
    ledger: Ledger,
    folder: Path,
    now: Callable[[], float],
    ends_s: float,
    told: Callable[[Trial, float], None],
) -> None:
    """Run what is left of each trial, until `now` is past `ends_s`.

    `told` is called with a trial and how much of it is done. A trial that raises has failed with
    what it raised, and is not tried again in this run.
    """
    for trial in trials:
        done = ledger.trials.setdefault(trial.name, Done())

        def tell(part: float, trial: Trial = trial, done: Done = done) -> None:
            told(trial, done.done + part)
            if now() >= ends_s:
                raise TimeIsUpError

        try:
            tell(0.0)
            while done.done < trial.total:
                count = min(trial.piece, trial.total - done.done)
                began_s = now()
                with _place(folder, trial) as own:
                    # The seed is the place in the whole: a piece is the same one every time.
                    report = trial.run(own, count, done.done, tell)
                done.add(count, report, now() - began_s)
                ledger.save()
                tell(0.0)
        except TimeIsUpError:
            return
        except Exception:
            last = traceback.format_exc().strip().splitlines()[-1]
            told(trial, done.done)
            done.add(0, Report(done.so_far.name, 0, (f"at {done.done}: it raised {last}",)), 0.0)
            ledger.save()


def summary(trials: Sequence[Trial], ledger: Ledger) -> Table:
    """What was tried, how often, what failed, and the worst of each thing measured."""
    table = Table(title="Soak", title_justify="left")
    for heading in ("trial", "done", "failures", "worst seen", "minutes"):
        table.add_column(heading, justify="right" if heading in ("done", "minutes") else "left")
    for trial in trials:
        done = ledger.trials.get(trial.name, Done())
        report = done.so_far
        amount = f"{done.done:,} {trial.unit}".replace(",", " ")
        if done.done < trial.total:
            amount = f"{done.done} of {trial.total} {trial.unit}"
        worst = ", ".join(f"{what} {value:.4g}" for what, value in report.worst.items())
        table.add_row(
            trial.name, amount, str(len(report.failures)), worst, f"{done.wall_s / 60.0:.1f}"
        )
    return table


def failed(trials: Sequence[Trial], ledger: Ledger) -> list[str]:
    """Every failure, with its trial's name before it."""
    return [
        f"{trial.name}: {sentence}"
        for trial in trials
        for sentence in ledger.trials.get(trial.name, Done()).so_far.failures
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, show, and keep the page; 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(TRIALS))
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--afresh", action="store_true", help="forget what is done of them")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in TRIALS]:
        parser.error(f"there is no trial {', '.join(unknown)}; there are {', '.join(TRIALS)}")
    trials = [TRIALS[name] for name in options.names or TRIALS]
    options.folder.mkdir(parents=True, exist_ok=True)
    ledger = Ledger.load(options.folder / "soak.json")
    if options.afresh:
        for trial in trials:
            ledger.trials.pop(trial.name, None)
            shutil.rmtree(options.folder / trial.name.replace(" ", "_"), ignore_errors=True)
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    ends_s = time.monotonic() + 60.0 * options.minutes
    with Progress(
        TextColumn("{task.description:<16}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
        console=console,
    ) as progress:
        bars = {
            t.name: progress.add_task(t.name, total=t.total, unit=t.unit, start=False)
            for t in trials
        }

        def told(trial: Trial, done: float) -> None:
            progress.start_task(bars[trial.name])
            progress.update(bars[trial.name], completed=round(done, 1))

        soak(trials, ledger, options.folder, time.monotonic, ends_s, told)
    console.print(summary(trials, ledger))
    wrong = failed(trials, ledger)
    for sentence in wrong[:SHOWN]:
        console.print(sentence, markup=False, highlight=False)
    if len(wrong) > SHOWN:
        console.print(f"and {len(wrong) - SHOWN} more in {ledger.path}")
    # What is tried out elsewhere is nobody's measurement.
    if options.folder.resolve() == FOLDER:
        write_page(ledger)
    return int(bool(wrong))


def write_page(ledger: Ledger) -> None:
    """Keep in `docs/measured/` what has been measured of all trials so far."""
    every = [trial for trial in TRIALS.values() if trial.name in ledger.trials]
    wrong = failed(every, ledger)
    said = "".join(f"- {sentence}\n" for sentence in wrong) or "Nothing failed.\n"
    what = "\n".join(f"- **{trial.name}**: {trial.what}" for trial in every)
    table = markdown(summary(every, ledger))
    PAGE.write_text(_PAGE.format(machine=machine(), table=table, what=what, failed=said))


@contextlib.contextmanager
def _place(folder: Path, trial: Trial) -> Iterator[Path]:
    """The trial's folder in the soak's if it keeps it, else one that is gone after the piece."""
    if trial.keeps:
        own = folder / trial.name.replace(" ", "_")
        own.mkdir(parents=True, exist_ok=True)
        yield own
    else:
        # Not below the soak's: a Unix socket's path has to be short.
        with tempfile.TemporaryDirectory(prefix="ondine-", ignore_cleanup_errors=True) as place:
            yield Path(place)


_PAGE = """# The soak

Every fault in full, as `make soak` injects it, on {machine}. `worst seen` is the largest value of
each thing measured over the whole trial.

{table}
{what}

{failed}
    make soak                  # goes on where it was ended
    make soak ARGS="swaps --minutes 10"
"""


if __name__ == "__main__":
    sys.exit(main())
