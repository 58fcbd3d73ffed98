"""Cards pulled out and put back without number, each time under the next number of the kernel.

    python -m tests.faults.replugs 1000

After each cycle the sound is shown to have come back, at its exact distance, and the player to have
said why it was away. One in four is a loose contact: back before anybody has noticed.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from device.audio.revive import LONGEST_WAIT_S
from tests.faults.report import Report
from tests.faults.rig import RATE_HZ, Rig
from tests.faults.xruns import await_frame

SPEED = 8.0
LONGEST_AWAY_S = 2.0
NUMBERS = 8


def run_replugs(folder: Path, count: int, seed: int, real: bool = True) -> Report:
    """Pull out and put back `count` times; `worst` is the longest wait for sound, in card time.

    `real`: the player is the whole audio process; else only the loop and its streams.
    """
    rng = np.random.default_rng(seed)
    failures: list[str] = []
    longest_s = 0.0
    with Rig(folder, speed=SPEED, real=real) as rig:
        rig.sounds(since=0)
        for number in range(count):
            loose = rng.random() < 0.25
            away_s = 0.0 if loose else rng.uniform(0.0, LONGEST_AWAY_S)
            try:
                longest_s = max(longest_s, cycle(rig, number % NUMBERS, loose, away_s))
            except AssertionError as error:
                failures.append(f"cycle {number} of seed {seed}: {error}")
                break
        if code := rig.stop():
            failures.append(f"seed {seed}: it ended with {code}: {rig.errors}")
    if longest_s > 2.0 * LONGEST_WAIT_S:
        failures.append(f"seed {seed}: it took {longest_s:.1f} s of the card until it was found")
    return Report("replugs", count, tuple(failures), {"until_sound_s": longest_s})


def cycle(rig: Rig, number: int, loose: bool, away_s: float) -> float:
    """Pull out, wait, put back under a number; seconds of the card until it sounded again."""
    lost, said = rig.status()["cards_lost"], len(rig.said)
    rig.card.unplug()
    rig.list_cards({})
    if not loose:
        rig.wait_for(lambda: len(rig.said) > said, "it was said that the card is gone")
        gone = rig.card.frame_now()
        await_frame(rig, gone + int(away_s * RATE_HZ))
        assert rig.silent(gone + rig.block, rig.card.frame_now()), "a card that is gone was heard"
    since = rig.card.frame_now()
    rig.list_cards({rig.card.name: number})
    rig.card.replug()
    if loose:
        # Nobody may have noticed: then nothing has happened. By now whoever did has said so.
        await_frame(rig, since + rig.age + 2 * rig.block)
        rig.wait_for(lambda: rig.plays_now() and not trouble(rig), "it played on")
        return 0.0
    seconds = (rig.sounds(since) - since) / RATE_HZ
    rig.wait_for(lambda: not trouble(rig), "it was said that all is well")
    assert any(rig.said[said:]), "no reason was given"
    rig.wait_for(lambda: rig.status()["cards_lost"] > lost, "the lost card was counted")
    return seconds


def trouble(rig: Rig) -> str:
    """What the status says is wrong."""
    return rig.status().text("trouble")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="ondine-") as scratch:
        report = run_replugs(Path(scratch), int(sys.argv[1]), seed=0)
    print(report)
    sys.exit(bool(report.failures))
