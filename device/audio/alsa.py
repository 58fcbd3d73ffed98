"""A sound card through ALSA: a `Stream` that keeps its distance (`in_step.py` says how).

Here the card is opened by name, asked what it grants, and its samples are turned into blocks and
back. Nothing is taken that would move the sound from its place: another rate only where that was
asked for, a smaller buffer never, and a period no longer than the headroom, since a card that gives
its input by the period gives it that late.
"""

import contextlib
import math
from typing import Literal

import numpy as np

from device.audio.clock import Clock
from device.audio.grants import Direction, Granted, grants, let_go, nearest_rate, open_card
from device.audio.in_step import InStep
from device.audio.one_way import OneWay
from device.audio.pcm import Packer, Unpacker, check_map
from device.audio.stream import Flow
from device.errors import AudioError

MAX_PERIOD_FRAMES = 256
"""Where pointers move by the period, this is how far the distance may be off."""
MIN_PERIOD_FRAMES = 16


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
        rates: Literal["same", "any"] = "same",
        map_in: tuple[int, ...] = (),
        map_out: tuple[int, ...] = (),
    ) -> None:
        """Open the card by name (`device_of` says what names are allowed).

        `rates`: with "any" a card that has not the asked rate is opened at the next one that it
        has (`nearest_rate`), and `sample_rate_hz` tells it. `map_in` and `map_out` are the card's
        channels to use, counted from 1; without them it is all of them.

        Raises:
            AudioError: if it is missing, busy, or does not grant what is needed.
        """
        self.card = card
        self.block_frames = block_frames
        self.headroom_frames = headroom_frames
        self.channels_in = channels_in
        self.channels_out = channels_out
        self.xruns = 0
        self._clock = clock
        period = period_of(block_frames, headroom_frames)
        if rates == "any":
            sample_rate_hz = _granted_rate(card, sample_rate_hz, channels_in > 0)
        self.sample_rate_hz = sample_rate_hz
        # Playback never holds more than block + headroom; the rest is room for a loop woken late.
        room = headroom_frames + 2 * block_frames
        wanted = {"sample_rate_hz": sample_rate_hz, "period_frames": period, "buffer_frames": room}
        with contextlib.ExitStack() as opened:
            out = self._open("playback", channels_out, map_out, wanted)
            opened.callback(let_go, out.pcm)
            self._packer = Packer(
                out.format_name, channels_out, out.channels, block_frames, map_out
            )
            capture, block_in = None, memoryview(b"")
            self._unpacker: Unpacker | None = None
            if channels_in:
                heard = self._open("capture", channels_in, map_in, wanted)
                self._unpacker = Unpacker(
                    heard.format_name, channels_in, heard.channels, block_frames, map_in
                )
                capture = OneWay(card, "input", heard, block_frames, clock)
                block_in = self._unpacker.raw.data
            opened.pop_all()
        self._ways = InStep(
            OneWay(card, "output", out, block_frames, clock),
            capture,
            block_out=self._packer.raw.data,
            block_in=block_in,
            block_frames=block_frames,
            headroom_frames=headroom_frames,
        )

    def _open(
        self,
        direction: Direction,
        channels: int,
        card_map: tuple[int, ...],
        wanted: dict[str, int],
    ) -> Granted:
        # Two channels are asked for even if one is needed: few cards have a single one.
        needed = max(2, channels, *card_map)
        granted = open_card(self.card, direction, channels=needed, **wanted)
        try:
            check_map(card_map, self.card, direction, granted.channels)
            if granted.period_frames > self.headroom_frames:
                raise AudioError(
                    f"{self.card} grants no {direction} in periods of {wanted['period_frames']} "
                    f"frames, only of {granted.period_frames}, and a headroom of "
                    f"{self.headroom_frames} is shorter. Choose a headroom of at least that."
                )
        except AudioError:
            let_go(granted.pcm)
            raise
        return granted

    def start(self) -> None:
        """Stop both directions: the first read starts them in step.

        Raises:
            AudioError: if the card fails or is unplugged.
        """
        self._ways.stop()

    def read(self, into: np.ndarray) -> Flow:
        """The next block; GAP after every (re)start, for the input then begins in mid-air.

        Raises:
            AudioError: if the card fails, is unplugged or stands still.
        """
        ways, flow = self._ways, Flow.OK
        try:
            if ways.running and not ways.read():
                self.xruns += 1
            if not ways.running:
                ways.restart()
                flow = Flow.GAP
        except AudioError:
            ways.running = False
            raise
        # Not into the loop's block before: one that fails half way is left as it was.
        if self._unpacker is not None:
            self._unpacker.unpack(into)
        return flow

    def write(self, block: np.ndarray) -> Flow:
        """Queue a block; GAP if the queue had run empty before it came, or stands still.

        Raises:
            AudioError: if the card fails or is unplugged.
        """
        self._packer.pack(block)
        try:
            if self._ways.write():
                return Flow.OK
        except AudioError:
            self._ways.running = False
            raise
        self.xruns += 1
        return Flow.GAP

    def left_s(self) -> float:
        """Seconds until what is queued has been played; 0.0 if nothing runs.

        It never raises, and any thread may ask.
        """
        if not self._ways.running:
            return 0.0
        try:
            queued = self._ways.queued()
        except AudioError:
            return 0.0
        return max(0, queued) / self.sample_rate_hz

    def close(self) -> None:
        """Play out what is queued (block + headroom at most), then close both directions."""
        longest_s = (self.block_frames + self.headroom_frames) / self.sample_rate_hz
        left_s = min(longest_s, self.left_s())
        if left_s > 0.0:
            self._clock.wait_until(self._clock.now() + left_s)
        # Dropped first, because pyalsaaudio's close drains and can take seconds over it. A card
        # that is gone needs no stopping.
        with contextlib.suppress(AudioError):
            self._ways.stop()
        self._ways.close()


def _granted_rate(card: str, asked_hz: int, listens: bool) -> int:
    sides = [grants(card, "playback")]
    if listens:
        sides.append(grants(card, "capture"))
    return nearest_rate(asked_hz, *sides)
