"""Both directions of a card, in step: at a fixed distance from each other, to the frame.

ALSA starts capture and playback at moments of its own; their distance is what the player hears as
latency. So it is made, not hoped for, at the start and after every xrun:

    capture   |  block 0  |···c···|            c: captured beyond block 0, not read yet
    playback            |·····q·······|        q: queued, not played yet
                                      └ output of block 0 will start here

Block 0 was complete c frames ago and its output starts in q frames, so its distance is c + q. Both
directions are started together, with a little less than block + headroom of silence queued; when
block 0 is there, c and q are read back and exactly headroom - (c + q) frames of silence are added.
Both counters run from one crystal, so the distance stays, to the frame, until one of them stops.

That also proves that both move: block 0 came in, and something was played meanwhile. It is asked
again with every block: a direction that stopped for longer than the pointers are coarse shows in
c + q, and both are started afresh. So the sound never goes on at another distance.

How exact it is depends on the card's pointers. Where they move by the frame, block + headroom is
exact. Where they move by the period (many USB cards), c may read up to a period too small and q as
much too large: the distance is then off by less than one period in either direction, constant
until the next start. What the converters and their filters add is not visible to ALSA and comes on
top.

Without input there is no capture: a block may follow when only the headroom is left in the queue.
"""

from device.audio.one_way import OneWay
from device.errors import AudioError

_ATTEMPTS = 8
_JITTER_S = 0.002
"""Pointers of USB cards move by the packet, of 1 ms: this much c + q may seem to change."""


class InStep:
    """An output and, where it listens, an input. Blocks of bytes go in and out, in order."""

    def __init__(
        self,
        playback: OneWay,
        capture: OneWay | None,
        *,
        block_out: memoryview,
        block_in: memoryview,
        block_frames: int,
        headroom_frames: int,
    ) -> None:
        """`block_out` and `block_in` are buffers of one block of bytes each: `write` queues the
        one, `read` and `restart` fill the other."""
        self.running = False
        """Whether both move and are where they should be, as far as the last call could see."""
        self._playback, self._capture = playback, capture
        self._block_out, self._block_in = block_out, block_in
        self._block_frames, self._headroom_frames = block_frames, headroom_frames
        self._rate_hz = playback.granted.sample_rate_hz
        self._frame_bytes = len(block_out) // block_frames
        self._silence = memoryview(bytes((block_frames + headroom_frames) * self._frame_bytes))
        periods = sum(way.granted.period_frames for way in self._ways())
        self._coarse_frames = round(_JITTER_S * self._rate_hz) + periods
        self._rest = memoryview(b"")
        """Of the period last read, what belongs to the next block."""
        self._breaks = 0
        """How often they broke off since there were last two blocks on end."""

    def read(self) -> bool:
        """Wait for the next block of input; False if they have fallen out of step.

        Raises:
            AudioError: if the card fails, is gone or stands still.
        """
        if self._take() and self._keeps_distance():
            self._breaks = 0
            return True
        self._breaks += 1
        self.running = False
        return False

    def write(self) -> bool:
        """Queue the block of output; False if they have fallen out of step.

        Raises:
            AudioError: if the card fails or is gone.
        """
        # There is room for it: fewer frames than given mean an xrun in the middle, or that nothing
        # was played for so long that the room is gone.
        if self._playback.write(self._block_out) == self._block_frames:
            return True
        self.running = False
        return False

    def restart(self) -> None:
        """Start both afresh, block + headroom apart, and take block 0.

        Raises:
            AudioError: if the card fails, is gone, stands still or breaks off over and over.
        """
        # Starting playback takes a moment, a few milliseconds on USB: the slack leaves it that.
        slack = min(self._headroom_frames // 2, self._rate_hz // 1000)
        still = ""
        for _ in range(_ATTEMPTS - self._breaks):
            self.stop()
            still = self._start(slack if self._capture else 0)
            self.running = not still and self._align()
            if self.running:
                return
            slack = min(self._block_frames + self._headroom_frames // 2, 2 * slack)
        self._breaks = 0
        if still:
            raise AudioError(
                f"{self._playback.card} stands still: its {still} does not move. "
                "Unplug it and plug it in again."
            )
        raise AudioError(
            f"{self._playback.card} does not run steadily: its input and output could not be kept "
            f"{self._headroom_frames} frames apart. Choose a larger headroom."
        )

    def queued(self) -> int:
        """Frames queued and not played; below 0 after an xrun.

        Raises:
            AudioError: if the card fails or is gone.
        """
        room = self._playback.avail()
        return -1 if room < 0 else self._playback.granted.buffer_frames - room

    def stop(self) -> None:
        """Drop what is queued and what was not read.

        Raises:
            AudioError: if the card fails or is gone.
        """
        self.running = False
        self._rest = memoryview(b"")
        for way in self._ways():
            way.stop()

    def close(self) -> None:
        """Let go of the card, gone or not."""
        self.running = False
        for way in self._ways():
            way.close()

    def _take(self) -> bool:
        """Fill the block of input; False after an xrun."""
        playback, capture = self._playback, self._capture
        if capture is None:
            return playback.wait_for(playback.granted.buffer_frames - self._headroom_frames)
        if not capture.wait_for(self._block_frames - self._rest_frames()):
            return False
        block, rest, filled = self._block_in, self._rest, 0
        while True:
            part = rest[: len(block) - filled]
            block[filled : filled + len(part)] = part
            filled += len(part)
            rest = rest[len(part) :]
            if filled == len(block):
                break
            count, data = capture.read()
            if count <= 0:
                return False
            rest = memoryview(data)
        self._rest = rest
        return True

    def _keeps_distance(self) -> bool:
        """Whether c + q is still the headroom, as well as the pointers can tell it."""
        if self._capture is None:
            return True
        beyond = self._capture.avail()
        queued = self.queued()
        later = self._capture.avail()
        if beyond < 0 or queued < 0 or later < 0:
            return False
        # However long this thread was held up in between, the truth lies between the two.
        surplus = queued + self._rest_frames() - self._headroom_frames
        return surplus + beyond <= self._coarse_frames and surplus + later >= -self._coarse_frames

    def _start(self, slack: int) -> str:
        """Start, and wait for block 0; the name of the direction that did not move, or ''."""
        silence = self._block_frames + self._headroom_frames - slack
        if self._capture is not None:
            count, data = self._capture.read()
            if count < 0:
                return "input"
            self._rest = memoryview(data)
        if not self._queue_silence(silence):
            return "output"
        if not self._take():
            return "input" if self._capture else "output"
        return "" if self.queued() < silence else "output"

    def _align(self) -> bool:
        """With block 0 just read: move its output to where it is the headroom away."""
        if self._capture is None:
            return True
        for _ in range(64):
            beyond = self._capture.avail()
            queued = self.queued()
            # No frame has passed between the two readings if none has passed around them.
            if beyond == self._capture.avail():
                break
        if beyond < 0 or queued < 0:
            return False
        missing = self._headroom_frames - (beyond + self._rest_frames()) - queued
        return missing == 0 or (missing > 0 and self._queue_silence(missing))

    def _queue_silence(self, frames: int) -> bool:
        return self._playback.write(self._silence[: frames * self._frame_bytes]) == frames

    def _rest_frames(self) -> int:
        return len(self._rest) * self._block_frames // len(self._block_in) if self._rest else 0

    def _ways(self) -> list[OneWay]:
        return [self._playback, *([self._capture] if self._capture else [])]
