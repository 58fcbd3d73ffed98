"""A stick with instruments on it: some made to do harm, a good one, one that is pulled out."""

import random
import shutil
from pathlib import Path

from tests.box import ask
from tests.box.debian import CHECKOUT
from tests.box.finding import Finding, exactly, holds
from tests.box.machine import Answer, Disks, Machine
from tests.box.started import Started
from tests.box.stick import MODELS, PLACE, USB, make_stick, plug, pull
from tests.faults.evil import bombs, encodings, files

HOSTILE = ("zip bomb", "Expand bomb", "climbing name", "noise")
"""Deflated zeros; a graph that asks for 2^35 samples; ../../etc/cron.d/evil; random bytes."""
GOOD, SOURCE = "glass", CHECKOUT / "models/bundles/drift.ondine"
LONG, LONG_BYTES, STICK_BYTES_S = "long", 24 << 20, 1_500_000
"""One that takes so long that the stick can be pulled out in the middle."""
_THERE = f"until ls {PLACE}/*/{GOOD}.ondine; do sleep 0.1; done"
_GONE = f'until [ -z "$(ls {PLACE})" ]; do sleep 0.1; done'


def stick(given: Started, folder: Path) -> list[Finding]:
    """What does harm is refused, what is good is taken and played, and nobody hears any of it."""
    disks = Disks(given.image, folder)
    image = folder / "stick.img"
    make_stick(image, _bundles(folder / "bundles"))
    with Machine(disks, devices=USB) as box:
        ask.wait_for_sound(box)
        ask.wait_for_control(box)
        plug(box, image, "stick", STICK_BYTES_S)
        box.show(_THERE)
        offered = box.show("ondine stick list").strip()
        refused = {name: box.do(f"ondine stick take '{name}'") for name in HOSTILE}
        taken = box.show(f"ondine stick take {GOOD}").strip()
        box.show(f"ondine load {GOOD}")
        box.show("sleep 2")
        plays = Path(str(ask.status(box)["bundle"])).name
        said = _pulled_in_the_middle(box)
        box.show(_GONE)
        left = box.show(f"ls -A {MODELS}").split()
        plug(box, image, "again")
        box.show(_THERE)
        again = box.show("ondine stick list").strip()
        told, heard = ask.status(box), ask.heard(box)
        log = box.show("journalctl -b -u ondine-control -u ondine-audio --no-pager")
    disks.remove()
    onset_s = heard.onset_s() or 0.0
    music = heard.between(onset_s + 0.1, 1e9)
    return [
        holds("offered", offered, all(name in offered for name in (*HOSTILE, GOOD)), "all"),
        *(holds(name, a.out.strip(), _is_refusal(a), "a refusal") for name, a in refused.items()),
        holds("the good one", taken, f"{GOOD} is here now" in taken, "taken"),
        exactly("what plays then", plays, f"{GOOD}.ondine"),
        holds("pulled out while it is copied", said, "pulled out" in said, "a sentence"),
        exactly("what came to the box in all", left, [f"{GOOD}.ondine"]),
        holds("plugged in again", again, GOOD in again, "offered"),
        exactly("tracebacks in the log", log.count("Traceback"), 0),
        exactly(f"gaps in {music.seconds:.0f} s of music", len(music.gaps()), 0),
        exactly("late blocks", int(told["late_blocks"]), 0),
        exactly("covered blocks", int(told["covered_blocks"]), 0),
        exactly("xruns", int(told["xruns"]), 0),
    ]


def _bundles(folder: Path) -> dict[str, Path]:
    """What is on the stick, by its name there."""
    attacks = {a.name: a for a in (*files.ATTACKS, *bombs.ATTACKS, *encodings.ATTACKS)}
    found = {}
    for name in HOSTILE:
        place = folder / name
        place.mkdir(parents=True)
        found[f"{name}.ondine"] = attacks[name].make(place)
    found[f"{GOOD}.ondine"] = Path(shutil.copy(SOURCE, folder))
    long = folder / LONG
    long.write_bytes(random.Random(1).randbytes(LONG_BYTES))
    return {**found, f"{LONG}.ondine": long}


def _pulled_in_the_middle(box: Machine) -> str:
    """What the box says of a stick that is pulled out while it is being copied from."""
    box.show(f"(ondine stick take {LONG} > /run/box/taken 2>&1; touch /run/box/over) &")
    box.show(f"until [ -s {MODELS}/.{LONG}.ondine.partial ]; do sleep 0.1; done")
    pull(box, "stick")
    box.show("until [ -e /run/box/over ]; do sleep 0.2; done")
    return box.show("cat /run/box/taken").strip()


def _is_refusal(answer: Answer) -> bool:
    """Whether it was refused in a sentence, and nothing but that was said."""
    return answer.code == 1 and "was not taken" in answer.out and "Traceback" not in answer.out
