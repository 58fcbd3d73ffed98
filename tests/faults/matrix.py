"""The matrix of the card's faults: each fault at each site where it can happen.

    python -m tests.faults.matrix [--write] [--real]

It prints a table; --write keeps it in docs/measured/; --real runs it against the audio process.

A cell is green if, once the fault is over, the sound has come back at its exact distance (`rig.py`
says how that is shown); if a fault that keeps the sound away was given a reason, which is gone
afterwards; if nothing was heard while the card stood still or was gone; and if an xrun or a short
write was not taken for a lost card. It shows how long there was no sound, in time of the card,
from the fault, or from its end where it lasts until somebody mends it.
"""

from __future__ import annotations

import errno
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from tests.benchmark.measured import FOLDER, markdown, show
from tests.faults.rig import RATE_HZ, Rig
from tests.faults.xruns import await_frame
from tests.simcard.simcard import Direction, SimCard, Site

SITES = ("open", "configure", "start", "read", "write")
SPEED = 2.0
NOTICED_S = 0.5
"""A direction that stands still is noticed within this time, of the card."""
AWAY_S = 0.5
TRIES = 2
"""How many calls of each direction fail before it works again, where it is not opened at once."""


@dataclass(frozen=True)
class Cell:
    """One fault at one site. `meet` lets it happen and be over, and returns the card frame after
    which the sound is to come back. `reason` must be in what is said; '' if nothing may be said."""

    fault: str
    site: str
    reason: str
    meet: Callable[[Rig], int]
    before: Callable[[SimCard], None] | None = None
    """What is done to the card before a player starts on it; then it has a player of its own."""


@dataclass(frozen=True)
class Outcome:
    """What became of a cell: `problem` is '' if it is green."""

    fault: str
    site: str
    away_ms: float
    said: str
    problem: str


# ---- how faults happen ----


def call(site: Site, error: int, *directions: Direction) -> Callable[[Rig], int]:
    """A read, a write or a look at the pointer fails once, in each of the directions."""

    def meet(rig: Rig) -> int:
        fired = [rig.card.fired(site, direction) for direction in directions]
        rig.card.fault(site, error, *directions)
        rig.wait_for(
            lambda: all(
                rig.card.fired(site, d) > n for d, n in zip(directions, fired, strict=True)
            ),
            "the fault was met",
        )
        return max(rig.card.fired_at(site, direction) for direction in directions)

    return meet


def restart(site: Site, error: int, trigger: int) -> Callable[[Rig], int]:
    """The card breaks off with `trigger`, and opening, configuring or starting it fails too."""

    def meet(rig: Rig) -> int:
        directions: tuple[Direction, ...] = ("playback", "capture")
        fired = [rig.card.fired(site, direction) for direction in directions]
        rig.card.fault(site, error, count=TRIES)
        call("transfer", trigger, "playback")(rig)
        rig.wait_for(
            lambda: all(
                rig.card.fired(site, direction) >= n + TRIES
                for direction, n in zip(directions, fired, strict=True)
            ),
            "the faults were met",
        )
        return rig.card.fired_at("transfer", "playback")

    return meet


def vanish(site: Site, *directions: Direction) -> Callable[[Rig], int]:
    """A call finds the card gone, and it comes back under another number."""

    def meet(rig: Rig) -> int:
        fired = rig.card.fired(site, directions[0])
        rig.card.fault(site, errno.ENODEV, *directions)
        if site != "transfer":
            rig.card.fault("transfer", errno.EIO, "playback")
        rig.wait_for(lambda: rig.card.fired(site, directions[0]) > fired, "the call failed")
        rig.card.unplug()
        rig.list_cards({})
        gone = rig.card.frame_now()
        await_frame(rig, gone + round(AWAY_S * RATE_HZ))
        rig.wait_for(lambda: "no sound card" in rig.said[-1], "its name was gone")
        assert rig.silent(gone + rig.block, rig.card.frame_now()), "a card that is gone was heard"
        rig.list_cards({rig.card.name: 5})
        rig.card.replug()
        return rig.card.frame_now()

    return meet


