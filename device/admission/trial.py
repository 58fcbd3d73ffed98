"""The trial, from the side of whoever asks for it: the worker started, asked, timed and ended."""

import json
import select
from pathlib import Path
from types import TracebackType

from device.admission.allowance import allowance
from device.admission.outcome import Outcome, read_outcome
from device.admission.room import OwnRoom, Room, locked_room
from device.errors import BundleError

_START_S = 30.0
"""Python and onnxruntime, from a slow card."""
_SPARE_S = 5.0
"""More than the watch over an examination ever needs by itself."""


class Worker:
    """A worker process, for one trial or for thousands. Use it in `with`; it starts at once."""

    def __init__(self, checker: Path | None = None) -> None:
        """Start it; the first trial waits until it is ready.

        `checker` is the socket of a locked room (`checker_socket`) where it is to work; where
        there is none, or none comes to be ready there, it works in a process of ours.

        Raises:
            BundleError: if it does not start, as no bundle can then be tried.
        """
        locked = locked_room(checker)
        self._locked = locked is not None
        self._room: Room = locked or _own()
        self._told = b""
        self._ready = False

    def try_bundle(self, path: Path) -> Outcome:
        """Vet, load and play a bundle in the sandbox, in each of its precisions.

        Raises:
            BundleError: if the worker itself fails, which is no verdict on the bundle.
        """
        try:
            self._begin()
            self._room.write(json.dumps(str(path.absolute())).encode() + b"\n")
            size = path.stat().st_size
        except (OSError, ValueError) as error:  # it is gone, or the file is
            raise BundleError(f"it cannot be tried ({error}). Try again.") from None
        return self._answer(allowance(size).wall_s + _SPARE_S)

    def close(self) -> None:
        """End it, and with it whatever it is doing."""
        self._room.close()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _begin(self) -> None:
        """Wait until it is ready."""
        if self._ready:
            return
        try:
            self._answer(_START_S)
        except BundleError:
            if not self._locked:
                raise
            # Nothing was tried yet, so this is no way around a verdict.
            self._room.close()
            self._room, self._locked, self._told = _own(), False, b""
            self._answer(_START_S)
        self._ready = True

    def _answer(self, patience_s: float) -> Outcome:
        poll = select.poll()
        poll.register(self._room, select.POLLIN)
        while b"\n" not in self._told:
            # Patience is for each piece of an answer, which is written in one.
            if not poll.poll(1000.0 * patience_s):
                self._room.close()
                raise BundleError(f"its trial gave no answer within {patience_s:.0f} s. Try again.")
            data = self._room.read(1 << 16)
            if not data:
                raise BundleError("its trial could not be held: the worker ended. Try again.")
            self._told += data
        line, _, self._told = self._told.partition(b"\n")
        outcome = read_outcome(line)
        if outcome is None:
            raise BundleError("its trial gave an answer that cannot be read. Try again.")
        return outcome


def _own() -> Room:
    try:
        return OwnRoom()
    except OSError as error:
        raise BundleError(f"it cannot be tried ({error.strerror}). Try again.") from None
