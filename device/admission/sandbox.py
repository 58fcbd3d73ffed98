"""The sandbox: what a process gives up for good before it touches a stranger's bundle.

    limits on memory, time, files  ──►  open the bundle  ──►  system calls  ──►  load and play it

Where a kernel has a part of it not, the rest holds, and what is missing is told.
"""

import contextlib
import ctypes
import math
import os
import resource
import signal
from pathlib import Path

from device.admission.limits import MEMORY_BYTES
from device.admission.seccomp import allow_little

_SET_PARENT_DEATH_SIGNAL = 1
_CODE_BYTES = 96 << 20
"""Of the memory, what Python's and onnxruntime's code and the stack take (measured: 45 MiB)."""
_STACK_BYTES = 16 << 20
_NICE = 5


def die_with_parent() -> None:
    """End this process by SIGKILL when the one that started it ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_SET_PARENT_DEATH_SIGNAL, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)


def limit(seconds: float) -> None:
    """Take the memory, the files and the time (processor seconds) that a trial may have.

    RLIMIT_DATA counts what a process may write to, touched or not, so the memory that it really
    has is never more; RLIMIT_AS would count onnxruntime's own code as well, and large reserves.
    """
    with contextlib.suppress(OSError):
        # Where memory runs out, the kernel ends this first, and not what plays.
        Path("/proc/self/oom_score_adj").write_text("1000")
    for what, most in (
        (resource.RLIMIT_DATA, MEMORY_BYTES - _CODE_BYTES),
        (resource.RLIMIT_STACK, _STACK_BYTES),
        # The kernel's own end, in whole seconds, should whoever watches be gone.
        (resource.RLIMIT_CPU, math.ceil(max(seconds, 0.0)) + 1),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        with contextlib.suppress(OSError, ValueError):  # stricter already
            resource.setrlimit(what, (most, most))
    with contextlib.suppress(OSError):
        os.nice(_NICE)


def confine() -> str:
    """Let go of everything but what is open and one's own memory; returns what was not, or ''."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    return allow_little()
