"""Words of the audio process to whoever started it, who may be gone, or no longer listen.

An ordinary `print` to a pipe raises when its reader has died and waits when its reader sleeps.
Neither may stop the sound.
"""

import os
import select
from typing import TextIO

MAX_CHARACTERS = 1000
"""At most 4 bytes each, 4096 in all: that much Linux takes at once into a pipe with any room."""


def say(line: str, stream: TextIO | None) -> bool:
    """Write one line and flush it; never raises and never waits. Returns whether it was written.

    A stream whose reader has died is turned to /dev/null: what is left in its buffer would
    otherwise be a complaint, and an exit status, when the process ends.
    """
    if stream is None:  # Python's stand-in for one that was closed before it started.
        return False
    try:
        fd = stream.fileno()
    except (OSError, ValueError):  # It is in memory, or closed.
        fd = -1
    try:
        if fd >= 0 and not _takes(fd):
            return False
        stream.write(_writable(line, stream.encoding))
        stream.flush()
    except (OSError, ValueError):
        if fd >= 0:
            _mute(fd)
        return False
    return True


def _takes(fd: int) -> bool:
    """Whether a write returns at once, if only with an error."""
    poll = select.poll()
    poll.register(fd, select.POLLOUT)
    return bool(poll.poll(0))


def _writable(line: str, encoding: str | None) -> str:
    encoding = encoding or "utf-8"
    flat = " ".join(line.splitlines())[:MAX_CHARACTERS]
    return flat.encode(encoding, "replace").decode(encoding) + "\n"


def _mute(fd: int) -> None:
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, fd)
        finally:
            os.close(nowhere)
    except OSError:
        pass  # Out of descriptors: the next line tries again.
