"""Tables of what was counted, and of what that predicts for the boards."""

from collections.abc import Sequence

from rich.table import Table

from device.bench import FITS_LOAD
from device.bundle import Bundle
from tests.benchmark.arm.boards import BOARDS
from tests.benchmark.arm.instrument import Counts, Instrument, macs_of


def graphs_table(instruments: Sequence[Instrument], drums: Bundle, counts: Counts) -> Table:
    """A row for every graph, and one for each whole block."""
    table = Table(title="what a block asks for")
    for heading in ("instrument", "method", "precision"):
        table.add_column(heading, justify="left")
    for heading in ("block", "MACs a block", "M MACs a second", "weights kB"):
        table.add_column(heading, justify="right")
    for board in BOARDS:
        table.add_column(f"{board.name}, M instructions", justify="right")

    def row(who: str, method: str, precision: str, block: str, macs: int, per_s: float) -> None:
        own = [counts[who, method, precision, board.cpu] for board in BOARDS]
        table.add_row(
            *(who, method, precision, block, f"{macs:,}"),
            *(
                f"{macs * per_s / 1e6:.0f}" if per_s else "",
                f"{own[0].case.weight_bytes / 1e3:.0f}",
            ),
            *(f"{count.instructions / 1e6:.2f}" for count in own),
        )

    for instrument in instruments:
        block, rate = str(instrument.bundle.manifest.block_frames), 1.0 / instrument.deadline_s
        for precision in instrument.precisions:
            macs = {m: macs_of(instrument.bundle, m) for m in instrument.methods}
            for method, own in macs.items():
                if (instrument.name, method, precision, BOARDS[0].cpu) in counts:
                    row(instrument.name, method, precision, block, own, rate)
            needed = [instrument.needed(precision, board.cpu, counts) for board in BOARDS]
            total = sum(macs.values())
            table.add_row(
                *(instrument.name, "whole block", precision, block, f"{total:,}"),
                *(f"{total * rate / 1e6:.0f}", f"{needed[0][1] / 1e3:.0f}"),
                *(f"{instructions / 1e6:.2f}" for instructions, _ in needed),
            )
    for method in drums.manifest.methods:
        row(drums.manifest.name, method, "fp32", "a drum", macs_of(drums, method), 0.0)
    return table


def predicted_table(instruments: Sequence[Instrument], counts: Counts) -> Table:
    """A row for each instrument and precision: a whole block on each board."""
    table = Table(title="predicted")
    table.add_column("instrument", justify="left")
    table.add_column("precision", justify="left")
    table.add_column("block ms", justify="right")
    for board in BOARDS:
        for heading in ("ms", "of the block", "fits down to"):
            table.add_column(f"{board.name}: {heading}", justify="right")
    for instrument in instruments:
        for precision in instrument.precisions:
            cells = [instrument.name, precision, f"{1e3 * instrument.deadline_s:.1f}"]
            for board in BOARDS:
                need = instrument.needed(precision, board.cpu, counts)
                seconds = board.seconds(*need)
                least = board.least_per_cycle(*need, instrument.deadline_s)
                share = f"{seconds / instrument.deadline_s:.0%}"
                cells += [f"{1e3 * seconds:.2f}", share, f"{least:.2f}"]
            table.add_row(*cells)
    return table


def notes_that_fit(reed: Instrument, counts: Counts) -> str:
    """For each board and precision, in a sentence."""
    said = []
    for board in BOARDS:
        shares = {
            p: board.seconds(*reed.needed(p, board.cpu, counts)) / reed.deadline_s
            for p in reed.precisions
        }
        fitting = [f"{p} ({share:.0%})" for p, share in shares.items() if share <= FITS_LOAD]
        notes = f"all four fit, in {' and in '.join(fitting)}" if fitting else "none fits"
        said.append(f"On a {board.name} {notes}.")
    return "\n".join(f"- {sentence}" for sentence in said)