def stand_still(trigger: bool, *directions: Direction) -> Callable[[Rig], int]:
    """Pointers stand still without an error, while it plays or (`trigger`) when it starts."""

    def meet(rig: Rig) -> int:
        stood, said = rig.card.frame_now(), len(rig.said)
        rig.card.stall(*directions)
        if trigger:
            rig.card.kick("playback")
        rig.wait_for(lambda: len(rig.said) > said, "it was noticed")
        noticed = rig.card.frame_now()
        seconds = (noticed - stood) / RATE_HZ
        assert seconds <= NOTICED_S, f"it was noticed only after {seconds:.2f} s of the card"
        await_frame(rig, noticed + round(AWAY_S * RATE_HZ))
        since = rig.card.frame_now()
        assert rig.silent(noticed, since), "it was heard while it stood still"
        rig.card.release()
        return since

    return meet


def short_write(rig: Rig) -> int:
    """The card takes less than it was given."""
    since, xruns = rig.card.frame_now(), rig.status()["xruns"]
    rig.card.narrow(100)
    rig.wait_for(lambda: rig.status()["xruns"] > xruns, "it was noticed")
    return since


def other_card(rig: Rig) -> int:
    """The card is gone and stays so; the next of the list plays; and then the other way round."""
    assert rig.spare is not None
    rig.list_cards({rig.spare.name: 1})
    rig.card.unplug()
    rig.sounds(0, rig.spare)
    rig.list_cards({rig.card.name: 2})
    rig.card.replug()
    since = rig.card.frame_now()
    rig.spare.unplug()
    rig.sounds(since)
    rig.spare.mend()
    return since


def nothing(rig: Rig) -> int:
    """All that was to happen has happened before the player started."""
    return 0


def armed(site: Site, error: int) -> Callable[[SimCard], None]:
    """The first calls of a player fail."""
    return lambda card: card.fault(site, error, count=TRIES)


GONE, STILL, FAILS = "stopped working (No such device)", "stands still", "Input/output error"

CELLS = (
    Cell("xrun", "start", "", restart("start", errno.EPIPE, errno.EPIPE)),
    Cell("xrun", "read", "", call("pointer", errno.EPIPE, "capture")),
    Cell("xrun", "write", "", call("pointer", errno.EPIPE, "playback")),
    Cell("suspend", "start", "suspended", restart("start", errno.ESTRPIPE, errno.ESTRPIPE)),
    Cell("suspend", "read", "suspended", call("transfer", errno.ESTRPIPE, "capture")),
    Cell("suspend", "write", "suspended", call("transfer", errno.ESTRPIPE, "playback")),
    Cell(
        "suspend, no error",
        "read",
        "its input does not",
        call("pointer", errno.ESTRPIPE, "capture"),
    ),
    Cell("suspend, no error", "write", "suspended", call("pointer", errno.ESTRPIPE, "playback")),
    Cell("EIO", "open", FAILS, restart("open", errno.EIO, errno.EIO)),
    Cell("EIO", "configure", FAILS, restart("configure", errno.EIO, errno.EIO)),
    Cell("EIO", "start", FAILS, restart("start", errno.EIO, errno.EIO)),
    Cell("EIO", "read", FAILS, call("transfer", errno.EIO, "capture")),
    Cell("EIO", "write", FAILS, call("transfer", errno.EIO, "playback")),
    Cell("busy", "open", "another program", restart("open", errno.EBUSY, errno.EIO)),
    Cell("vanishes, returns", "open", "no sound card", vanish("open", "playback")),
    Cell("vanishes, returns", "configure", "no sound card", vanish("configure", "playback")),
    Cell("vanishes, returns", "start", GONE, vanish("start", "capture")),
    Cell("vanishes, returns", "read", GONE, vanish("transfer", "capture")),
    Cell("vanishes, returns", "write", GONE, vanish("transfer", "playback")),
    Cell("vanishes, another plays", "read", GONE, other_card),
    Cell("short write", "write", "", short_write),
    Cell("silent stall", "start", STILL, stand_still(True, "playback", "capture")),
    Cell("silent stall", "read", STILL, stand_still(False, "playback", "capture")),
    Cell("input stops", "start", "its input does not", stand_still(True, "capture")),
    Cell("input stops", "read", "its input does not", stand_still(False, "capture")),
    Cell("output stops", "start", "its output does not", stand_still(True, "playback")),
    Cell("output stops", "write", "its output does not", stand_still(False, "playback")),
    Cell("EIO when it starts", "open", FAILS, nothing, armed("open", errno.EIO)),
    Cell("EIO when it starts", "configure", FAILS, nothing, armed("configure", errno.EIO)),
    Cell("EIO when it starts", "start", FAILS, nothing, armed("start", errno.EIO)),
    Cell("EIO when it starts", "read", FAILS, nothing, armed("transfer", errno.EIO)),
)


