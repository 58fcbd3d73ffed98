"""The power goes, at moments that nobody chose, and comes back.

A scene is saved, and as soon as that has been answered the power goes. /var/lib/ondine is a disk of
its own there, as docs/box.md has it.
"""

import random
from pathlib import Path

from tests.box import ask
from tests.box.finding import Finding, at_most, exactly
from tests.box.machine import Disks, Machine
from tests.box.started import Started

CUTS, SHORT_CUTS = 20, 1
SOUND_S = 8.0
"""With a disk more that has to be found, checked and mounted."""
_SEED = 6


def power(given: Started, folder: Path) -> list[Finding]:
    """Twenty times."""
    return _power(given, folder, CUTS)


def power_short(given: Started, folder: Path) -> list[Finding]:
    """Once."""
    return _power(given, folder, SHORT_CUTS)


def _power(given: Started, folder: Path, cuts: int) -> list[Finding]:
    chance, disks = random.Random(_SEED), Disks(given.image, folder)
    sounding, intact, times_s, said = 0, 0, [], ""
    saved: list[str] = []
    for start in range(cuts + 1):
        with Machine(disks, partition=True) as box:
            ask.wait_for_sound(box)
            ask.wait_for_control(box)
            onset_s = ask.heard(box).onset_s()
            told = ask.status(box)
            if start:
                plays = told["plays"] == "the instrument plays" and onset_s is not None
                sounding += plays
                times_s += [onset_s] if onset_s is not None else []
                there = box.show("ondine scene list")
                lost = [name for name in saved if name not in there]
                intact += not lost
                said = said or (f", lost: {lost}" if lost else "")
            if start < cuts:
                name = f"cut-{start}"
                box.show(f"ondine scene save {start + 1} {name}")
                saved.append(name)
                # In the pauses it writes what it writes by itself; some cuts are to hit that.
                if pause_s := chance.choice((0.0, 0.0, 0.2, 1.5, 3.5)):
                    box.show(f"sleep {pause_s:g}")
            box.cut()
    disks.remove()
    return [
        exactly(f"sounding after {cuts} power cuts", sounding, cuts),
        exactly("starts with every scene that was saved", f"{intact}{said}", f"{cuts}"),
        at_most("kernel to first sample, the slowest", max(times_s, default=99.0), SOUND_S),
    ]
