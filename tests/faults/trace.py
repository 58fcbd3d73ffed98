"""What the audio process asks of the kernel while it plays, block by block.

    python -m tests.faults.trace      plays drift for a few seconds, prints the table and keeps it

strace follows every thread of the audio process in its steady state. From its lines the calls of
the real-time threads are counted: a loop that opens files, waits for locks, asks for memory or
writes files cannot hide it here, whatever library does it for it.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from tests.benchmark.measured import markdown, show
from tests.faults.box import DRIFT, ROOT, Box

PAGE = ROOT / "docs" / "measured" / "syscalls.md"
SECONDS = 4.0
LOCK_S = 0.001
HEADROOM_FRAMES = 9_472
"""Near 200 ms: each traced call stops twice for the tracer, and the machine stalls besides."""

WAITS = {"poll", "ppoll", "clock_nanosleep", "restart_syscall", "select", "pselect6", "epoll_wait"}
"""How a thread waits for its time or for the card."""
CARD = {"read", "ioctl", "timerfd_settime", "timerfd_gettime"}
"""The card's own: ioctl on a real one, a timer on the simulated one."""
MEMORY = {"mmap", "munmap", "mremap", "brk", "madvise", "mprotect"}
LOCKS = {"futex"}

_LINE = re.compile(r"(?P<tid>\d+)\s+(?P<at>\d+\.\d+) (?P<rest>.*)")
_CALL = re.compile(r"(?P<name>\w+)\((?P<arguments>.*?)(?: <unfinished \.\.\.>|\) += .*)$")
_RESUMED = re.compile(r"<\.\.\. (?P<name>\w+) resumed>(?P<arguments>.*)")
_TOOK = re.compile(r"<(\d+\.\d+)>$")


@dataclass(frozen=True)
class Call:
    """One system call of one thread; `seconds` is NaN if it was cut off by either end."""

    tid: int
    name: str
    arguments: str
    seconds: float

    @property
    def path(self) -> str:
        """The path of the descriptor that is its first argument (strace -y), or ''."""
        found = re.match(r"\d+<(/[^>]*)>", self.arguments)
        return found[1] if found else ""


@dataclass(frozen=True)
class Trace:
    """The calls of the audio process while it played `blocks` blocks."""

    calls: tuple[Call, ...]
    blocks: int
    late_blocks: int
    threads: dict[int, str]
    """tid → `loop`, `watch`, or `helper` for what is not real time"""

    def of(self, role: str) -> list[Call]:
        """The calls of all threads in one role."""
        return [call for call in self.calls if self.threads.get(call.tid) == role]


class NoTracingError(Exception):
    """This machine does not let one process trace another; the sentence says why."""


def parse(lines: Iterable[str]) -> Iterator[Call]:
    """The calls in the output of `strace -f -ttt -T -y`, in the order in which they ended."""
    begun: dict[int, str] = {}
    for line in lines:
        if not (found := _LINE.match(line.strip())):
            continue
        tid, rest = int(found["tid"]), found["rest"]
        took = _TOOK.search(rest)
        seconds = float(took[1]) if took else float("nan")
        if resumed := _RESUMED.match(rest):
            yield Call(
                tid, resumed["name"], begun.pop(tid, "") + resumed["arguments"].strip(), seconds
            )
        elif (call := _CALL.match(rest)) and rest.endswith("<unfinished ...>"):
            begun[tid] = call["arguments"]
        elif call:
            yield Call(tid, call["name"], call["arguments"], seconds)
    # What began and did not end while we looked was waiting all the while, or was just begun.


def problems(trace: Trace) -> list[str]:
    """A sentence for each thing that a real-time thread must not do and did."""
    found = []
    for role in ("loop", "watch"):
        for call in trace.of(role):
            told = f"{role}: {call.name}({call.arguments[:80]})"
            if call.path.startswith("/") and not call.path.startswith("/dev/snd/"):
                found.append(f"{told} touches the file {call.path}")
            elif call.name in LOCKS:
                # Waking others waits for nobody: where that lasts, the machine has stalled.
                waits = "FUTEX_WAKE" not in call.arguments
                if role == "loop" and waits and call.seconds > LOCK_S:
                    found.append(f"{told} waited {1e3 * call.seconds:.2f} ms")
            elif call.name not in WAITS | CARD | MEMORY:
                found.append(f"{told} has no place in it")
    memory = sum(call.name in MEMORY for call in trace.of("loop"))
    if memory > trace.blocks / 100:
        found.append(f"loop: {memory} calls for memory in {trace.blocks} blocks")
    return found


