"""From a knob to the block: how long until what a knob reads is what audio plays with.

    python -m tests.faults.knob_latency [MOVES] [--write]      --write keeps docs/measured/hands.md

    the simulated panel's knob is moved, at a known time
      └► SPI ─► panel's thread ─► control loop ─► conditioning ─► patch ─► params ─► a block ─► card

The whole of `ondine play` runs, in its own processes, with the built-in instrument. The knob moves
the output gain while a sine is heard dry, so the box's own tape tells in which block the gain began
to move, and when the loop read the parameters of that block. That is what is measured here: no
counter and no look at a table could tell as much, for this is the first sound that the knob has
changed. What it takes from there to the ear is the headroom, the same for every block.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
from rich.table import Table

from device.audio.tape import Tape
from device.bench import machine
from device.control.panel.simulate import SimulatedWiring
from tests.benchmark.measured import FOLDER, markdown, show
from tests.faults.box import DRIFT, ROOT, Box
from tests.faults.busy import busy
from tests.faults.report import Report
from tests.faults.witness import Seen, Stall, Witness
from tests.simcard.simcard import SimCard

LIMIT_S = 0.012
"""From the knob to the table. A block more: the one that had just begun does not know of it."""
HEADROOM_FRAMES = 9_472
"""Near 200 ms are queued: what a shared machine takes from everyone is not what is tried here."""
RATE_HZ = 48_000
PERIOD = 8
"""Frames of the sine, of which a block holds a whole number."""
AMPLITUDE = 0.1
REST_FRAMES = 64
"""For so long nothing changes before a glide begins; within one something always does."""
STEADY = 1e-5
"""A sine differs by less than this from itself a period ago, unless its gain moves."""
LOW, HIGH, LEAST = 0.65, 0.85, 0.05
"""Where the knob is put: -13 to 1 dB, at least 3.6 dB from where it was."""
EVERY_S = (0.25, 0.3)
"""From move to move, at random: any phase of blocks and readings, and the last glide is over."""
SHIPPED_MS = 10.0
"""The smoothing of a control of which a patch says nothing."""
WAKE_S = 0.002
HELD_UP_S = 0.004


@dataclass(frozen=True)
class Setting:
    """In what the knob is tried."""

    name: str
    smoothing_ms: float
    neighbours: int
    """How many processors a busy program has taken, besides the box."""


SETTINGS = (
    Setting("as shipped", SHIPPED_MS, 0),
    Setting("as shipped, a busy program", SHIPPED_MS, 1),
    Setting("without smoothing", 0.0, 0),
    Setting("without smoothing, a busy program", 0.0, 1),
)


class Bystander:
    """A thread of plain priority that sleeps and wakes, as the control process does.

    When it wakes late, a program that is none of ours had the processors: beside no neighbours of
    our own that excuses a knob, too. `late_s` has how late it woke, every time.
    """

    def __init__(self) -> None:
        self.late_s: list[float] = []
        self._stalls: list[Stall] = []
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._wake, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()

    def seen(self) -> Seen:
        """What it saw so far."""
        return Seen(False, max(self.late_s, default=0.0), tuple(self._stalls))

    def _wake(self) -> None:
        while not self._enough.is_set():
            due_s = time.monotonic() + WAKE_S
            time.sleep(WAKE_S)
            now_s = time.monotonic()
            self.late_s.append(now_s - due_s)
            if now_s - due_s > HELD_UP_S:
                self._stalls.append(Stall(due_s, now_s))


@dataclass(frozen=True)
class Reached:
    """`took_s` [moves], from each move to the block that it first sounds in; what was excused."""

    took_s: np.ndarray
    excused: np.ndarray
    """Whether the machine stood still meanwhile, bool [moves]."""
    block_s: float

    def ms(self, percent: float, *, all: bool = False) -> float:
        """A percentile of those that are not excused, or of all."""
        counted = self.took_s if all else self.took_s[~self.excused]
        return 1e3 * float(np.percentile(counted, percent)) if counted.size else 0.0


class _Played(Box):
    """A box with a simulated panel whose first knob is moved by a thread of its own process."""

    def __init__(self, setting: Setting, count: int, seed: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ondine-"))
        self.card = SimCard(self.folder, frames=round((EVERY_S[1] * count + 40.0) * RATE_HZ))
        phase = 2.0 * np.pi * np.arange(PERIOD) / PERIOD
        sine = (AMPLITUDE * 2.0**31 * np.sin(phase)).astype(np.int32)
        self.card.source[:] = np.resize(sine, len(self.card.source))[:, None]
        own = {"XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"}
        environment = self.card.environment() | {name: str(self.folder) for name in own}
        environment |= {"PYTHONPATH": str(ROOT), "COLUMNS": "200"}
        patch = {
            "format": 1,
            "controls": {"knob/1": {"smoothing_ms": setting.smoothing_ms, "takeover": "jump"}},
            "routes": [{"source": "knob/1", "target": "output_gain_db"}],
        }
        (self.folder / "patch.json").write_text(json.dumps(patch))
        # Where the knob stands before the first move.
        script = [{"at_s": 0.0, "param": "knob/1", "to": LOW}]
        (self.folder / "moves.json").write_text(json.dumps(script))
        self._times = self.folder / "times"
        command = [sys.executable, "-m", "tests.faults.knob_latency", "--play", str(self._times)]
        command += [str(count), "--seed", str(seed), "--", "play", str(DRIFT), "--card", "sim"]
        command += ["--headroom", str(HEADROOM_FRAMES), "--set", "dry_wet=0", "--osc-port", "0"]
        command += ["--patch", str(self.folder / "patch.json")]
        command += ["--simulate", str(self.folder / "moves.json")]
        self._said = self.folder / "said"
        with self._said.open("w") as said:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        self._ended = os.pidfd_open(self.process.pid)

    def begin(self) -> None:
        """Let the knob be moved."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()

    @property
    def moved(self) -> bool:
        """Whether all moves are made."""
        return self._times.exists()

    def times(self) -> list[float]:
        """When the knob was moved, on CLOCK_MONOTONIC, in s."""
        return list(json.loads(self._times.read_text()))


