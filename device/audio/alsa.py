"""A sound card through ALSA, at a fixed latency.

ALSA starts capture and playback at moments of its own; their distance is what the player hears as
latency. So it is made, not hoped for, at the start and after every xrun:

    capture   |  block 0  |···c···|            c: captured beyond block 0, not read yet
    playback            |·····q·······|        q: queued, not played yet
                                      └ output of block 0 will start here

Block 0 was complete c frames ago and its output starts in q frames, so its distance is c + q.
Playback is started with a little less than the headroom queued; then, with both running, c and q
are read back and exactly headroom - (c + q) frames of silence are added. Both counters run from
one crystal, so the distance stays, to the frame, until one of them stops.

How exact it is depends on the card's pointers. Where they move by the frame, block + headroom is
exact. Where they move by the period (many USB cards), c may read up to a period too small and q as
much too large: the distance is then off by less than one period in either direction, constant
until the next start. Period sizes are kept small (`MAX_PERIOD_FRAMES`) for that reason. What the
converters and their filters add is not visible to ALSA and comes on top.

Without input there is no capture: each read waits until only the headroom is left in the queue.
"""

import math

import alsaaudio
import numpy as np

from device.audio.cards import Granted, open_card
from device.audio.clock import Clock
from device.audio.pcm import Packer, Unpacker
from device.audio.stream import Flow
from device.errors import AudioError

MAX_PERIOD_FRAMES = 256
MIN_PERIOD_FRAMES = 16
_ATTEMPTS = 8


def period_of(block_frames: int, headroom_frames: int) -> int:
    """The largest period that divides block and headroom and is at most `MAX_PERIOD_FRAMES`.

    Raises:
        AudioError: if only tiny ones do.
    """
    common = math.gcd(block_frames, headroom_frames)
    period = next(p for p in range(min(common, MAX_PERIOD_FRAMES), 0, -1) if common % p == 0)
    if period < MIN_PERIOD_FRAMES:
        raise AudioError(
            f"a headroom of {headroom_frames} frames does not fit a block of {block_frames}: "
            f"both must be multiples of a period of {MIN_PERIOD_FRAMES} to {MAX_PERIOD_FRAMES} "
            f"frames. Try {max(1, round(headroom_frames / block_frames)) * block_frames}."
        )
    return period


