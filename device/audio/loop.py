"""The audio loop: read, copy parameters, process, write, count.

Nothing on its normal path allocates, locks, logs, opens or raises. One thread does it all, so a
step cannot be cut off when it is late. What happens then, honestly:

    on time   … | out k-1 | out k | out k+1 | …
    late      … | out k-1 | silence | silence | ⟋out m | …      latency unchanged

The queue runs empty and the card falls silent, abruptly: the loop knows only afterwards. The
stream then comes back to exactly block + headroom, the first block after the gap fades in, and
the late block is counted. When it is told to stop the loop does know beforehand, and fades out.
"""

import numpy as np

from device.audio.clock import Clock
from device.audio.player import Player
from device.audio.stream import Flow, Stream
from device.audio.tally import Tally
from device.params import ParamTable, default_values
from device.status import Status

FADE_S = 0.005


class Orders:
    """What others may ask of the loop: plain flags, set by a helper thread, read once a block."""

    def __init__(self) -> None:
        self.stop = False
        """Fade out over one more block, then end."""
        self.reset = False
        """Start the model's memory afresh; the loop clears the flag."""


def run(
    stream: Stream,
    engine: Player,
    params: ParamTable,
    status: Status,
    clock: Clock,
    orders: Orders,
) -> None:
    """Play until the input ends or `orders.stop` is set; the caller closes the stream.

    Raises:
        AudioError: if the stream fails for good.
    """
    audio_in = np.zeros((engine.channels_in, engine.block_frames), np.float32)
    audio_out = np.zeros((engine.channels_out, engine.block_frames), np.float32)
    values = default_values()
    rise = fade_in(engine.block_frames, engine.sample_rate_hz)
    fall = rise[::-1].copy()
    tally = Tally(status, stream, engine)
    playing = True

    stream.start()
    while playing:
        flow = stream.read(audio_in)
        if flow is Flow.END:
            break
        began_s = clock.now()
        playing = not orders.stop
        if orders.reset:
            orders.reset = False
            engine.reset()
        params.read_into(values)
        engine.process(audio_in, audio_out, values)
        ended_s = clock.now()
        if flow is Flow.GAP:
            np.multiply(audio_out, rise, out=audio_out)
        if not playing:
            np.multiply(audio_out, fall, out=audio_out)
        reached = stream.write(audio_out) is Flow.OK
        tally.count(began_s, ended_s, reached)


def fade_in(block_frames: int, sample_rate_hz: int) -> np.ndarray:
    """Gains [block_frames] that rise from 0 over `FADE_S` (at most the block) and stay at 1."""
    gains = np.ones(block_frames, np.float32)
    frames = min(block_frames, round(FADE_S * sample_rate_hz))
    # A raised cosine has no corners, so it adds no click of its own.
    gains[:frames] = 0.5 - 0.5 * np.cos(np.pi * np.arange(frames) / frames)
    return gains
