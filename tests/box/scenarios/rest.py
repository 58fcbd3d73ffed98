"""A box that plays and that nobody touches writes nothing to its disks."""

from pathlib import Path

from tests.box import ask
from tests.box.finding import Finding, exactly
from tests.box.machine import Disks, Machine
from tests.box.started import Started

SETTLE_S, LOOK_S = 10.0, 30.0
"""The kernel writes back what is 30 s old: so that is written before, too, by a sync."""


def rest(given: Started, folder: Path) -> list[Finding]:
    """Thirty seconds of it, both disks, by the kernel's own count."""
    disks = Disks(given.image, folder)
    with Machine(disks, partition=True) as box:
        ask.wait_for_control(box)
        box.show(f"sleep {SETTLE_S:g}")
        box.show("sync; sleep 6")
        before = _written(box)
        box.show(f"sleep {LOOK_S:g}; sync; sleep 1")
        after = _written(box)
    disks.remove()
    return [
        exactly(f"bytes written to {name} in {LOOK_S:.0f} s", after[name] - before[name], 0)
        for name in sorted(before)
    ]


def _written(box: Machine) -> dict[str, int]:
    """Bytes written since the start, by what is mounted from the disk."""
    lines = box.show("cat /proc/diskstats").splitlines()
    sectors = {words[2]: int(words[9]) for words in map(str.split, lines)}
    mounts = box.show("findmnt -n -l -o SOURCE,TARGET -t ext4").splitlines()
    where = {target: source.rpartition("/")[2] for source, target in map(str.split, mounts)}
    return {target: 512 * sectors[disk] for target, disk in where.items()}
