"""What each instrument that ships asks of a board, and what this machine makes of it.

    python -m tests.benchmark.arm.instruments       # `make bench-instruments`

With ONDINE_WRITE_DOCS=1 it writes `docs/measured/instruments.md`. Times are the processor's own:
the machine is shared, and the clock on the wall tells of its other programs.
"""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.table import Table

from device.admission.trial import Worker
from device.bench import FITS_LOAD, Result, bench_each, verdict
from device.bundle import Bundle, read_bundle
from device.pads.generator import Generator
from device.pads.layout import CLASSES
from tests.benchmark.arm.boards import BOARDS
from tests.benchmark.arm.count import Case, count_cases, find_cases, whole_block, whole_shot
from tests.benchmark.arm.instrument import Counts, Instrument
from tests.benchmark.arm.predicted import graphs_table, notes_that_fit, predicted_table
from tests.benchmark.arm.step import SHOT
from tests.benchmark.measured import keep, markdown, show
from tests.benchmark.oracle_bundles import ROOT

INSTRUMENTS = tuple(sorted((ROOT / "models" / "bundles").glob("*.ondine")))
DRUMS = ROOT / "models" / "drums" / "hail.ondine"
BLOCKS, SHOTS_OF_A_CLASS = 5000, 20

TO_COUNT = """
Multiply-accumulates are of matrix products and convolutions. Weights are all constants of a graph.
Instructions are what a block executes under emulation, where onnxruntime picks the kernels that it
picks on the board; they repeat to a percent on any machine. *Whole block* is everything that the
engine does: drawing noise, the model's methods, edits of latents, mix, limiter, and the Python that
calls them. The drums' graphs run once for a drum, not once a block.
"""
PREDICTED = """
## Predicted for a Pi 4 and a Pi 5

Not measured: nobody has played these on a board yet. What is assumed, cautiously:

{assumed}

Why so is in `tests/benchmark/arm/boards.py`; `convert/cost.py` has about the mean of both.
First the instructions of the whole block, and then its weights from memory, as if nothing
overlapped and no cache kept anything. A block has to come within its own length, and `ondine bench`
says *fits* up to {fits:.0%} of it. *Fits down to* is how few instructions a cycle would still do.
"""
HERE = """
## On this machine

It is shared with other programs. Shares are of the deadline, one block, in the processor's time of
the thread, over {blocks} blocks. *By the clock* only the middle tells of the instrument; the rest
is its neighbours', which also empty its caches. *Admission* is what the sandbox took before
anything may sound: reading, checking, loading and playing, in all precisions.
"""
VOICES = """
## How many notes

reed's step makes its four notes and the voice that follows the input as columns of one product,
whether they sound or not: one note costs what four cost.

{sentences}
"""
SHOTS = """
## Drums

A drum is made in the background, by a thread below all others, and is played as a copy: what it
takes is how long a new sound lets wait for itself, and no block's deadline knows of it. `decode`
is {share:.1%} of that; the rest are sines and noise in numpy. Typical drums of the {classes}
classes; here, {rounds} of each.
"""
AGAIN = """
    ONDINE_WRITE_DOCS=1 make bench-instruments      # counts and measures again, writes this page
"""


def cases_of(instruments: Sequence[Instrument], drums: Path) -> list[Case]:
    """All graphs, all whole blocks, and a drum."""
    files = [*(i.path for i in instruments), drums]
    blocks = [whole_block(i.path, p) for i in instruments for p in i.precisions]
    return [*find_cases(files), *blocks, whole_shot(drums)]


def here_table(instruments: Sequence[Instrument]) -> Table:
    """What admission and the bench say on this machine."""
    table = Table(title="on this machine")
    table.add_column("instrument", justify="left")
    table.add_column("precision", justify="left")
    for heading in ("p50", "p99", "p99.9", "slowest", "p50 by the clock"):
        table.add_column(heading, justify="right")
    for heading in ("", "admission"):
        table.add_column(heading, justify="left")
    with Worker() as worker:
        for instrument in instruments:
            outcome = worker.try_bundle(instrument.path)
            said = outcome.say or (
                f"admitted: {outcome.cpu_s:.2f} s of the processor, {outcome.peak_bytes >> 20} MiB"
            )
            own = bench_each(instrument.bundle, steps=BLOCKS, clock=time.thread_time)
            seen = bench_each(instrument.bundle, steps=BLOCKS)
            for result, by_clock in zip(own, seen, strict=True):
                load = result.load
                table.add_row(
                    *(instrument.name, result.precision),
                    *(f"{load(ms):.1%}" for ms in _tails(result)),
                    f"{load(by_clock.p50_ms):.1%}",
                    *(verdict([result]), said),
                )
                said = "″"
    return table