def measure(setting: Setting, count: int, seed: int) -> tuple[Reached, dict[str, float], list[str]]:
    """Move the knob `count` times; also how the machine was, and what went wrong."""
    with contextlib.ExitStack() as stack:
        box = _Played(setting, count, seed)
        stack.enter_context(box)
        status = box.playing(400)
        block = int(status["block_frames"])
        xruns, late = status["xruns"], status["late_blocks"]
        witness = stack.enter_context(Witness(EVERY_S[1] * count + 60.0))
        bystander = stack.enter_context(Bystander())
        for k in range(min(setting.neighbours, len(os.sched_getaffinity(0)))):
            stack.enter_context(busy(k))
        tape = Tape(box.folder / "ondine" / "tape")
        first = tape.end
        box.begin()
        box.wait_for(lambda: box.moved, EVERY_S[1] * count + 60.0)
        enough = tape.end + round(EVERY_S[1] * RATE_HZ)
        box.wait_for(lambda: tape.end > enough)
        failures = []
        if status["xruns"] > xruns or status["late_blocks"] > late:
            failures.append("a block was late: what was heard then tells nothing of the knob")
        moved = np.array(box.times())
        marks = tape.marks()
        sound = tape.read(first, enough - first)[1][0]
        marks = marks[(marks["frame"] >= first) & (marks["frame"] < enough)]
        seen, held_up = witness.seen(), bystander.seen()
        bystander_p99_ms = 1e3 * float(np.percentile(bystander.late_s, 99))
        said = box.stop()
    if "Traceback" in said:
        failures.append(f"the box said: {said[-300:]}")
    starts_s = onsets(sound, marks["frame"] - first, marks["time_s"])
    heard_s = heard(starts_s, moved)
    if missing := int(np.isnan(heard_s).sum()):
        failures.append(f"{missing} of {count} moves were never heard")
    there = ~np.isnan(heard_s)
    moved, heard_s = moved[there], heard_s[there]
    excused = [
        seen.explains(at, until) or (not setting.neighbours and held_up.explains(at, until))
        for at, until in zip(moved, heard_s, strict=True)
    ]
    about = {
        "machine_worst_ms": 1e3 * seen.worst_s,
        "bystander_p99_ms": bystander_p99_ms,
    }
    return Reached(heard_s - moved, np.array(excused, bool), block / RATE_HZ), about, failures


