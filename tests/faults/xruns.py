"""Xruns without number: after each one the sound is shown to have come back, at sample level.

    python -m tests.faults.xruns 10000

An xrun is the card's word that the program was too slow. It is injected where a program may hear
it: from the pointer or from a read or write, of either direction, at a random moment; and one in
five is real: the player is stopped in its tracks until its queue has run empty.
"""

from __future__ import annotations

import errno
import signal
import sys
import tempfile
from pathlib import Path

import numpy as np

from tests.faults.report import Report
from tests.faults.rig import RATE_HZ, Rig
from tests.simcard.simcard import DIRECTIONS, Direction, Site

SPEED = 8.0
SITES: tuple[Site, ...] = ("pointer", "transfer")


def run_xruns(folder: Path, count: int, seed: int, real: bool = True) -> Report:
    """Inject `count` xruns into one player; `worst` is the longest silence, in ms of the card.

    `real`: the player is the whole audio process; else only the loop and its streams.
    """
    rng = np.random.default_rng(seed)
    failures: list[str] = []
    longest = 0
    with Rig(folder, speed=SPEED, real=real) as rig:
        rig.sounds(since=0)
        for number in range(count):
            await_frame(rig, rig.card.frame_now() + int(rng.integers(3 * rig.block)))
            kind = int(rng.integers(5))
            direction, site = DIRECTIONS[kind % 2], SITES[kind // 2 % 2]
            try:
                since = hold(rig) if kind == 4 else inject(rig, site, direction)
                longest = max(longest, rig.sounds(since) - since)
            except AssertionError as error:
                what = "the player held" if kind == 4 else f"{site} of {direction}"
                failures.append(f"xrun {number} of seed {seed} ({what}): {error}")
                break
        status = rig.status()
        if not failures and status["xruns"] < count:
            failures.append(f"seed {seed}: {count} xruns, but {status['xruns']:.0f} were counted")
        if said := [sentence for sentence in rig.said if sentence]:
            failures.append(f"seed {seed}: an xrun was taken for a lost card: {said[0]}")
        if code := rig.stop():
            failures.append(f"seed {seed}: it ended with {code}: {rig.errors}")
    return Report("xruns", count, tuple(failures), {"silence_ms": 1000.0 * longest / RATE_HZ})


def inject(rig: Rig, site: Site, direction: Direction) -> int:
    """One xrun by the card's word; the card frame at which the player heard it."""
    fired = rig.card.fired(site, direction)
    rig.card.fault(site, errno.EPIPE, direction)
    rig.wait_for(lambda: rig.card.fired(site, direction) > fired, f"the xrun at {site} was met")
    return rig.card.fired_at(site, direction)


def hold(rig: Rig) -> int:
    """One real xrun: hold the player until nothing is queued; the card frame where it goes on."""
    rig.signal(signal.SIGSTOP)
    try:
        await_frame(rig, rig.card.frame_now() + 2 * (rig.block + rig.headroom))
        return rig.card.frame_now()
    finally:
        rig.signal(signal.SIGCONT)


def await_frame(rig: Rig, frame: int) -> None:
    """Wait until that card frame passes."""
    rig.wait_for(lambda: rig.card.frame_now() >= frame, f"card frame {frame} passed")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="ondine-") as scratch:
        report = run_xruns(Path(scratch), int(sys.argv[1]), seed=0)
    print(report)
    sys.exit(bool(report.failures))
