"""The audio process's posture: real-time scheduling, locked memory, a frozen garbage collector, a
processor that neither slows down nor naps.

Each is asked for and none is required: what is refused is said in a plain line with its cost. Files
of the kernel are looked for under `root`, which is another folder only in tests.
"""

import contextlib
import ctypes
import gc
import os
import resource
import struct
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

PRIORITY = 70
"""Above everything a player starts, below the kernel's own threads and interrupts (50 and 99)."""
WATCH_PRIORITY = PRIORITY + 1
"""Of the thread that covers late steps. At the loop's own it would wait for what it is to cover."""
SWITCH_S = 0.0005
"""How long a thread may keep the interpreter from another; Python's own 5 ms is a whole block."""
NAP_US = 10
"""The longest wake-up that is let be. Not 0: at 0 an idle core spins, which heats it, takes its
neighbours' turbo and slows the other thread of the same core."""

_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_M_MMAP_THRESHOLD = -3
_ROOT = Path("/")


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Held:
    """What the machine lends while we play. `refused` is '' or a sentence for the player."""

    refused: str = ""
    give_back: Callable[[], None] = _nothing
    """Puts everything back as it was; never raises. To be called once, at a clean end."""


def take_priority(priority: int = PRIORITY) -> str:
    """Put the calling thread under SCHED_FIFO; threads it starts later inherit that.

    Returns '' if granted, else a sentence for the player.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except OSError:
        return (
            f"no real-time scheduling: add LimitRTPRIO={WATCH_PRIORITY} to the service or an "
            "rtprio line to /etc/security/limits.d; dropouts are likelier while the system is busy"
        )
    return ""


def step_back(thread: int = 0) -> None:
    """Take a thread (0: the calling one) out of SCHED_FIFO, so that it never delays the loop.

    `thread` is `threading.get_native_id()`'s. A step that hangs under SCHED_FIFO uses up what the
    kernel allows to real time on its core (950 ms of a second): a thread of higher priority on that
    core was then held up for 53 ms of each second, one of the same priority for as long as it hung.
    """
    with contextlib.suppress(OSError):
        os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))


def step_behind() -> None:
    """Put the calling helper thread just above ordinary programs, if it is under SCHED_FIFO at all.

    For one that works while the music plays. It holds the interpreter at times, and then the loop
    waits for it: an ordinary program that pushed it aside meanwhile would push the loop aside, too.
    """
    if os.sched_getscheduler(0) == os.SCHED_FIFO:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))


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


def give_memory_back() -> None:
    """Have memory of 128 KiB and more go back to the system when it is freed.

    glibc learns from what is freed to keep more and more of it: an instrument that was swapped away
    (RAVE v2: 34 MB) would stay in memory for ever.
    """
    with contextlib.suppress(AttributeError):  # Another libc.
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 1 << 17)


def switch_quickly() -> None:
    """Let a thread that wakes up have the interpreter soon, though another is computing."""
    sys.setswitchinterval(SWITCH_S)


def take_governor(cpu: int | None, root: Path = _ROOT) -> Held:
    """Have a core (None: every core) run at its full clock; `give_back` restores what was there.

    Nothing is done or said where the clock is fixed, as in virtual machines, or full already.
    """
    taken: dict[Path, str] = {}
    refused = ""
    for file, governor in governors(cpu, root).items():
        if governor == "performance":
            continue
        try:
            file.write_text("performance")
            taken[file] = governor
        except OSError:
            refused = (
                f"the processor slows down between blocks (governor {governor}): run `echo "
                f"performance | sudo tee {file.parent.parent}/policy*/{file.name}` before the "
                "concert; blocks take longer until it is awake, and dropouts are likelier"
            )
    return Held(refused, partial(_restore, taken))


def governors(cpu: int | None, root: Path = _ROOT) -> dict[Path, str]:
    """The files that set the clock of a core (None: of all), and what governs there now."""
    found = {}
    for policy in sorted(root.glob("sys/devices/system/cpu/cpufreq/policy*")):
        with contextlib.suppress(OSError):
            cores = (policy / "affected_cpus").read_text().split()
            if cpu is None or str(cpu) in cores:
                file = policy / "scaling_governor"
                found[file] = file.read_text().strip()
    return found


def stay_awake(root: Path = _ROOT) -> Held:
    """Keep idle cores from naps that take longer than `NAP_US` to wake from.

    Nothing is done or said where there are none, as on a Raspberry Pi.
    """
    nap_us = longest_nap_us(root)
    if nap_us <= NAP_US:
        return Held()
    try:
        fd = os.open(root / "dev/cpu_dma_latency", os.O_WRONLY)
        try:
            os.write(fd, struct.pack("i", NAP_US))
        except OSError:
            os.close(fd)
            raise
    except OSError:
        return Held(
            f"idle cores may nap: a block may begin {nap_us / 1000:.1f} ms late. Give this user "
            "the right to write /dev/cpu_dma_latency, or choose a headroom well above that"
        )
    # The kernel keeps to it for as long as the file is open.
    return Held("", partial(os.close, fd))


def longest_nap_us(root: Path = _ROOT) -> int:
    """How long an idle core may take to wake up, in microseconds; 0 where it never naps."""
    longest = 0
    for state in root.glob("sys/devices/system/cpu/cpu[0-9]*/cpuidle/state*"):
        with contextlib.suppress(OSError, ValueError):
            if (state / "disable").read_text().strip() != "1":
                longest = max(longest, int((state / "latency").read_text()))
    return longest


def isolated(root: Path = _ROOT) -> set[int]:
    """The cores that the kernel was told (`isolcpus=`) to keep other programs from."""
    cores: set[int] = set()
    with contextlib.suppress(OSError, ValueError):
        cores.update(_cores((root / "sys/devices/system/cpu/isolated").read_text()))
    return cores


def share(root: Path = _ROOT) -> float:
    """What share of the time the kernel allows to real-time threads; 1.0 where it sets no limit."""
    kernel = root / "proc/sys/kernel"
    try:
        period_us = int((kernel / "sched_rt_period_us").read_text())
        runtime_us = int((kernel / "sched_rt_runtime_us").read_text())
    except (OSError, ValueError):
        return 0.95
    return runtime_us / max(period_us, 1) if runtime_us >= 0 else 1.0


def _cores(text: str) -> Iterator[int]:
    """The numbers of a list such as 1,4-6."""
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _restore(taken: dict[Path, str]) -> None:
    for file, governor in taken.items():
        with contextlib.suppress(OSError):
            # Somebody may have chosen another meanwhile.
            if file.read_text().strip() == "performance":
                file.write_text(governor)


def process_started_s() -> float:
    """When this process was started, on the monotonic clock; 10 ms resolution."""
    try:
        after_name = Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()
        since_boot_s = int(after_name[19]) / os.sysconf("SC_CLK_TCK")
        age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - since_boot_s
    except (OSError, ValueError, IndexError):
        age_s = time.process_time()
    return time.monotonic() - age_s