def onsets(sound: np.ndarray, frames: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """When the parameters were read of each block in which a sine begins to change.

    `sound` [frames] holds blocks that begin at `frames` and read their parameters at `times_s`.
    """
    changes = np.abs(np.subtract(sound[PERIOD:], sound[:-PERIOD], dtype=np.float64)) > STEADY
    changing = np.flatnonzero(changes) + PERIOD
    # A gain glides for some blocks: only what comes after rest is an onset.
    rests = np.diff(changing, prepend=-(1 << 30)) > REST_FRAMES
    return times_s[np.searchsorted(frames, changing[rests], side="right") - 1]


def heard(starts_s: np.ndarray, moved_s: np.ndarray) -> np.ndarray:
    """For each move the first start after it, and NaN if the next move came before that."""
    at = np.searchsorted(starts_s, moved_s)
    found = np.append(starts_s, np.inf)[at]
    return np.where(found < np.append(moved_s[1:], np.inf), found, np.nan)


def run_knob_latency(
    folder: Path, count: int, seed: int = 0, setting: Setting = SETTINGS[0]
) -> Report:
    """Move a knob `count` times. It is bad if the 99th percentile is over 12 ms and a block, of
    the moves at which the machine did not stand still. `folder` is not needed."""
    reached, about, failures = measure(setting, count, seed)
    limit_ms = 1e3 * (LIMIT_S + reached.block_s)
    if reached.ms(99) > limit_ms:
        failures.append(
            f"seed {seed}: 1 of 100 moves took {reached.ms(99):.1f} ms or more to its block, "
            f"above {limit_ms:.1f}"
        )
    excused = int(reached.excused.sum())
    if excused > count // 2:
        failures.append(f"seed {seed}: the machine stood still in {excused} of {count} moves")
    worst = {
        "p50_ms": reached.ms(50),
        "p99_ms": reached.ms(99),
        "most_ms": reached.ms(100),
        "p99_all_ms": reached.ms(99, all=True),
        "most_all_ms": reached.ms(100, all=True),
        "excused_by_a_stall": float(excused),
        **about,
    }
    return Report(f"knob, {setting.name}", count, tuple(failures), worst)


run_beside_nothing = partial(run_knob_latency, setting=SETTINGS[0])
run_beside_another = partial(run_knob_latency, setting=SETTINGS[1])


def _play(times: Path, count: int, seed: int, arguments: Sequence[str]) -> None:
    """In the box's control process: the instrument as ever, and a hand on its knob."""
    from device.cli import cli

    threading.Thread(target=_move, args=(times, count, seed), daemon=True).start()
    cli(arguments)


def _move(times: Path, count: int, seed: int) -> None:
    # The panel is made within the instrument, which has no business handing it out; and once that
    # plays, what it is made of is collected no more, and cannot be found like this.
    wiring = None
    while wiring is None:
        time.sleep(0.02)
        found = (each for each in gc.get_objects() if isinstance(each, SimulatedWiring))
        wiring = next(found, None)
    sys.stdin.readline()
    chance = random.Random(seed)
    moved: list[float] = []
    value, due_s = wiring.value("knob/1"), time.monotonic()
    for _ in range(count):
        due_s = max(due_s + chance.uniform(*EVERY_S), time.monotonic())
        before = value
        while abs(value - before) < LEAST:
            value = chance.uniform(LOW, HIGH)
        time.sleep(max(0.0, due_s - time.monotonic()))
        moved.append(time.monotonic())
        wiring.move("knob/1", value)
    partial_file = times.with_suffix(".partial")
    partial_file.write_text(json.dumps(moved))
    partial_file.replace(times)


def table_of(reports: Sequence[Report]) -> Table:
    """One row a report."""
    table = Table(title="From a knob to the block", title_justify="left")
    headings = ["", "moves", "p50 ms", "p99 ms", "most ms", "excused", "p99 of all", "most of all"]
    for heading in (*headings, "bystander p99"):
        table.add_column(heading, justify="right" if heading else "left")
    for report in reports:
        worst = report.worst
        figures = [f"{worst[name]:.1f}" for name in ("p50_ms", "p99_ms", "most_ms")]
        of_all = [f"{worst[name]:.1f}" for name in ("p99_all_ms", "most_all_ms")]
        excused = f"{worst['excused_by_a_stall']:.0f}"
        name = report.name.removeprefix("knob, ")
        bystander = f"{worst['bystander_p99_ms']:.1f}"
        table.add_row(name, str(report.count), *figures, excused, *of_all, bystander)
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every setting and show it; or, for `measure`, be the box."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.knob_latency")
    parser.add_argument("moves", type=int, nargs="?", default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="keep docs/measured/hands.md")
    parser.add_argument("--play", type=Path, help=argparse.SUPPRESS)
    given = list(sys.argv[1:] if arguments is None else arguments)
    rest = given[given.index("--") + 1 :] if "--" in given else []
    options = parser.parse_args(given[: given.index("--")] if "--" in given else given)
    if options.play is not None:
        _play(options.play, options.moves, options.seed, rest)
        return 0
    reports = [
        run_knob_latency(Path(), options.moves, options.seed, setting) for setting in SETTINGS
    ]
    table = table_of(reports)
    show(table)
    failures = [f"{report.name}: {failure}" for report in reports for failure in report.failures]
    print("\n".join(failures))
    if options.write:
        said = "".join(f"- {failure}\n" for failure in failures) or "The goal is met.\n"
        (FOLDER / "hands.md").write_text(
            _PAGE.format(machine=machine(), table=markdown(table), said=said)
        )
    return int(bool(failures))


_PAGE = """# From a knob to the block

How long it takes from a movement of a knob until a block is computed with it: through the panel's
bus, the conditioning, the patch and the table into the audio process, as the whole of `ondine play`
runs on {machine}. The goal is 12 ms and a block of 5.3 ms, 17.3 ms, for 99 of 100 movements.

{table}
{said}
A simulated MCP3008 is moved at known times, and the knob is the output gain of a sine; the first
block that it changes is looked for on the box's own tape, which tells when that block's parameters
were read. `as shipped` smooths a knob over 10 ms, so that a movement only begins with that block.
A busy program sorts for ever. A move is `excused` if a witness of audio's own priority saw the
machine stand still during it, or, where we had no busy program beside it, if a `bystander` of plain
priority was held up by others; `of all` counts those, too. A bystander wakes every 2 ms, and 99 of
100 times less late than told here.

    python -m tests.faults.knob_latency --write      # measures again and writes this page
"""


if __name__ == "__main__":
    sys.exit(main())
