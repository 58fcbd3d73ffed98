"""The rights of real time that the units ask for: whether they were really granted."""

import re
from pathlib import Path

from tests.box import ask
from tests.box.finding import Finding, at_most, exactly, holds, noted
from tests.box.machine import Disks, Machine
from tests.box.started import Started

EXPOSURE = {
    "ondine-audio.service": 1.6,
    "ondine-control.service": 3.0,
    "ondine-checker@0.service": 0.5,
}


def rights(given: Started, folder: Path) -> list[Finding]:
    """Priorities, locked memory, and how exposed the services are as they run."""
    disks = Disks(given.image, folder)
    with Machine(disks) as box:
        ask.wait_for_sound(box)
        ask.wait_for_control(box)
        told = ask.status(box)
        audio, control = ask.pid(box, "ondine-audio"), ask.pid(box, "ondine-control")
        threads = box.show(f"ps -L -o comm=,cls=,rtprio= -p {audio}")
        loop = box.show(f"chrt -p {audio}")
        limits = box.show(f"cat /proc/{audio}/limits")
        memory = box.show(f"cat /proc/{audio}/status")
        others = box.show(f"ps -L -o cls= -p {control}").split()
        exposed = {
            unit: float(_found(r"exposure level for \S+: ([\d.]+)", box.show(_security(unit))))
            for unit in EXPOSURE
        }
    disks.remove()
    locked_kib = int(_found(r"VmLck:\s+(\d+)", memory))
    resident_kib = int(_found(r"VmRSS:\s+(\d+)", memory))
    priorities = sorted({int(p) for p in re.findall(r"FF\s+(\d+)", threads)}, reverse=True)
    return [
        exactly("the loop's priority", _found(r"priority: (\d+)", loop), "70"),
        exactly("priorities of audio's threads", priorities, [71, 70, 1]),
        exactly("LimitRTPRIO", _found(r"Max realtime priority\s+(\d+)", limits), "71"),
        exactly("LimitMEMLOCK", _found(r"Max locked memory\s+(\w+)", limits), "unlimited"),
        holds("memory locked", f"{locked_kib >> 10} MiB", locked_kib > 0, "> 0"),
        noted("of it in memory", f"{resident_kib >> 10} MiB"),
        exactly("told by the status", (told["realtime"], told["locked"]), (1.0, 1.0)),
        exactly("control has no right to real time", sorted(set(others)), ["TS"]),
        *(at_most(f"exposure of {u}", exposed[u], EXPOSURE[u], "", 1) for u in EXPOSURE),
    ]


def _security(unit: str) -> str:
    return f"systemd-analyze security --no-pager {unit} || true"


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else "-1"