def run_matrix(folder: Path, real: bool = False) -> list[Outcome]:
    """Every cell, one after the other; those that need no player of their own share one.

    `real`: against the whole audio process, which sees this machine's cards: there is no other one
    for it to play on.
    """
    outcomes = []
    with Rig(folder, speed=SPEED, spare=not real, real=real) as rig:
        rig.sounds(since=0)
        for cell in CELLS:
            if real and cell.meet is other_card:
                continue
            if cell.before is None:
                outcomes.append(run_cell(cell, rig))
            else:
                own = folder / f"{len(outcomes)}"
                own.mkdir(exist_ok=True)
                with Rig(own, speed=SPEED, before=cell.before, real=real) as fresh:
                    outcomes.append(run_cell(cell, fresh))
    return outcomes


def run_cell(cell: Cell, rig: Rig) -> Outcome:
    """One cell. Once more if it is not green: it may be the machine that stood still."""
    for _ in range(2):
        before, away_ms, problem = len(rig.said), 0.0, ""
        try:
            since = cell.meet(rig)
            away_ms = 1000.0 * (rig.sounds(since) - since) / RATE_HZ
            rig.wait_for(lambda: not rig.status().text("trouble"), "all was well")
        except AssertionError as error:
            problem = str(error)
        reasons = [sentence for sentence in rig.said[before:] if sentence]
        if not problem and cell.reason and not any(cell.reason in reason for reason in reasons):
            problem = f"it did not say {cell.reason!r} but {reasons}"
        if not problem and not cell.reason and reasons:
            problem = f"it said {reasons}"
        if not problem:
            break
        rig.card.mend()
        rig.list_cards({rig.card.name: 0})
        rig.sounds(since=0)
    said = next((reason for reason in reasons if cell.reason in reason), "")
    return Outcome(cell.fault, cell.site, away_ms, said, problem)


def table_of(outcomes: list[Outcome]) -> Table:
    """Faults down, sites across."""
    table = Table(title="The card's faults: how long there was no sound (ms of the card)")
    table.add_column("fault")
    for site in SITES:
        table.add_column(site, justify="right")
    for fault in dict.fromkeys(outcome.fault for outcome in outcomes):
        row = {o.site: o for o in outcomes if o.fault == fault}
        table.add_row(fault, *(shown(row.get(site)) for site in SITES))
    return table


def shown(outcome: Outcome | None) -> str:
    """One cell of the table."""
    if outcome is None:
        return ""
    return "FAILED" if outcome.problem else f"ok {outcome.away_ms:.0f}"


def write_page(outcomes: list[Outcome]) -> None:
    """Keep the table in `docs/measured/faults.md`."""
    said = dict.fromkeys(f"- {o.fault}: {o.said}" for o in outcomes if o.said)
    page = PAGE.format(table=markdown(table_of(outcomes)), said="\n".join(said))
    (FOLDER / "faults.md").write_text(page)


PAGE = """# Faults of the card

Every fault at every site where it can happen, injected into the simulated card at the border of
alsa-lib, while the real loop plays through the real streams. `ok` means that the sound came back at
its exact distance, block + headroom + delay, shown at sample level; the number is how long there
was none, in milliseconds of the card, from the fault or, where it lasts, from its end. Block 512,
headroom 2048 at 48 kHz: a start takes 53 ms.

{table}
What the player is told meanwhile:

{said}

    python -m tests.faults.matrix --write
"""


def main() -> int:
    """Run all cells, print the table; 1 if any is not green."""
    with tempfile.TemporaryDirectory(prefix="ondine-") as scratch:
        outcomes = run_matrix(Path(scratch), real="--real" in sys.argv[1:])
    show(table_of(outcomes))
    failed = [outcome for outcome in outcomes if outcome.problem]
    for outcome in failed:
        print(f"{outcome.fault} at {outcome.site}: {outcome.problem}")
    if "--write" in sys.argv[1:]:
        write_page(outcomes)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
