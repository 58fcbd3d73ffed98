"""Encoders that the kernel decodes, read from /dev/input/event* without a library.

With the device-tree overlay `rotary-encoder` (relative_axis=1) no step is missed, however busy
Python is. The kernel writes `struct input_event` (linux/input.h): time, type, code, value.
"""

import os
import struct
from pathlib import Path
from typing import Protocol

EVENT = struct.Struct("@llHHi")
"""Seconds, microseconds, type, code, value; 24 bytes where a long has 64 bits."""
EV_REL = 2
_AT_ONCE = 64


class Events(Protocol):
    """A stream of `struct input_event`."""

    def read(self) -> bytes:
        """The events that have come, whole ones; b"" if none. Raises OSError if it is gone."""

    def close(self) -> None:
        """Let go of it."""


class KernelEvents:
    """One input device of the kernel, by its name or by its path."""

    def __init__(self, name: str, sys: Path = Path("/sys/class/input")) -> None:
        """Raises OSError if there is none."""
        path = name if name.startswith("/") else f"/dev/input/{_named(name, sys)}"
        self._file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)

    def read(self) -> bytes:
        """The events that have come."""
        try:
            return os.read(self._file, EVENT.size * _AT_ONCE)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        """Let go of it."""
        os.close(self._file)


def _named(name: str, sys: Path) -> str:
    """The event file of the input device with that name."""
    names = {}
    for path in sorted(sys.glob("event*/device/name")):
        names[path.read_text().strip()] = path.parents[1].name
    if name not in names:
        there = ", ".join(names) or "none"
        raise OSError(
            f"the kernel has no input device {name!r} (there are: {there}); "
            "is its overlay in config.txt?"
        )
    return names[name]


def detents(data: bytes) -> int:
    """How far relative events turned an encoder, in the kernel's steps; others are nothing."""
    whole = len(data) - len(data) % EVENT.size
    return sum(value for _, _, kind, _, value in EVENT.iter_unpack(data[:whole]) if kind == EV_REL)
