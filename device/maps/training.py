"""A network learns in a thread of its own, in slices that let the control loop in between.

    thread   ▇▇▇ ▇▇▇ ▇▇▇ ▇▇▇ … done      each ▇▇▇ holds the interpreter for 2 ms at most,
    loop     ..o...o.o..........o.swap   each gap gives it away

Only the newest training counts: an edit stops the one before. The thread has the loop's own
priority: a lower one would have it put aside by busy programs while it holds the interpreter, and
the loop would wait for both.
"""

import asyncio
import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from device.mapping.dataset import Dataset
from device.mapping.learned import LearnedMap
from device.mapping.network import (
    Network,
    Plan,
    advance,
    fit_error,
    held_out_error,
    network,
)

SLICE_S, PAUSE_S = 0.002, 0.001


@dataclass(frozen=True)
class Trained:
    """What came of a training. Errors are root mean square over all targets, raw 0..1."""

    network: Network
    taught: Dataset
    fit: float
    held_out: float | None
    """on pairs that were kept from its twin; None where none could be spared"""

    @property
    def sound(self) -> bool:
        """Whether it learned at all: a training can run away."""
        return math.isfinite(self.fit)


@dataclass
class _Run:
    map: LearnedMap
    stop: threading.Event
    progress: float = 0.0

    @property
    def job(self) -> tuple[object, ...]:
        return self.map.dataset, self.map.choices.scaling, self.map.choices.seed


class Trainer:
    """`done` hears on the loop's thread of a training that nothing newer has stopped."""

    def __init__(self, done: Callable[[Trained], None], plan: Plan) -> None:
        self._done, self._plan = done, plan
        self._run: _Run | None = None

    @property
    def progress(self) -> float | None:
        """The share of the training that is done, 0..1; None if none runs."""
        return None if self._run is None else self._run.progress

    def begin(self, map: LearnedMap, loop: asyncio.AbstractEventLoop) -> None:
        """Train for this map; if that is going on already, it goes on."""
        run = _Run(map, threading.Event())
        if self._run is not None and self._run.job == run.job:
            return
        self.stop()
        self._run = run
        threading.Thread(target=self._train, args=(run, loop), name="map", daemon=True).start()

    def stop(self) -> None:
        """Train no more; the thread ends with its slice."""
        if self._run is not None:
            self._run.stop.set()
            self._run = None

    def _train(self, run: _Run, loop: asyncio.AbstractEventLoop) -> None:
        training = run.map.training(self._plan)
        while not training.done:
            advance(training, time.monotonic, SLICE_S)
            run.progress = training.progress
            if run.stop.wait(PAUSE_S):
                return
        held = held_out_error(training)
        trained = Trained(
            network(training),
            run.map.dataset,
            overall(fit_error(training).tolist()),
            None if held is None else overall(held.tolist()),
        )
        # A loop that is closed has nobody left who waits for it.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._tell, run, trained)

    def _tell(self, run: _Run, trained: Trained) -> None:
        if run is self._run:
            self._run = None
            self._done(trained)


def overall(errors: Iterable[float]) -> float:
    """One error out of each target's: the root of their mean square; 0 of none."""
    squares = [error * error for error in errors]
    return math.sqrt(sum(squares) / len(squares)) if squares else 0.0
