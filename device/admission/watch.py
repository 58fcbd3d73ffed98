"""The watch over one examination: a forked process, its clock, its memory, and its ending in words.

The time that counts is the processor's: on a busy machine an honest bundle takes longer by the
clock, a dishonest one no less.
"""

import dataclasses
import os
import resource
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path

from device.admission.allowance import Allowance
from device.admission.examine import examine
from device.admission.limits import MEMORY_BYTES
from device.admission.outcome import Outcome, read_outcome
from device.admission.sandbox import die_with_parent, limit
from device.manifest import Precision

_POLL_MS = 10
_ANSWERS = 3
"""The child's one way to tell anything."""
_MAX_ANSWER_BYTES = 1 << 16
_DOING = {
    "start": "started",
    "open": "read and checked",
    "load": "loaded",
    "play": "done with a few blocks",
    "end": "ended",
}
_CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT)

Examine = Callable[[Path, Precision | None, Callable[[Outcome], None]], Outcome]


def watch(
    path: Path,
    precision: Precision | None,
    allowed: Allowance,
    examine: Examine = examine,
) -> Outcome:
    """Fork, examine the bundle there, and end it where it does not end itself.

    Must be called by a process of one thread. Every ending is an outcome, with a sentence where it
    is a refusal.
    """
    began_s = time.monotonic()
    reading, writing = os.pipe2(os.O_CLOEXEC)
    child = os.fork()
    if child == 0:
        _examine_here(path, precision, allowed, examine, writing)
    os.close(writing)
    ending = os.pidfd_open(child)
    try:
        outcome, killed = _follow(child, ending, reading, allowed, began_s)
    finally:
        os.close(ending)
        os.close(reading)
        _, status, used = os.wait4(child, 0)
    return dataclasses.replace(
        outcome,
        say=_say(outcome, killed, status, used),
        cpu_s=used.ru_utime + used.ru_stime,
        wall_s=time.monotonic() - began_s,
        peak_bytes=used.ru_maxrss << 10,
    )


def _examine_here(
    path: Path, precision: Precision | None, allowed: Allowance, examine: Examine, writing: int
) -> None:
    """The child's whole life."""
    try:
        die_with_parent()
        limit(allowed.whole_s)
        # 1 is where nothing is heard; the requests that come in on 0 are not the child's.
        os.dup2(1, 0)
        os.dup2(writing, _ANSWERS)
        os.closerange(_ANSWERS + 1, 1 << 10)  # the worker has a dozen
        _tell(examine(path, precision, _tell))
    finally:
        os._exit(0)


def _tell(outcome: Outcome) -> None:
    os.write(_ANSWERS, outcome.line())


def _follow(
    child: int, ending: int, reading: int, allowed: Allowance, began_s: float
) -> tuple[Outcome, str]:
    """What it told last, and why it was killed, or ''."""
    poll = select.poll()
    poll.register(reading, select.POLLIN)
    poll.register(ending, select.POLLIN)
    outcome, told, stage_s = Outcome(), b"", 0.0
    while True:
        ready = {fd for fd, _ in poll.poll(_POLL_MS)}
        if reading in ready:
            data = os.read(reading, _MAX_ANSWER_BYTES)
            if not data:
                poll.unregister(reading)
            told += data
            *lines, told = told.split(b"\n")
            for line in lines:
                stage_s = _cpu_s(child)
                outcome = read_outcome(line) or outcome
        elif ending in ready:
            return outcome, ""
        if len(told) > _MAX_ANSWER_BYTES:
            why = "it gave an endless answer"
        elif _cpu_s(child) - stage_s > allowed.stage_s:
            why = _late(outcome, allowed.stage_s)
        elif _cpu_s(child) > allowed.whole_s:
            why = _late(outcome, allowed.whole_s)
        elif time.monotonic() - began_s > allowed.wall_s:
            why = _late(outcome, allowed.wall_s)
        else:
            continue
        signal.pidfd_send_signal(ending, signal.SIGKILL)
        return outcome, why


def _late(outcome: Outcome, limit_s: float) -> str:
    return f"it was not {_DOING.get(outcome.stage, 'ready')} within {limit_s:.1f} s"


def _cpu_s(child: int) -> float:
    """Processor seconds that a process has used."""
    try:
        # The kernel's name for the clock of another process: see clock_getcpuclockid(3).
        return time.clock_gettime(~child << 3 | 2)
    except OSError:
        return 0.0


def _say(outcome: Outcome, killed: str, status: int, used: resource.struct_rusage) -> str:
    if killed:
        return killed
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number in _CRASHES:
            return f"it makes onnxruntime crash ({signal.Signals(number).name})"
        if number == signal.SIGXCPU:
            return f"it was not {_DOING.get(outcome.stage, 'ready')} in time"
        return f"its trial was ended from outside (signal {number}); was memory short? Try again."
    if outcome.say or outcome.stage == "end":
        over = used.ru_maxrss << 10 > MEMORY_BYTES
        return outcome.say or ("it took more memory than it may have" if over else "")
    return "its trial ended without an answer"
