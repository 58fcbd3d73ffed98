"""Bundles swapped in the real audio process, on the simulated card, while the machine is busy.

    python -m tests.faults.swaps_live [COUNT]

The same delay lines as in `swaps.py`, now loaded by datagram from their files, by the process's own
loader thread, beside a busy program on every processor. The card's two tapes tell the rest: what it
played is what it heard, `latency` frames later, from the first second to the last.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from device.audio.fit import Shape
from device.manifest import fingerprint
from tests.bundles import save
from tests.device.audio.child import AudioChild
from tests.faults.busy import busy
from tests.faults.ears import STEP
from tests.faults.report import Report
from tests.faults.swaps import LINES, latency_of, noise
from tests.faults.witness import Missed, Witness
from tests.simcard.simcard import SimCard

SHAPE = Shape(48_000, 256, 1, 1)
"""That of the first line, with which it is started."""
HEADROOM_FRAMES = 9_472
SETTLED_S = 1.0
EACH_S = 3.0
"""A swap takes a tenth of it; the rest is what a busy machine may need."""


def run_swaps_live(folder: Path, count: int, seed: int = 0) -> Report:
    """Swap `count` times; `folder` is empty, and its path short enough for a socket.

    Where the machine itself stalled, nothing is said of that stretch.
    """
    random = np.random.default_rng(seed)
    made = [line.bundle() for line in LINES]
    paths = [save(bundle, folder / f"line{k}.ondine") for k, bundle in enumerate(made)]
    latency = latency_of(SHAPE, LINES)
    card = SimCard(folder, frames=round((EACH_S * count + 20.0) * SHAPE.sample_rate_hz))
    sound, heard = noise(SHAPE.sample_rate_hz, seed)
    # Round and round along the whole tape, on both of its channels.
    card.source[:] = np.resize((sound * 2.0**31).astype(np.int32), len(card.source))[:, None]
    options = ["--bundle", str(paths[0]), "--card", "sim", "--headroom", str(HEADROOM_FRAMES)]
    options += ["--latency", str(latency)]
    failures: list[str] = []
    with contextlib.ExitStack() as stack:
        for k in range(len(os.sched_getaffinity(0))):
            stack.enter_context(busy(k))
        child = AudioChild(folder, *options, dry=False, environment=card.environment())
        status = child.wait_for_blocks(round(SETTLED_S * 48_000 / SHAPE.block_frames) + 50)
        witness = stack.enter_context(Witness(EACH_S * count + 60.0))
        missed = Missed(status)
        slowest_s = 0.0

        def settled(serial: int) -> bool:
            missed.look(time.monotonic())
            return serial in (status["serial"], status["refused"])

        for serial in range(1, count + 1):
            k = int(random.integers(len(LINES)))
            request = {
                "command": "load",
                "bundle": str(paths[k]),
                "serial": serial,
                "fingerprint": fingerprint(made[k].manifest),
                "precision": "auto",
                "latency": "keep",
            }
            began_s = time.monotonic()
            child.command(json.dumps(request).encode())
            child.wait_for(functools.partial(settled, serial))
            slowest_s = max(slowest_s, time.monotonic() - began_s)
            if status["refused"] == serial:
                failures.append(f"{LINES[k]} was refused: {status.text('load_error')}")
        # One more second of sound, so that the last fade lies behind the end.
        child.wait_for_blocks(int(status["blocks"]) + 48_000 // SHAPE.block_frames)
        missed.look(time.monotonic())
        played = int(status["blocks"]) * SHAPE.block_frames
        seen = witness.seen()
        code, _, errors = child.terminate()
    if code:
        failures.append(f"the audio process ended with {code}: {errors.strip()[-300:]}")
    worst = difference(card, heard, played, latency)
    ours = missed.ours(seen)
    if ours:
        failures.append(f"{len(ours)} times a block was late and the machine had not stalled")
    # What a late block does to the sound is the watch's to hide, not the swap's.
    if worst > STEP and not missed.times:
        failures.append(f"the output was {worst:.4f} beside what was heard {latency} before")
    return Report(
        "swaps, live",
        count,
        tuple(failures),
        {
            "difference": worst,
            "late_blocks": float(missed.late),
            "xruns": float(missed.xruns),
            "missed_by_us": float(len(ours)),
            "slowest_load_s": slowest_s,
            "machine_worst_ms": 1e3 * seen.worst_s,
        },
    )


def difference(card: SimCard, heard: np.ndarray, played: int, latency: int) -> float:
    """The largest difference between the output and the input as long before it as promised."""
    start, capture = card.starts
    first = max(start, capture) + round(SETTLED_S * SHAPE.sample_rate_hz)
    last = min(start, capture) + played - SHAPE.sample_rate_hz // 2
    shift = SHAPE.block_frames + HEADROOM_FRAMES + latency
    out = card.sink[first:last] / np.float32(2.0**31)
    wanted = np.take(heard, np.arange(first - shift, last - shift), mode="wrap")
    return float(np.abs(out - wanted[:, None]).max(initial=0.0))


def main(count: int) -> int:
    """Run it once and tell."""
    # A socket's path has to be short.
    with tempfile.TemporaryDirectory(prefix="ondine-") as place:
        report = run_swaps_live(Path(place), count)
    print("\n".join(report.failures))
    print(report.count, "swaps,", len(report.failures), "failures,", report.worst)
    return int(bool(report.failures))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else 20))
