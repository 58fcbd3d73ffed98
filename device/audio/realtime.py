"""The audio process's posture: real-time scheduling, locked memory, a frozen garbage collector.

Each is asked for and none is required: what is refused is said in a plain line with its cost.
"""

import contextlib
import ctypes
import gc
import os
import resource
import time
from pathlib import Path

PRIORITY = 70
"""Above everything a player starts, below the kernel's own threads and interrupts (50 and 99)."""

_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4


def take_priority() -> str:
    """Put the calling thread under SCHED_FIFO; threads it starts later inherit that.

    Returns '' if granted, else a sentence for the player.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except OSError:
        return (
            f"no real-time scheduling: add LimitRTPRIO={PRIORITY} to the service or an rtprio line "
            "to /etc/security/limits.d; dropouts are likelier while the system is busy"
        )
    return ""


def step_back() -> None:
    """Take the calling helper thread out of SCHED_FIFO, so that it never delays the loop."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def pin(cpu: int) -> str:
    """Keep the calling thread on one core. Returns '' or a sentence."""
    try:
        os.sched_setaffinity(0, {cpu})
    except (OSError, ValueError):
        allowed = ", ".join(map(str, sorted(os.sched_getaffinity(0))))
        return f"core {cpu} is not available (there are {allowed}); any of them is used"
    return ""


def lock_memory() -> str:
    """Keep every page in memory once it has been touched. Returns '' or a sentence.

    On fault only: locking at once would pull in whole libraries and thread stacks never used.
    """
    refused = (
        "memory is not locked: add LimitMEMLOCK=infinity to the service; "
        "a dropout may follow when the system swaps"
    )
    # Under a limit the lock is granted now and later allocations fail, which is far worse.
    soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if soft != resource.RLIM_INFINITY and os.geteuid() != 0:
        return refused
    libc = ctypes.CDLL(None, use_errno=True)
    return refused if libc.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) else ""


def freeze_garbage() -> None:
    """Collect once and never again: the loop makes no cycles, and a collection takes its time."""
    gc.collect()
    gc.freeze()
    gc.disable()


def process_started_s() -> float:
    """When this process was started, on the monotonic clock; 10 ms resolution."""
    try:
        after_name = Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()
        since_boot_s = int(after_name[19]) / os.sysconf("SC_CLK_TCK")
        age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - since_boot_s
    except (OSError, ValueError, IndexError):
        age_s = time.process_time()
    return time.monotonic() - age_s
