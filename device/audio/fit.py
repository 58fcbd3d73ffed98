"""Fit: a player of one rate, block and number of channels, in a stream of another.

    stream's block ─► channels ─► resampler ─► ring ─► the player's blocks, as many as are whole
    stream's block ◄─ ring ◄─ resampler ◄─ channels ◄──────────────────────────────┘
                      └ begins with some silence: padding

Neither the resampler nor unlike blocks give as much as they are given at once. How far behind they
fall at worst depends on nothing but the numbers, so it is found beforehand by counting, and so much
silence is in the last ring from the start: the delay is constant, to the frame, and the ring never
runs dry. More padding on top brings a fast player to the latency of a slow one.

Where a player's block is the larger, its step comes in only some of the stream's blocks, and must
still be done within one.

The resampler is libsamplerate's `sinc_medium` (1 ms behind, 121 dB; soxr is 20 ms behind, because
it works through spectra). It hands out new arrays, so only players of another rate allocate.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np

from device.audio.pcm import map_channels
from device.audio.player import Player
from device.audio.resample import Resampler
from device.audio.ring import Ring
from device.errors import ConfigError

MAX_PADDING_S = 10.0
_COUNTED_S = 4.0
"""44.1 and 48 kHz meet again after 10 ms of sound, and any two blocks within a few hundred."""


@dataclass(frozen=True)
class Shape:
    """What a stream is made of."""

    sample_rate_hz: int
    block_frames: int
    channels_in: int
    channels_out: int


def shape_of(player: Player) -> Shape:
    """The stream that a player wants."""
    return Shape(
        player.sample_rate_hz, player.block_frames, player.channels_in, player.channels_out
    )


def fit(player: Player, shape: Shape, latency_frames: int = 0) -> Player:
    """`player` for a stream of `shape`, `latency_frames` late at least; itself if it fits already.

    Raises:
        ConfigError: if the padding would be absurd.
    """
    if shape_of(player) == shape and latency_frames <= player.delay_frames:
        return player
    return Fit(player, shape, latency_frames)


class Fit:
    """A `Player` around another. `delay_frames` is all of its delay, in the stream's frames."""

    def __init__(self, player: Player, shape: Shape, latency_frames: int = 0) -> None:
        self.player = player
        self.sample_rate_hz, self.block_frames = shape.sample_rate_hz, shape.block_frames
        self.channels_in, self.channels_out = shape.channels_in, shape.channels_out
        rate_in, rate_out = shape.sample_rate_hz, player.sample_rate_hz
        behind = _behind(player.block_frames, rate_out, shape.block_frames, rate_in)
        own = behind + round(player.delay_frames * rate_in / rate_out)
        self.delay_frames = max(own, latency_frames)
        self._padding = self.delay_frames - own + behind
        self.padding_frames = self._padding
        """How much of the delay is not the player's."""
        if self._padding > MAX_PADDING_S * rate_in:
            raise ConfigError(
                f"a latency of {latency_frames} frames is not possible; "
                f"{MAX_PADDING_S:.0f} s at most are"
            )
        most_in = _most(shape.block_frames, rate_in, rate_out)
        most_out = _most(player.block_frames, rate_out, rate_in)
        steps = -(-(most_in + player.block_frames) // player.block_frames)
        # A player that hears nothing is still kept in time by frames: of one channel, silent.
        heard = max(1, player.channels_in)
        self._into = Resampler(heard, rate_in, rate_out)
        self._out_of = Resampler(shape.channels_out, rate_out, rate_in)
        self._before = Ring(heard, most_in + player.block_frames)
        self._after = Ring(shape.channels_out, self._padding + most_out * (steps + 1))
        self._mapped_in = np.zeros((heard, shape.block_frames), np.float32)
        self._block_in = np.zeros((heard, player.block_frames), np.float32)
        self._heard = self._block_in[: player.channels_in]
        self._block_out = np.zeros((player.channels_out, player.block_frames), np.float32)
        self._mapped_out = np.zeros((shape.channels_out, player.block_frames), np.float32)
        self.peak_in = self.peak_out = 0.0
        self.limited = self.repaired = False
        self._after.silence(self._padding)

    def process(self, audio_in: np.ndarray, audio_out: np.ndarray, params: np.ndarray) -> None:
        """One block of the stream, float32 [channels_in, block] to [channels_out, block]."""
        player, block_in, block_out = self.player, self._block_in, self._block_out
        map_channels(audio_in, self._mapped_in)
        self._before.push(self._into.process(self._mapped_in))
        self.limited = self.repaired = False
        while self._before.count >= player.block_frames:
            self._before.pop(block_in)
            player.process(self._heard, block_out, params)
            self.peak_in, self.peak_out = player.peak_in, player.peak_out
            self.limited |= player.limited
            self.repaired |= player.repaired
            map_channels(block_out, self._mapped_out)
            self._after.push(self._out_of.process(self._mapped_out))
        self._after.pop(audio_out)

    def reset(self) -> None:
        """Back to silence."""
        self.player.reset()
        self._into.reset()
        self._out_of.reset()
        self._before.silence(0)
        self._after.silence(self._padding)
        self.limited = self.repaired = False


@functools.lru_cache(maxsize=256)
def _behind(step_frames: int, step_rate_hz: int, block_frames: int, rate_hz: int) -> int:
    """How many frames too few, at worst, have come out after a block of the stream went in.

    Of a player's step and the stream's block: their frames and rates. Kept, for it takes a tenth of
    a second to count.
    """
    if step_rate_hz == rate_hz:
        return step_frames - math.gcd(step_frames, block_frames)
    into, out_of = Resampler(1, rate_hz, step_rate_hz), Resampler(1, step_rate_hz, rate_hz)
    block = np.zeros((1, block_frames), np.float32)
    step = np.zeros((1, step_frames), np.float32)
    held = given = taken = worst = 0
    for _ in range(math.ceil(_COUNTED_S * rate_hz / block_frames)):
        held += into.process(block).shape[1]
        taken += block_frames
        while held >= step_frames:
            held -= step_frames
            given += out_of.process(step).shape[1]
        worst = max(worst, taken - given)
    # One frame more: the resampler's place between two frames is a float, and may round.
    return worst + 1


def _most(frames: int, rate_in: int, rate_out: int) -> int:
    """The most frames that a resampler makes of `frames`, with room for what it held back."""
    return frames if rate_in == rate_out else math.ceil(frames * rate_out / rate_in) + 1024
