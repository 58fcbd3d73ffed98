"""Every way in which an examination can end, tried out: `python -m tests.device.admission.endings`.

It writes one line of JSON, {ending: outcome}. It is a program of its own because the watch forks,
and its limits on memory count what the process had before.
"""

import ctypes
import dataclasses
import json
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from device.admission.allowance import Allowance
from device.admission.outcome import Outcome
from device.admission.sandbox import confine
from device.admission.watch import Examine, watch

_ALLOWED = Allowance(whole_s=0.6, stage_s=0.3, wall_s=5.0)


def well(path, precision, tell):
    """It says all that it should."""
    tell(Outcome(stage="play"))
    return Outcome(stage="end", precisions=("fp32",), slowdown=0.5)


def refusing(path, precision, tell):
    """It refuses."""
    return Outcome("it is not to my taste", "load")


def endless(path, precision, tell):
    """A stage that never ends."""
    tell(Outcome(stage="load"))
    while True:
        pass


def slow_by_stages(path, precision, tell):
    """Stages that each end in time, without end."""
    while True:
        tell(Outcome(stage="play"))
        until_s = time.process_time() + 0.05
        while time.process_time() < until_s:
            pass


def asleep(path, precision, tell):
    """It waits, and uses no time of the processor."""
    tell(Outcome(stage="load"))
    time.sleep(60)
    return Outcome(stage="end")


def crashing(path, precision, tell):
    """A read from nowhere, as a fault in native code would do."""
    tell(Outcome(stage="play"))
    ctypes.string_at(8)
    return Outcome(stage="end")


def aborting(path, precision, tell):
    """What C++ does with an exception that nobody catches."""
    os.abort()


def leaving(path, precision, tell):
    """It ends without a word."""
    os._exit(0)


def raising(path, precision, tell):
    """Python's own end."""
    raise KeyboardInterrupt


def talking(path, precision, tell):
    """It never stops to talk."""
    while True:
        os.write(3, b"x" * 10_000)


def lying(path, precision, tell):
    """It answers what no examination answers."""
    os.write(3, b'{"say": 3}\n[[[[\nnull\n{"stage": {}}\n')
    os._exit(0)


def deaf(path, precision, tell):
    """It closes its way to tell, and goes on."""
    os.close(3)
    while True:
        pass


def greedy(path, precision, tell):
    """It takes all the memory it can get, and says how much that was."""
    held = []
    try:
        while True:
            held.append(b"x" * (8 << 20))
    except MemoryError:
        got = len(held) * (8 << 20)
        del held
    return Outcome(f"{got}", "load")


def killed(path, precision, tell):
    """Somebody else ends it."""
    os.kill(os.getpid(), signal.SIGKILL)
    return Outcome()


def confined(path, precision, tell):
    """Everything that nothing in the sandbox may do; told is what could be done."""
    opened = os.open(__file__, os.O_RDONLY)
    missing = confine()
    attempts: dict[str, Callable[[], object]] = {
        "read a file": lambda: os.open("/etc/passwd", os.O_RDONLY),
        "write a file": lambda: os.open("/tmp/evil", os.O_WRONLY | os.O_CREAT),
        "read a folder": lambda: os.listdir("/"),
        "remove": lambda: os.unlink("/tmp/nothing"),
        "rename": lambda: os.rename("/tmp/nothing", "/tmp/other"),
        "make a folder": lambda: os.mkdir("/tmp/evil"),
        "change rights": lambda: os.chmod("/tmp", 0o777),
        "open a socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        "open a local socket": lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM),
        "start a process": os.fork,
        "start a thread": lambda: threading.Thread(target=int).start(),
        "start a program": lambda: os.execv("/bin/true", ["true"]),
        "signal its parent": lambda: os.kill(os.getppid(), signal.SIGTERM),
        "raise its limits": lambda: resource.setrlimit(resource.RLIMIT_CPU, (60, 60)),
        "make code": lambda: _mapped(executable=True),
        "look at another": lambda: _call("ptrace", 16, os.getppid(), 0, 0),
        "mount": lambda: _call("mount", b"none", b"/mnt", b"tmpfs", 0, None),
        "leave the root": lambda: os.chroot("/"),
    }
    done = [what for what, attempt in attempts.items() if _can(attempt)]
    if os.read(opened, 3) != b'"""' or not _can(lambda: _mapped(executable=False)):
        done.append("not even what it must")
    return Outcome(", ".join(done), "end", missing=missing)


def _can(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (OSError, RuntimeError, ValueError):
        return False
    return True


def _mapped(*, executable: bool) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    zero = ctypes.c_size_t(0)
    size = ctypes.c_size_t(4096)
    if libc.mmap(None, size, 7 if executable else 3, 0x22, -1, zero) == ctypes.c_void_p(-1).value:
        raise OSError(ctypes.get_errno(), "mmap")


def _call(name: str, *arguments: object) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), name)


ENDINGS: tuple[Examine, ...] = (
    well, refusing, endless, slow_by_stages, asleep, crashing, aborting, leaving, raising, talking,
    lying, deaf, greedy, killed, confined,
)  # fmt: skip


def main() -> None:
    """Try them all; each is given only as much time as it takes to show."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    answers = os.dup(1)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    found = {}
    for ending in ENDINGS:
        allowed = _ALLOWED
        if ending is asleep:
            allowed = dataclasses.replace(_ALLOWED, wall_s=0.2)
        if ending is greedy:  # Pages take their time where others want them, too.
            allowed = dataclasses.replace(_ALLOWED, whole_s=6.0, stage_s=6.0, wall_s=20.0)
        outcome = watch(Path(sys.argv[0]), None, allowed, ending)
        found[ending.__name__] = dataclasses.asdict(outcome)
    os.write(answers, json.dumps(found).encode())


if __name__ == "__main__":
    main()
