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
TROUBLE = "systemctl show -P StatusText ondine-audio | grep -v '^Playing ' || true"
"""What the audio service says of itself, but that it plays."""
SCENES = "/var/lib/ondine/scenes/scene-???.json"
_SEED = 6


def power(given: Started, folder: Path) -> list[Finding]:
    """Twenty times."""
    return _power(given, folder, CUTS)


def power_short(given: Started, folder: Path) -> list[Finding]:
    """Once."""
    return _power(given, folder, SHORT_CUTS)


def _power(given: Started, folder: Path, cuts: int) -> list[Finding]:
    chance, disks = random.Random(_SEED), Disks(given.image, folder)
    sounding, intact, times_s, lost = 0, 0, [], set[str]()
    saved: set[str] = set()
    for start in range(cuts + 1):
        with Machine(disks, partition=True) as box:
            ask.wait_for_sound(box)
            ask.wait_for_control(box)
            onset_s = ask.heard(box).onset_s()
            if start:
                sounding += onset_s is not None and not box.show(TROUBLE).strip()
                times_s += [onset_s] if onset_s is not None else []
                missing = saved - _scenes(box)
                intact += not missing
                lost |= missing
            if start < cuts:
                # Another number each time, so that no two scenes are alike.
                ask.move(box, "dry_wet", chance.choice((0.0, 0.5, 1.0)))
                box.show(f"ondine scene save {start + 1} cut-{start}")
                saved = _scenes(box)
                # In the pauses it writes what it writes by itself; some cuts are to hit that.
                if pause_s := chance.choice((0.0, 0.0, 0.2, 1.5, 3.5)):
                    box.show(f"sleep {pause_s:g}")
            else:
                listed = box.show("ondine scene list")
            box.cut()
    disks.remove()
    names = [f"cut-{number}" for number in range(cuts)]
    return [
        exactly(f"sounding after {cuts} power cuts", sounding, cuts),
        exactly("starts with every scene as it was saved, to the byte", intact, cuts),
        exactly("scenes lost or changed", sorted(lost), []),
        exactly("scenes in the end", sum(name in listed for name in names), cuts),
        at_most("kernel to first sample, the slowest", max(times_s, default=99.0), SOUND_S),
    ]


def _scenes(box: Machine) -> set[str]:
    """The scenes on the disk: hash and name of each."""
    return set(box.show(f"sha256sum {SCENES}").splitlines())