def _tails(result: Result) -> tuple[float, ...]:
    return result.p50_ms, result.p99_ms, result.p999_ms, result.max_ms


def shots_table(counts: Counts, drums: Bundle) -> Table:
    """What a drum takes: here measured, on the boards predicted."""
    table = Table(title="a drum")
    table.add_column("", justify="left")
    for heading in ("M instructions", "ms", "longest ms"):
        table.add_column(heading, justify="right")
    for board in BOARDS:
        count = counts[drums.manifest.name, SHOT, "fp32", board.cpu]
        weights = counts[drums.manifest.name, "decode", "fp32", board.cpu].case.weight_bytes
        times = (1e3 * board.seconds(n, weights) for n in (count.instructions, count.most))
        cells = [f"{board.name}, predicted", f"{count.instructions / 1e6:.0f}"]
        table.add_row(*cells, *(f"{ms:.0f}" for ms in times))
    here = _shot_ms(DRUMS)
    table.add_row("here", "", f"{np.median(here):.1f}", f"{here.max():.1f}")
    return table


def _shot_ms(path: Path) -> np.ndarray:
    """Milliseconds of the processor for typical drums of every class."""
    generator, random = Generator(path), np.random.default_rng(0)
    drums = [generator.random(kind, random, 0.0) for kind in range(len(CLASSES))]
    for latents in drums:
        generator.make(latents)
    times = []
    for seed in range(SHOTS_OF_A_CLASS):
        for latents in drums:
            began_s = time.thread_time()
            generator.make(latents, seed)
            times.append(1e3 * (time.thread_time() - began_s))
    return np.array(times)


def page(instruments: Sequence[Instrument], drums: Bundle, counts: Counts) -> tuple[Table, str]:
    """The first table, and the page after it."""
    tables = [predicted_table(instruments, counts), here_table(instruments)]
    tables.append(shots_table(counts, drums))
    for table in tables:
        show(table)
    predicted, here, shots = map(markdown, tables)
    assumed = "\n".join(
        f"- {b.name}: instructions in a cycle {b.per_cycle:g}, at {b.clock_hz / 1e9:g} GHz; "
        f"{b.bytes_per_s / 1e9:g} GB/s of memory"
        for b in BOARDS
    )
    (reed,) = (i for i in instruments if i.name == "reed")
    first = BOARDS[0].cpu
    name = drums.manifest.name
    decode, shot = (counts[name, m, "fp32", first].instructions for m in ("decode", SHOT))
    notes = [
        TO_COUNT,
        PREDICTED.format(assumed=assumed, fits=FITS_LOAD),
        predicted,
        VOICES.format(sentences=notes_that_fit(reed, counts)),
        HERE.format(blocks=BLOCKS),
        here,
        SHOTS.format(share=decode / shot, classes=len(CLASSES), rounds=SHOTS_OF_A_CLASS),
        shots,
        AGAIN,
    ]
    return graphs_table(instruments, drums, counts), "\n" + "\n\n".join(
        note.strip("\n") for note in notes
    )


def main() -> None:
    """Count, measure, show, and keep the page if asked."""
    instruments = [Instrument.read(path) for path in INSTRUMENTS]
    drums = read_bundle(DRUMS)
    cpus = [board.cpu for board in BOARDS]
    counts = {
        (c.case.file.stem, c.case.method, c.case.precision, c.cpu): c
        for c in count_cases(cases_of(instruments, DRUMS), cpus)
    }
    table, notes = page(instruments, drums, counts)
    show(table)
    keep("instruments", "What the instruments ask of a board", table, notes)


if __name__ == "__main__":
    main()
