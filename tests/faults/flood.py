"""A flood of OSC and busy neighbours, while the box plays.

    python -m tests.faults.flood [SECONDS]

    senders ══OSC, as fast as they can══► control process ─► params ─► audio process ─► card
    a busy program on every processor                                  (SCHED_FIFO)
    a witness on every processor: was it us, or did the machine stand still?

Half of the packets is malformed in every way that is known to hurt a parser, half moves real
parameters, from eight senders' addresses, so that the limit per sender does not soften it. Where
SCHED_FIFO is granted no block may be late, unless the witness saw the machine stall just then.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.table import Table

from device.bundle import open_bundle
from device.params import specs_of
from device.status import BINS
from tests.benchmark.measured import show
from tests.device.control.packets import MALFORMED, REFUSED, message
from tests.faults.box import DRIFT, ROOT, Box
from tests.faults.busy import busy
from tests.faults.report import Report
from tests.faults.witness import Missed, Witness

HEADROOM_FRAMES = 9_472
"""Near 200 ms are queued: what a shared machine takes from everyone is not what is tried here."""
QUIET_S = 5.0
SENDERS = 8
LOOK_S = 0.02
"""How often the counters are read, and so how exactly a late block is told in time."""


@dataclass(frozen=True)
class Load:
    """What the steps of a stretch took, as shares of the deadline."""

    blocks: int
    p50: float
    p99: float
    p999: float
    most: float


def run_flood(
    folder: Path, count: int, seed: int = 0, bundle: Path = DRIFT, table: Table | None = None
) -> Report:
    """Flood a playing box for `count` seconds. The report counts blocks; it is bad if any was late.

    `folder` is not needed: the box lives in one of its own. `table` is given a row of loads for
    the quiet time before and for the flood.
    """
    with contextlib.ExitStack() as stack:
        box = stack.enter_context(
            Box(bundle, headroom_frames=HEADROOM_FRAMES, seconds=count + QUIET_S + 30.0)
        )
        status = box.playing(200)
        histogram = status.histogram.copy()
        until_s = time.monotonic() + QUIET_S
        box.wait_for(lambda: time.monotonic() >= until_s)
        quiet = load_of(status.histogram - histogram)

        histogram, blocks = status.histogram.copy(), status["blocks"]
        missed = Missed(status)
        witness = stack.enter_context(Witness(count + 60.0))
        for k in range(len(os.sched_getaffinity(0))):
            stack.enter_context(busy(k))
        sent = stack.enter_context(_sender(box.osc_port, bundle, seed))
        until_s = time.monotonic() + count

        def over() -> bool:
            missed.look(time.monotonic())
            return time.monotonic() >= until_s

        box.wait_for(over, count + 30.0)
        flooded = load_of(status.histogram - histogram)
        played = int(status["blocks"] - blocks)
        packets = int(sent.communicate("enough\n", timeout=20)[0])
        seen = witness.seen()
        realtime = bool(status["realtime"])
        peak_wait_s = seen.worst_s
        said = box.stop()
    if table is not None:
        for name, load in (("quiet", quiet), ("flood", flooded)):
            shares = (load.p50, load.p99, load.p999, load.most)
            table.add_row(name, str(load.blocks), *(f"{share:.0%}" for share in shares))
    failures = [f"the box said: {said[-300:]}"] if "Traceback" in said else []
    if packets < 1000 * count:
        failures.append(f"only {packets} packets were sent in {count} s: this was no flood")
    ours = missed.ours(seen)
    if realtime and ours:
        failures.append(f"{len(ours)} times a block was late and the machine had not stalled")
    return Report(
        "flood",
        played,
        tuple(failures),
        {
            "late_blocks": float(missed.late),
            "xruns": float(missed.xruns),
            "missed_by_us": float(len(ours)),
            "machine_stalls": float(len(seen.stalls)),
            "machine_worst_ms": 1e3 * peak_wait_s,
            "packets_a_second": packets / count,
            "load_p999": flooded.p999,
            "realtime": float(realtime),
        },
    )


def load_of(histogram: np.ndarray) -> Load:
    """Percentiles of a stretch's histogram [BINS] of load in percent."""
    below, total = np.cumsum(histogram), float(histogram.sum())
    if not total:
        return Load(0, 0.0, 0.0, 0.0, 0.0)
    p50, p99, p999, most = (
        (int(np.searchsorted(below, total * share)) + 1) / 100.0
        for share in (0.5, 0.99, 0.999, 1.0)
    )
    return Load(int(total), p50, p99, p999, min(most, BINS / 100.0))


def flood_packets(bundle: Path, seed: int, count: int = 4096) -> list[bytes]:
    """Packets to send round and round: half malformed or refused, half that move parameters."""
    random = np.random.default_rng(seed)
    bad = [packet for packet, _ in (MALFORMED | REFUSED).values() if len(packet) < 60_000]
    specs = list(specs_of(open_bundle(bundle).manifest).values())
    # Turned down it would pass any test of its sound; the rest may go anywhere.
    ids = [spec.id for spec in specs if spec.id not in ("output_gain_db", "panic")]
    packets = []
    for _ in range(count):
        if random.random() < 0.5:
            packets.append(bad[random.integers(len(bad))])
        else:
            id = ids[random.integers(len(ids))]
            packets.append(message(f"/ondine/raw/{id}", "f", float(random.random())))
    return packets


def _send(port: int, bundle: Path, seed: int) -> int:
    """Send until there is a line on stdin; returns how many packets went out."""
    packets = flood_packets(bundle, seed)
    sockets = []
    for k in range(SENDERS):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.bind((f"127.0.0.{2 + k}", 0))
        sender.connect(("127.0.0.1", port))
        sender.setblocking(False)
        sockets.append(sender)
    os.set_blocking(sys.stdin.fileno(), False)
    sent = 0
    while not sys.stdin.buffer.read(1):
        for k, packet in enumerate(packets):
            try:
                sockets[k % SENDERS].send(packet)
                sent += 1
            except OSError:
                pass  # its queue is full, or the box has just answered that it is not there
    return sent


@contextlib.contextmanager
def _sender(port: int, bundle: Path, seed: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.faults.flood", "send", *map(str, (port, bundle, seed))]
    child = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def main(arguments: list[str]) -> int:
    """The trial itself, or its sender."""
    if arguments[:1] == ["send"]:
        port, bundle, seed = arguments[1:]
        print(_send(int(port), Path(bundle), int(seed)))
        return 0
    seconds = int(arguments[0]) if arguments else 60
    table = loads()
    report = run_flood(Path(), seconds, table=table)
    show(table)
    print(report)
    return int(bool(report.failures))


def loads() -> Table:
    """An empty table for `run_flood` to fill."""
    table = Table(title="Load of the steps, as a share of the deadline", title_justify="left")
    for heading in ("", "blocks", "p50", "p99", "p99.9", "most"):
        table.add_column(heading, justify="right" if heading else "left")
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
