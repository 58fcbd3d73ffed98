"""Which scene to start with: the last one, unless the box keeps ending badly with it.

    start   3 s                          10 min
      ├──────┼─ a plug that is pulled ─────┼── was a good one
      └ a crash here, 3 times in a row, or 5 bad ends within 10 min: the default scene

Besides, audio may die of a scene's instrument again and again while control lives on and brings
the built-in one in (`device.play.patience`). Such a start ends well, so it is written down of its
own: the scene is not begun with again, whatever comes between, until it is recalled by hand.

"Crashed" is told apart from "unplugged" by the kernel's boot id: a program that died is started
again under the same one, a box that was unplugged is not. The rule and its numbers are PiPedal's.

A board without a clock wakes up in the past, or somewhere else. Within one boot the time since it
is trusted; from one boot to the next, the clock only where it does not run backward.

Everything here is pure but `now_here`; the log is written by the store.
"""

import dataclasses
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.from_json import build

BAD_STARTS = 5
WITHIN_S = 600.0
SHORT_STARTS = 3
SHORT_S = 3.0
MARKS_S = (SHORT_S, WITHIN_S)
"""When a start has run for so long, it is noted: two small writes, and none after that."""
_MOST_OF_ONE, _MOST = 8, 32


@dataclass(frozen=True)
class Now:
    """A moment: in which boot of the machine, how long after it, and by the clock on the wall."""

    boot: str
    uptime_s: float
    wall_s: float


@dataclass(frozen=True)
class Start:
    """One start of the box, with a scene or (None) with the default one."""

    scene: int | None
    boot: str
    uptime_s: float
    wall_s: float
    ran_s: float = 0.0
    """At least so long; one of `MARKS_S`, or 0."""
    good: int = 0
    """1 if it ended in good order, or its player has forgiven it."""
    crashed: int = 0
    """1 if the next start came in the same boot, and it had not ended in good order."""
    gave_up: int = -1
    """The scene that was on when the sound died so often that it was given up; -1: none."""


@dataclass(frozen=True)
class Choice:
    """The scene to start with; None is the default one. `say` tells the player why, if need be."""

    scene: int | None
    say: str = ""


def choose_start(log: Sequence[Start], last: int | None, now: Now) -> Choice:
    """The scene to start with, given all earlier starts (oldest first) and the last scene."""
    if last is None:
        return Choice(None)
    if any(start.gave_up == last for start in log):
        return Choice(
            None,
            f"The sound died again and again with scene {last}; the default scene is on instead. "
            "Recall the scene to try it again.",
        )
    short = 0
    for start in reversed(_outcome_known(log, now)):
        if start.scene != last:
            continue
        if start.good or start.ran_s >= SHORT_S:
            break
        short += start.crashed
        if short >= SHORT_STARTS:
            return Choice(
                None,
                f"Ondine crashed {SHORT_STARTS} times as soon as it started with scene {last}; the "
                "default scene is on instead. Recall the scene to try it again.",
            )
    bad = sum(
        not start.good and start.ran_s < WITHIN_S and age_s <= WITHIN_S
        for start, age_s in zip(log, ages_s(log, now), strict=True)
        if start.scene == last
    )
    if bad >= BAD_STARTS:
        return Choice(
            None,
            f"Ondine ended badly {bad} times within {WITHIN_S / 60:.0f} minutes with scene {last}; "
            "the default scene is on instead. Recall the scene to try it again.",
        )
    return Choice(last)


def ages_s(log: Sequence[Start], now: Now) -> list[float]:
    """How long ago each start was, in seconds: at least so long, where a clock ran backward."""
    ages, age_s = [], 0.0
    later: Start | Now = now
    for start in reversed(log):
        if start.boot == later.boot:
            gap_s = later.uptime_s - start.uptime_s
        else:
            # At least what the machine has been up since, and what the start is known to have run.
            gap_s = max(later.wall_s - start.wall_s, later.uptime_s + start.ran_s)
        age_s += max(gap_s, start.ran_s, 0.0)
        ages.append(age_s)
        later = start
    return ages[::-1]


def begun(log: Sequence[Start], scene: int | None, now: Now) -> tuple[Start, ...]:
    """The log with the start of now; of each scene a few are kept, so none pushes another out."""
    longer = [*_outcome_known(log, now), Start(scene, now.boot, now.uptime_s, now.wall_s)]
    mine = [start for start in longer if start.scene == scene]
    dropped = mine[:-_MOST_OF_ONE]
    kept = [start for start in longer if not any(start is gone for gone in dropped)]
    return tuple(kept[-_MOST:])


def ran(log: Sequence[Start], seconds: float) -> tuple[Start, ...]:
    """The log after the last start has run for so long."""
    mark_s = max((mark for mark in MARKS_S if mark <= seconds), default=0.0)
    return _last_with(log, ran_s=mark_s)


def ended(log: Sequence[Start]) -> tuple[Start, ...]:
    """The log after the last start has ended in good order."""
    return _last_with(log, good=1)


def forgiven(log: Sequence[Start], scene: int | None) -> tuple[Start, ...]:
    """The log after a player has recalled a scene by hand: its earlier starts do not count."""
    log = tuple(dataclasses.replace(s, good=1) if s.scene == scene else s for s in log)
    return tuple(dataclasses.replace(s, gave_up=-1) if s.gave_up == scene else s for s in log)


def gave_up(log: Sequence[Start], scene: int) -> tuple[Start, ...]:
    """The log after the sound was given up with this scene on."""
    return _last_with(log, gave_up=scene)


def encode_starts(log: Sequence[Start]) -> bytes:
    """The log as JSON."""
    return json.dumps({"starts": [dataclasses.asdict(start) for start in log]}).encode() + b"\n"


def decode_starts(data: bytes) -> tuple[Start, ...]:
    """A log that was written; an empty one if it is damaged, which is no reason not to play."""
    try:
        raw: Any = json.loads(data)["starts"]
        problems: list[str] = []
        log = build(tuple[Start, ...], raw, "starts", problems)
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()
    if problems or not isinstance(log, tuple):
        return ()
    return log if all(_sound(start) for start in log) else ()


def now_here() -> Now:
    """This moment on this machine."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        boot = ""
    return Now(boot, time.clock_gettime(time.CLOCK_BOOTTIME), time.time())


def _outcome_known(log: Sequence[Start], now: Now) -> tuple[Start, ...]:
    """The log, where it is noted of the last start whether it crashed, now that another follows."""
    crashed = bool(log) and log[-1].boot == now.boot and not log[-1].good
    return _last_with(log, crashed=int(crashed))


def _last_with(log: Sequence[Start], **changes: Any) -> tuple[Start, ...]:
    return (*log[:-1], dataclasses.replace(log[-1], **changes)) if log else ()


def _sound(start: Start) -> bool:
    return all(math.isfinite(x) for x in (start.uptime_s, start.wall_s, start.ran_s))
