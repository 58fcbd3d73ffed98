"""Rendering: from what a pad is to its sound in the bank, off the audio path.

    pad ─┬ made:  generator ─┐
         └ found: its file  ─┴─ pitch ─ rate of the stream ─ no DC ─► bank

Pitch is a change of speed, as of a tape, and is done here once: the loop only copies. Jobs are done
one after another in a thread of its own; of several for one pad only the newest is done.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from device.audio.realtime import step_back
from device.errors import OndineError
from device.library.segments import Segment, cut
from device.pads.bank import Bank
from device.pads.generator import RATE_HZ, Generator
from device.pads.kit import Pad

PATIENCE_S = 0.5
"""How long the loop has to leave an old sound, if it lives."""
_LOOK_S = 0.002
PEAK = 0.7


def sound_of(pad: Pad, generator: Generator, sample_rate_hz: int) -> np.ndarray:
    """The sound of a pad: float32 [frames] at the stream's rate.

    Raises:
        OndineError: if its file cannot be read.
    """
    if pad.file:
        sound = cut(Path(pad.file), Segment(pad.start, pad.frames or RATE_HZ * 3))
        sound *= np.float32(PEAK / max(float(np.abs(sound).max()), 1e-4))
    else:
        sound = generator.make(np.array(pad.latents, np.float32), pad.seed)
    to_hz = sample_rate_hz / 2.0 ** (pad.pitch / 12.0)
    if round(to_hz) != RATE_HZ:
        import soxr

        sound = soxr.resample(sound, RATE_HZ, to_hz, quality="HQ")
    return np.ascontiguousarray(sound, np.float32)


def lay(bank: Bank, number: int, pad: Pad, sound: np.ndarray, wait: Callable[[], bool]) -> None:
    """Put a sound on its pad, once the loop has left the place for it; `wait` says whether to go on
    waiting.

    Raises:
        AudioError: if the bank refuses it.
    """
    while not bank.ready(number) and wait():
        pass
    place(bank, number, pad)
    bank.put(number, sound)


def place(bank: Bank, number: int, pad: Pad) -> None:
    """Set how a pad's next hits sound."""
    bank.place(number, gain=10.0 ** (pad.level_db / 20.0), pan=pad.pan, choke=pad.choke)


class Renderer:
    """A thread that lays pads on a bank; `said` hears sentences about what could not be."""

    def __init__(self, bank: Bank, generator: Generator, said: Callable[[str], None]) -> None:
        self._bank, self._generator, self._said = bank, generator, said
        self._jobs: dict[int, Pad] = {}
        self._some = threading.Condition()
        self._busy = self._closed = False
        self.rendered = 0
        """Pads laid so far."""
        self.last_s = 0.0
        """What the last one took, waiting and all."""
        self._thread = threading.Thread(target=self._run, name="pads", daemon=True)
        self._thread.start()

    def ask(self, number: int, pad: Pad) -> None:
        """Have a pad laid; returns at once."""
        with self._some:
            # Another wish for the same pad goes to the end of the queue.
            self._jobs.pop(number, None)
            self._jobs[number] = pad
            self._some.notify_all()

    def done(self, timeout_s: float = 10.0) -> bool:
        """Wait until all that was asked for lies there."""
        with self._some:
            return self._some.wait_for(lambda: not self._jobs and not self._busy, timeout_s)

    def close(self) -> None:
        """Lay no more."""
        with self._some:
            self._closed = True
            self._some.notify_all()
        self._thread.join(2.0)

    def _run(self) -> None:
        step_back()
        while True:
            with self._some:
                self._busy = False
                self._some.notify_all()
                self._some.wait_for(lambda: self._jobs or self._closed)
                if self._closed:
                    return
                number = next(iter(self._jobs))
                pad, self._busy = self._jobs.pop(number), True
            self._lay(number, pad)

    def _lay(self, number: int, pad: Pad) -> None:
        began_s = time.monotonic()
        try:
            sound = sound_of(pad, self._generator, self._bank.sample_rate_hz)
            lay(self._bank, number, pad, sound, self._patience())
        except OndineError as error:
            self._said(f"Pad {number + 1}: {str(error).rstrip('.')}.")
        except Exception as error:  # A thread that died would leave all pads as they are.
            self._said(f"Pad {number + 1} failed: {type(error).__name__}: {error}.")
        else:
            self.rendered += 1
        self.last_s = time.monotonic() - began_s

    def _patience(self) -> Callable[[], bool]:
        """Waits a moment each time; ends after PATIENCE_S without a block: nobody hears it then."""
        beats, since_s = self._bank.beats, time.monotonic()

        def wait() -> bool:
            nonlocal beats, since_s
            time.sleep(_LOOK_S)
            if self._bank.beats != beats:
                beats, since_s = self._bank.beats, max(since_s, time.monotonic() - PATIENCE_S / 2)
            return time.monotonic() - since_s < PATIENCE_S and not self._closed

        return wait
