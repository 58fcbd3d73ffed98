"""The card that is none: real time from a clock, input from a sound, output to a sink.

It behaves like a card with one frame clock: block k of the input is complete at frame (k+1)·B, and
its output is due at (k+1)·B + H. With the system's clock it is what `ondine play` uses where there
is no card; with a virtual clock the very same code runs as fast as it can, for tests.

The sink's first frame is the card's first frame, so it starts with B + H frames of silence and
every later frame lies where a listener would have heard it.
"""

import math

import numpy as np

from device.audio.clock import Clock
from device.audio.sink import Sink
from device.audio.sound import Sound
from device.audio.stream import Flow


class FileStream:
    """A `Stream` from a `Sound` to a `Sink`, paced by a `Clock`."""

    def __init__(
        self,
        sound: Sound,
        sink: Sink,
        clock: Clock,
        *,
        sample_rate_hz: int,
        block_frames: int,
        headroom_frames: int,
        channels_out: int,
        tail_frames: int = 0,
    ) -> None:
        """`sound` is [channels_in, frames] at the stream's rate; `tail_frames` of silence follow
        it before the end, so that a model's delay can play out."""
        self.sample_rate_hz = sample_rate_hz
        self.channels_in = len(sound.audio)
        self.channels_out = channels_out
        self.block_frames = block_frames
        self.headroom_frames = headroom_frames
        self.xruns = 0
        self._sound, self._sink, self._clock = sound, sink, clock
        self._total = math.inf if sound.endless else sound.audio.shape[1] + tail_frames
        self._silence = np.zeros((channels_out, block_frames), np.float32)
        self._start_s = 0.0
        self._next = 0
        """The block that the next read returns."""
        self._gap = False

    def start(self) -> None:
        """Set the frame clock going; the queue starts with block + headroom frames of silence."""
        self._start_s = self._clock.now()
        for left in range(self.block_frames + self.headroom_frames, 0, -self.block_frames):
            self._sink.put(self._silence[:, :left])

    def read(self, into: np.ndarray) -> Flow:
        """Wait until the block's last frame has passed."""
        first = self._next * self.block_frames
        if first >= self._total:
            return Flow.END
        self._clock.wait_until(self._start_s + (first + self.block_frames) / self.sample_rate_hz)
        self._sound.fill(into, first)
        gap, self._gap = self._gap, False
        return Flow.GAP if gap else Flow.OK

    def write(self, block: np.ndarray) -> Flow:
        """Take the block to its place; too late, and its place and those passed stay silent.

        Time goes on meanwhile, as it does for a card: the next block read is the first that still
        has its whole deadline ahead, and the input of those between is lost.
        """
        due = (self._next + 1) * self.block_frames + self.headroom_frames
        now = (self._clock.now() - self._start_s) * self.sample_rate_hz
        # Half a frame of mercy: seconds in floating point are not frames.
        if now <= due + 0.5:
            self._sink.put(block)
            self._next += 1
            return Flow.OK
        deadline = min(self.block_frames, self.headroom_frames)
        ready = (now - self.headroom_frames + deadline) / self.block_frames
        following = max(self._next + 1, math.ceil(ready) - 1)
        for _ in range(self._next, following):
            self._sink.put(self._silence)
        self._next = following
        self._gap = True
        self.xruns += 1
        return Flow.GAP

    def left_s(self) -> float:
        """Seconds until the output of the block that was read is due."""
        due = (self._next + 1) * self.block_frames + self.headroom_frames
        left = self._start_s + due / self.sample_rate_hz - self._clock.now()
        return max(0.0, left)

    def close(self) -> None:
        """Finish the sink.

        Raises:
            AudioError: if the output could not be kept whole.
        """
        self._sink.close()