class AlsaStream:
    """A `Stream` through one card, both directions, or playback only if `channels_in` is 0."""

    def __init__(
        self,
        card: str,
        clock: Clock,
        *,
        sample_rate_hz: int,
        block_frames: int,
        headroom_frames: int,
        channels_in: int,
        channels_out: int,
    ) -> None:
        """Open the card by name (`device_of` says what names are allowed).

        Raises:
            AudioError: if it is missing, busy, or does not grant what is needed.
        """
        self.card = card
        self.sample_rate_hz = sample_rate_hz
        self.block_frames = block_frames
        self.headroom_frames = headroom_frames
        self.channels_in = channels_in
        self.channels_out = channels_out
        self.xruns = 0
        self._clock = clock
        self._in_step = False
        self._capture: Granted | None = None
        period = period_of(block_frames, headroom_frames)
        # Playback never holds more than block + headroom; the rest is room for a loop woken late.
        room = headroom_frames + 2 * block_frames
        wanted = {"sample_rate_hz": sample_rate_hz, "period_frames": period, "buffer_frames": room}
        # Two channels are asked for even if one is needed: few cards have a single one.
        self._playback = open_card(card, "playback", channels=max(2, channels_out), **wanted)
        self._packer = Packer(
            self._playback.format_name, channels_out, self._playback.channels, block_frames
        )
        silence = np.zeros(headroom_frames * self._frame_bytes, np.uint8)
        self._silence = silence.data
        if channels_in:
            try:
                self._open_capture(max(2, channels_in), wanted)
            except AudioError:
                self.close()
                raise

    def _open_capture(self, channels: int, wanted: dict[str, int]) -> None:
        granted = self._capture = open_card(self.card, "capture", channels=channels, **wanted)
        # pyalsaaudio reads whole periods, and a block must be made of them.
        if self.block_frames % granted.period_frames:
            raise AudioError(
                f"{self.card} grants periods of {granted.period_frames} frames, which do not "
                f"divide a block of {self.block_frames}. Choose another card or another model."
            )
        self._unpacker = Unpacker(
            granted.format_name, self.channels_in, granted.channels, self.block_frames
        )
        raw = self._unpacker.raw.data
        size = raw.nbytes // (self.block_frames // granted.period_frames)
        self._periods = [raw[at : at + size] for at in range(0, raw.nbytes, size)]

    @property
    def _frame_bytes(self) -> int:
        return self._packer.raw.size // self.block_frames

    def start(self) -> None:
        """Stop both directions: the first read starts them in step."""
        self._stop()

    def read(self, into: np.ndarray) -> Flow:
        """The next block; GAP after every (re)start, for the input then begins in mid-air.

        Raises:
            AudioError: if the card fails or is unplugged.
        """
        try:
            if self._in_step and self._take(into):
                return Flow.OK
            if self._in_step:
                self._fall_out()
            self._restart(into)
        except alsaaudio.ALSAAudioError as error:
            raise self._failed(error) from None
        return Flow.GAP

    def write(self, block: np.ndarray) -> Flow:
        """Queue a block; GAP if the queue had run empty before it came.

        Raises:
            AudioError: if the card fails or is unplugged.
        """
        self._packer.pack(block)
        try:
            # There is room for it: fewer frames than given mean an xrun in the middle.
            if self._playback.pcm.write(self._packer.raw) == self.block_frames:
                return Flow.OK
            self._fall_out()
        except alsaaudio.ALSAAudioError as error:
            raise self._failed(error) from None
        return Flow.GAP

    def close(self) -> None:
        """Play out what is queued (block + headroom at most), then close both directions."""
        if self._in_step:
            longest_s = (self.block_frames + self.headroom_frames) / self.sample_rate_hz
            self._clock.wait_until(self._clock.now() + min(longest_s, self._queued_s()))
        try:
            # Dropped first, because pyalsaaudio's close drains and can take seconds over it.
            self._stop()
        except AudioError:
            pass  # A card that is gone needs no stopping.
        finally:
            self._playback.pcm.close()
            if self._capture:
                self._capture.pcm.close()

    def _take(self, into: np.ndarray) -> bool:
        """Fill `into` with the next block; False after an xrun."""
        if self._capture is None:
            return self._wait_for_place()
        pcm, frames = self._capture.pcm, self._capture.period_frames
        for period in self._periods:
            count, data = pcm.read()
            if count != frames:
                return False
            period[:] = data
        self._unpacker.unpack(into)
        return True

    def _wait_for_place(self) -> bool:
        """Wait until no more than the headroom is queued; False after an xrun."""
        while True:
            free = self._playback.pcm.avail()
            if free < 0:
                return False
            surplus = self._playback.buffer_frames - free - self.headroom_frames
            if surplus <= 0:
                return True
            self._clock.wait_until(self._clock.now() + surplus / self.sample_rate_hz)

    def _restart(self, into: np.ndarray) -> None:
        """Start both directions afresh, block + headroom apart, and take block 0 to `into`."""
        # Starting playback takes a moment, a few milliseconds on USB: the slack leaves it that.
        slack = min(self.headroom_frames // 2, self.sample_rate_hz // 1000)
        for _ in range(_ATTEMPTS):
            self._stop()
            if self._capture is None:
                self._in_step = self._queue_silence(self.headroom_frames)
            elif self._take(into):
                self._in_step = self._align(slack)
            if self._in_step:
                return
            slack = min(self.headroom_frames // 2, 2 * slack)
        raise AudioError(
            f"{self.card} does not run steadily: its input and output could not be started "
            f"{self.headroom_frames} frames apart. Choose a larger headroom."
        )

    def _align(self, slack: int) -> bool:
        """With block 0 just read: start playback so that its output is the headroom away."""
        assert self._capture is not None
        beyond = self._capture.pcm.avail()
        short = self.headroom_frames - slack - beyond
        if beyond < 0 or short <= 0 or not self._queue_silence(short):
            return False
        for _ in range(64):
            beyond = self._capture.pcm.avail()
            free = self._playback.pcm.avail()
            # No frame has passed between the two readings if none has passed around them.
            if beyond == self._capture.pcm.avail():
                break
        if beyond < 0 or free < 0:
            return False
        missing = self.headroom_frames - beyond - (self._playback.buffer_frames - free)
        return missing == 0 or (missing > 0 and self._queue_silence(missing))

    def _queue_silence(self, frames: int) -> bool:
        return self._playback.pcm.write(self._silence[: frames * self._frame_bytes]) == frames

    def _fall_out(self) -> None:
        self.xruns += 1
        self._in_step = False

    def _stop(self) -> None:
        self._in_step = False
        try:
            self._playback.pcm.drop()
            if self._capture:
                self._capture.pcm.drop()
        except alsaaudio.ALSAAudioError as error:
            raise self._failed(error) from None

    def _queued_s(self) -> float:
        free = self._playback.pcm.avail()
        return (self._playback.buffer_frames - free) / self.sample_rate_hz if free >= 0 else 0.0

    def _failed(self, error: Exception) -> AudioError:
        return AudioError(f"{self.card} stopped working ({error}). Is it still plugged in?")
