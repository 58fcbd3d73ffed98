"""The audio loop: read, copy parameters, process, write, count.

Nothing on its normal path allocates, locks, logs, opens or raises. A step that is late is covered
by the watch, a second thread (`watch.py`), and the loop comes back fading in:

    on time   … | out k-1 | out k | out k+1 | …
    late      … | out k-1 | tail ╲|_________|╱ out m | …      latency unchanged

Where there is no watch, or the whole machine stood still, the queue runs empty: the card falls
silent, the stream comes back to exactly block + headroom, and the sound fades in as well.
"""

import numpy as np

from device.audio.clock import Clock
from device.audio.orders import Orders
from device.audio.player import Player
from device.audio.stream import Flow, Stream
from device.audio.tally import Tally
from device.audio.tape import Tape
from device.audio.watch import Watch
from device.params import ParamTable, default_values
from device.status import Status

FADE_S = 0.005


def run(
    stream: Stream,
    engine: Player,
    params: ParamTable,
    status: Status,
    clock: Clock,
    orders: Orders,
    watch: Watch | None = None,
    tape: Tape | None = None,
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
    playing, returning = True, False

    stream.start()
    while playing:
        flow = stream.read(audio_in)
        if flow is Flow.END:
            break
        began_s = clock.now()
        playing = not orders.stop
        if watch is not None:
            watch.open()
        if orders.reset:
            orders.reset = False
            engine.reset()
        params.read_into(values)
        engine.process(audio_in, audio_out, values)
        in_time = watch is None or watch.shut()
        ended_s = clock.now()
        if tape is not None and flow is Flow.GAP:
            tape.cut()
        if in_time:
            if flow is Flow.GAP or returning:
                np.multiply(audio_out, rise, out=audio_out)
            if not playing:
                np.multiply(audio_out, fall, out=audio_out)
            in_time = stream.write(audio_out) is Flow.OK
            returning = False
            if tape is not None:
                tape.put(audio_out, began_s)
            if watch is not None:
                watch.played(audio_out)
        elif watch is not None:
            watch.give_back()
            returning = True
        orders.late = not in_time
        tally.count(began_s, ended_s, in_time)


def fade_in(block_frames: int, sample_rate_hz: int) -> np.ndarray:
    """Gains [block_frames] that rise from 0 over `FADE_S` (at most the block) and stay at 1."""
    gains = np.ones(block_frames, np.float32)
    frames = min(block_frames, round(FADE_S * sample_rate_hz))
    # A raised cosine has no corners, so it adds no click of its own.
    gains[:frames] = 0.5 - 0.5 * np.cos(np.pi * np.arange(frames) / frames)
    return gains
