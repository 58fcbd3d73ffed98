"""The trial, from the side of whoever asks for it: the worker started, asked, timed and ended."""

import json
import os
import select
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from device.admission.allowance import allowance
from device.admission.outcome import Outcome, read_outcome
from device.errors import BundleError

_START_S = 30.0
"""Python and onnxruntime, from a slow card."""
_SPARE_S = 5.0
"""More than the watch over an examination ever needs by itself."""


class Worker:
    """A worker process, for one trial or for thousands. Use it in `with`; it starts at once."""

    def __init__(self) -> None:
        """Start it; the first trial waits until it is ready.

        Raises:
            BundleError: if it does not start, as no bundle can then be tried.
        """
        # One thread: numpy's mathematics would start more, and forking does not copy them.
        alone = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        here = str(Path(__file__).parents[2])
        paths = [here, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            # -P: a folder `device` in the working folder is not ours.
            [sys.executable, "-P", "-m", "device.admission.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **alone, "PYTHONPATH": os.pathsep.join(paths)},
            start_new_session=True,
        )
        self._told = b""
        self._ready = False

    def try_bundle(self, path: Path) -> Outcome:
        """Vet, load and play a bundle in the sandbox, in each of its precisions.

        Raises:
            BundleError: if the worker itself fails, which is no verdict on the bundle.
        """
        assert self._process.stdin is not None
        try:
            if not self._ready:
                self._answer(_START_S)
                self._ready = True
            self._process.stdin.write(json.dumps(str(path.absolute())).encode() + b"\n")
            self._process.stdin.flush()
            size = path.stat().st_size
        except (OSError, ValueError) as error:  # it is gone, or the file is
            raise BundleError(f"it cannot be tried ({error}). Try again.") from None
        return self._answer(allowance(size).wall_s + _SPARE_S)

    def close(self) -> None:
        """End it, and with it whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _answer(self, patience_s: float) -> Outcome:
        assert self._process.stdout is not None
        poll = select.poll()
        poll.register(self._process.stdout, select.POLLIN)
        while b"\n" not in self._told:
            # Patience is for each piece of an answer, which is written in one.
            if not poll.poll(1000.0 * patience_s):
                self._process.kill()
                raise BundleError(f"its trial gave no answer within {patience_s:.0f} s. Try again.")
            data = os.read(self._process.stdout.fileno(), 1 << 16)
            if not data:
                raise BundleError("its trial could not be held: the worker ended. Try again.")
            self._told += data
        line, _, self._told = self._told.partition(b"\n")
        outcome = read_outcome(line)
        if outcome is None:
            raise BundleError("its trial gave an answer that cannot be read. Try again.")
        return outcome
