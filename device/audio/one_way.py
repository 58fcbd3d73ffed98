"""One direction of a card, without ever blocking in ALSA.

A thread that waits inside the driver cannot see that the driver will never wake it. So nothing
waits there: the time until enough frames have passed is reckoned, slept with the clock, and then
the card's pointer is looked at. A pointer that stays where it is for too long is a card that
stands still, and that is an error with a name instead of silence for ever.

When to look. Most pointers move by the frame, or nearly, and tell exactly what is missing. Some
move by the period: they tell the truth only at the moment they move. Against those each block is
looked for a little sooner after the last than it can be there, until a look comes too soon; then
short steps find the moment. So the blocks are seen at most one step after they are complete.
"""

import errno
import os
import re

import alsaaudio

from device.audio.clock import Clock
from device.audio.grants import Granted
from device.errors import AudioError

STILL_S = 0.25
"""A pointer that has not moved for this long, or for four periods, will not move any more."""
_STEPS = 8
"""Steps in a period."""
_SHORTEST_STEP_S = 0.0001
_SOONER = 0.01
"""By this share of a block a card that tells only whole periods is looked at sooner."""


class OneWay:
    """One direction of an open card. "In" is what it hears, "out" what it plays."""

    def __init__(self, card: str, name: str, granted: Granted, block_frames: int, clock: Clock):
        """`name` is the direction for the player: "input" or "output"."""
        self.card, self.name = card, name
        self.granted = granted
        self._pcm = granted.pcm
        self._clock = clock
        self._rate_hz = granted.sample_rate_hz
        self._block_s = block_frames / self._rate_hz
        period_s = granted.period_frames / self._rate_hz
        self._step_s = max(period_s / _STEPS, _SHORTEST_STEP_S)
        self._still_s = max(STILL_S, 4.0 * period_s)
        self._due_s = 0.0
        """When the next block should be complete; 0 where nothing is known of it."""

    def avail(self) -> int:
        """Frames that wait to be read, or room for frames to be written; -1 after an xrun.

        Raises:
            AudioError: if the card fails or is gone.
        """
        try:
            count = int(self._pcm.avail())
        except alsaaudio.ALSAAudioError as error:
            raise self._failed(error) from None
        if count >= 0:
            return count
        if count == -errno.EPIPE:
            return -1
        raise self._failed(os.strerror(-count))

    def wait_for(self, frames: int) -> bool:
        """Wait until so many frames are there to be read or written; False after an xrun.

        Raises:
            AudioError: if the card fails, is gone or stands still.
        """
        clock, due_s = self._clock, self._due_s
        clock.wait_until(due_s)
        last, moved_s, first = -1, 0.0, due_s > 0.0
        while True:
            # The time is taken before the look and, where it counts, again after it: a thread that
            # is held up between the two must not take its own standing still for the card's.
            looked_s = clock.now()
            avail = self.avail()
            if avail < 0:
                self._due_s = 0.0
                return False
            if avail >= frames:
                break
            if avail != last:
                last, moved_s = avail, clock.now()
            elif looked_s - moved_s > self._still_s:
                raise AudioError(
                    f"{self.card} stands still: its {self.name} does not move. "
                    "Unplug it and plug it in again."
                )
            missing_s = (frames - avail) / self._rate_hz
            # Near the time it is due, a pointer that seems far away may only be coarse.
            wait_s = min(missing_s, self._step_s) if due_s > 0.0 else missing_s
            clock.wait_until(looked_s + max(wait_s, _SHORTEST_STEP_S))
            first = False
        beyond = avail - frames
        sooner_s = _SOONER * self._block_s if first and beyond == 0 else 0.0
        self._due_s = looked_s + self._block_s - beyond / self._rate_hz - sooner_s
        return True

    def read(self) -> tuple[int, bytes]:
        """Up to a period of frames; a count of 0 if there are none, below 0 after an xrun.

        Starts a direction that was stopped.

        Raises:
            AudioError: if the card fails or is gone.
        """
        try:
            count, data = self._pcm.read()
        except alsaaudio.ALSAAudioError as error:
            raise self._failed(error) from None
        return count, data

    def write(self, frames: memoryview) -> int:
        """Queue bytes of whole frames; how many frames were taken, below 0 after an xrun.

        Starts a direction that was stopped.

        Raises:
            AudioError: if the card fails or is gone.
        """
        try:
            return int(self._pcm.write(frames))
        except alsaaudio.ALSAAudioError as error:
            raise self._failed(error) from None

    def stop(self) -> None:
        """Drop what is queued or was not read.

        Raises:
            AudioError: if the card fails or is gone.
        """
        self._due_s = 0.0
        try:
            self._pcm.drop()
        except alsaaudio.ALSAAudioError as error:
            raise self._failed(error) from None

    def close(self) -> None:
        """Let go of the card, gone or not. May be called twice."""
        self._pcm.close()

    def _failed(self, reason: object) -> AudioError:
        # ALSA names the device after its reason, and calls a suspended stream a broken pipe of its.
        words = re.sub(r" \[.*\]$", "", str(reason)).replace("Streams pipe error", "suspended")
        return AudioError(f"{self.card} stopped working ({words}). Is it still plugged in?")
