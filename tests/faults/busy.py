"""A busy neighbour: a program that keeps a processor, and the interpreter's memory, at work."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def busy(cpu: int) -> Iterator[None]:
    """One neighbour on the `cpu`-th processor there is, for the length of a `with`."""
    child = subprocess.Popen([sys.executable, __file__, str(cpu)])
    try:
        yield
    finally:
        child.kill()
        child.wait()


def work(cpu: int) -> None:
    """Sort for ever."""
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {allowed[cpu % len(allowed)]})
    while True:
        sorted(range(10_000), key=lambda k: -k)


if __name__ == "__main__":
    work(int(sys.argv[1]))