def histogram(trace: Trace) -> Table:
    """Calls per block and their longest, by role."""
    table = Table(title=f"System calls of {trace.blocks} blocks", title_justify="left")
    for heading in ("thread", "call", "calls", "a block", "longest ms"):
        table.add_column(heading, justify="left" if heading in ("thread", "call") else "right")
    for role in ("loop", "watch", "helper"):
        calls = trace.of(role)
        for name in sorted({call.name for call in calls}, key=lambda n: (-_count(calls, n), n)):
            longest = max((c.seconds for c in calls if c.name == name), default=0.0)
            count = _count(calls, name)
            cells = [str(count), f"{count / trace.blocks:.2f}", f"{1e3 * longest:.2f}"]
            table.add_row(role, name, *cells)
        if not calls and role in trace.threads.values():
            table.add_row(role, "none", "0", "0.00", "")
    return table


def trace(bundle: Path = DRIFT, seconds: float = SECONDS) -> Trace:
    """Play `bundle` on the simulated card and trace the audio process for `seconds`.

    Raises:
        NoTracingError: if strace is missing or may not attach.
    """
    if shutil.which("strace") is None:
        raise NoTracingError("strace is not installed (apt-get install strace)")
    with Box(bundle, headroom_frames=HEADROOM_FRAMES, seconds=seconds + 30.0) as box:
        status = box.playing(200)
        pid = int(status["pid"])
        threads = roles(pid)
        out = box.folder / "strace"
        before, late = int(status["blocks"]), int(status["late_blocks"])
        with _attached(pid, out):
            box.wait_for(lambda: int(status["blocks"]) > before)
            first = int(status["blocks"])
            wanted = first + round(seconds * status["sample_rate_hz"] / status["block_frames"])
            box.wait_for(lambda: int(status["blocks"]) >= wanted)
            blocks = int(status["blocks"]) - before
        late = int(status["late_blocks"]) - late
        calls = tuple(parse(out.read_text().splitlines()))
    return Trace(calls, blocks, late, threads)


def roles(pid: int) -> dict[int, str]:
    """What each thread of the audio process is: the first one loops, one above it watches.

    Where real-time scheduling is refused the watch cannot be told from the helpers.
    """
    own = os.sched_getparam(pid).sched_priority
    found = {}
    for task in sorted(int(path.name) for path in Path(f"/proc/{pid}/task").iterdir()):
        above = os.sched_getparam(task).sched_priority > own
        found[task] = "loop" if task == pid else "watch" if above else "helper"
    return found


class _attached:  # noqa: N801
    """strace on a process, for the length of a `with`."""

    def __init__(self, pid: int, out: Path) -> None:
        command = ["strace", "-f", "-ttt", "-T", "-y", "-o", str(out), "-p", str(pid)]
        # The tracer stops the loop at every call: it must not be the one that is kept waiting.
        if shutil.which("chrt") and _may_be_real_time():
            command = ["chrt", "--fifo", "80", *command]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def __enter__(self) -> None:
        assert self._process.stderr is not None
        line = self._process.stderr.readline()
        if "attached" not in line:
            self._process.kill()
            self._process.wait()
            raise NoTracingError(f"strace may not attach here: {line.strip()}")

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise


def _may_be_real_time() -> bool:
    return subprocess.run(["chrt", "--fifo", "80", "true"], check=False).returncode == 0


def _count(calls: list[Call], name: str) -> int:
    return sum(call.name == name for call in calls)


def main() -> int:
    """Trace, show, keep; 1 if something has no place in a real-time thread."""
    try:
        found = trace()
    except NoTracingError as error:
        print(error, file=sys.stderr)
        return 1
    table = histogram(found)
    show(table)
    wrong = problems(found)
    for sentence in wrong[:20]:
        print(sentence)
    PAGE.write_text(_NOTES.format(blocks=found.blocks, table=markdown(table)))
    return int(bool(wrong))


_NOTES = """# What the audio process asks of the kernel

`ondine play drift` on the simulated card, its audio process traced with strace over {blocks}
blocks in its steady state. A call that lasts is one that waits.

{table}
The simulated card is a clock: `clock_nanosleep` is how it lets a block of time pass. A real card
takes `ioctl` and `poll` in its place. The engine, the params, the status and the tape take no call
at all. Where the loop and the watch wake at once one waits for the interpreter: a `futex`, for less
than a millisecond. `longest` holds what the tracer adds, about 0.04 ms a call.

    python -m tests.faults.trace      # measures again and writes this page
"""


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main())
