"""Where a file stream's output goes: nowhere, into memory, or into a WAV.

A sink takes blocks inside the loop, so taking one only copies it. The WAV is written by a thread
of its own that sleeps most of the time and empties a ring made beforehand.
"""

import threading
from pathlib import Path
from typing import Protocol

import numpy as np

from device.audio.realtime import step_back
from device.errors import AudioError


class Sink(Protocol):
    """Takes sound, one block after the other."""

    def put(self, block: np.ndarray) -> None:
        """Take float32 `block` [channels, frames], without waiting."""

    def close(self) -> None:
        """Finish. Raises AudioError if what was taken could not be kept."""


class Nowhere:
    """Forgets what it takes."""

    def put(self, block: np.ndarray) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class Memory:
    """Keeps up to `frames` frames in memory."""

    def __init__(self, channels: int, frames: int) -> None:
        self._kept = np.zeros((channels, frames), np.float32)
        self._count = 0

    @property
    def audio(self) -> np.ndarray:
        """What was taken, float32 [channels, frames so far]; a view."""
        return self._kept[:, : self._count]

    def put(self, block: np.ndarray) -> None:
        """Keep the block, or as much of it as there is room for."""
        count = min(block.shape[1], self._kept.shape[1] - self._count)
        self._kept[:, self._count : self._count + count] = block[:, :count]
        self._count += count

    def close(self) -> None:
        """Nothing to finish."""


class WavSink:
    """Writes a 24-bit WAV off the loop.

    One writer and one reader share the ring: `put` alone moves `_taken`, the thread alone moves
    `_written`, and neither waits for the other. A disk that stalls for longer than the ring lasts
    costs frames of the recording, which `close` tells, and never a block of the music.
    """

    def __init__(self, path: Path, channels: int, sample_rate_hz: int, ring_s: float = 8.0) -> None:
        """Create or replace the WAV at `path`.

        Raises:
            AudioError: if the file cannot be written.
        """
        import soundfile

        try:
            self._file = soundfile.SoundFile(
                path, "w", sample_rate_hz, channels, subtype="PCM_24", format="WAV"
            )
        except (soundfile.LibsndfileError, OSError) as error:
            raise AudioError(f"cannot write {path} ({error}). Choose another place.") from None
        self._path = path
        self._ring = np.zeros((int(ring_s * sample_rate_hz), channels), np.float32)
        self._taken = self._written = self._lost = 0
        self._fault = ""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._write, name="wav", daemon=True)
        self._thread.start()

    def put(self, block: np.ndarray) -> None:
        """Copy the block into the ring; count it as lost if there is no room."""
        count, length = block.shape[1], len(self._ring)
        if self._taken - self._written + count > length:
            self._lost += count
            return
        at = self._taken % length
        first = min(count, length - at)
        self._ring[at : at + first] = block.T[:first]
        self._ring[: count - first] = block.T[first:]
        self._taken += count

    def close(self) -> None:
        """Write what is left and finish the file. May be called twice.

        Raises:
            AudioError: if the disk failed or frames were lost.
        """
        if self._done.is_set():
            return
        self._done.set()
        self._thread.join()
        if self._fault:
            raise AudioError(f"{self._path} is incomplete: {self._fault}")
        if self._lost:
            raise AudioError(
                f"{self._path} lacks {self._lost} frames: the disk was too slow. "
                "Record to another disk."
            )

    def _write(self) -> None:
        step_back()
        try:
            with self._file:
                while not self._done.wait(0.1):
                    self._drain()
                self._drain()
        except (OSError, RuntimeError) as error:  # soundfile's errors are RuntimeErrors
            self._fault = str(error)

    def _drain(self) -> None:
        length = len(self._ring)
        while (waiting := self._taken - self._written) > 0:
            at = self._written % length
            count = min(waiting, length - at)
            self._file.write(self._ring[at : at + count])
            self._written += count
