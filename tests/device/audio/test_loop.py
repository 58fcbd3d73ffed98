"""The loop: orders, counts, and no growth."""

import gc
import resource
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from device.audio.clock import VirtualClock
from device.audio.dry import Dry
from device.audio.file import FileStream
from device.audio.loop import run
from device.audio.orders import Orders
from device.audio.sink import Memory, Nowhere, Sink
from device.audio.sound import Sound, tone
from device.params import FIXED, ParamTable, default_values
from device.status import Status

RATE, BLOCK = 48_000, 256


def make_stream(sound: Sound, sink: Sink, clock: VirtualClock) -> FileStream:
    """A mono file stream with one block of headroom."""
    return FileStream(
        sound,
        sink,
        clock,
        sample_rate_hz=RATE,
        block_frames=BLOCK,
        headroom_frames=BLOCK,
        channels_out=1,
    )


class Conducted(Dry):
    """A dry engine that calls `score` with the number of every block, and notes what it is fed."""

    def __init__(self, score: "Score") -> None:
        super().__init__(RATE, BLOCK)
        self.score, self.block, self.resets = score, 0, 0
        self.params = default_values()

    def process(self, audio_in: np.ndarray, audio_out: np.ndarray, params: np.ndarray) -> None:
        super().process(audio_in, audio_out, params)
        np.copyto(self.params, params)
        self.score.at(self.block)
        self.block += 1

    def reset(self) -> None:
        super().reset()
        self.resets += 1


class Score:
    """What happens at which block."""

    def __init__(self) -> None:
        self.events: dict[int, list] = {}

    def at(self, block: int) -> None:
        for event in self.events.get(block, ()):
            event()


def test_stop_fades_out_over_one_more_block(tmp_path: Path) -> None:
    clock, orders, score, sink = VirtualClock(), Orders(), Score(), Memory(1, 10_000)
    score.events[5] = [lambda: setattr(orders, "stop", True)]
    stream = make_stream(Sound(np.full((1, 4096), 0.5, np.float32), endless=True), sink, clock)
    status = Status(tmp_path / "status", create=True)
    params = ParamTable(tmp_path / "params", create=True)
    run(stream, Conducted(score), params, status, clock, orders)
    assert status["blocks"] == 7
    played = sink.audio[0, 2 * BLOCK :]
    assert (played[: 6 * BLOCK] == 0.5).all()
    last = played[6 * BLOCK :]
    assert len(last) == BLOCK
    assert last[-1] == 0.0
    assert np.abs(np.diff(last)).max() < 0.01


def test_reset_is_obeyed_once(tmp_path: Path) -> None:
    clock, orders, score = VirtualClock(), Orders(), Score()
    score.events[3] = [lambda: setattr(orders, "reset", True)]
    engine = Conducted(score)
    stream = make_stream(Sound(np.zeros((1, 10 * BLOCK), np.float32)), Nowhere(), clock)
    status = Status(tmp_path / "status", create=True)
    run(stream, engine, ParamTable(tmp_path / "params", create=True), status, clock, orders)
    assert engine.resets == 1
    assert not orders.reset


def test_a_change_of_parameters_is_in_the_next_block(tmp_path: Path) -> None:
    clock, score = VirtualClock(), Score()
    params = ParamTable(tmp_path / "params", create=True)
    slot = FIXED["dry_wet"].slot
    seen: list[float] = []
    engine = Conducted(score)
    note = lambda: seen.append(float(engine.params[slot]))  # noqa: E731
    score.events = {2: [note, lambda: params.write({slot: 0.25})], 3: [note]}
    stream = make_stream(Sound(np.zeros((1, 5 * BLOCK), np.float32)), Nowhere(), clock)
    run(stream, engine, params, Status(tmp_path / "status", create=True), clock, Orders())
    assert seen == [1.0, 0.25]


def test_the_status_tells_what_was_played(tmp_path: Path) -> None:
    clock = VirtualClock(50.0)
    status = Status(tmp_path / "status", create=True)
    status["started_s"] = 49.5
    sound = np.zeros((1, 4 * BLOCK), np.float32)
    sound[0, -1] = -0.75
    run(
        make_stream(Sound(sound), Nowhere(), clock),
        Dry(RATE, BLOCK, delay_frames=7),
        ParamTable(tmp_path / "params", create=True),
        status,
        clock,
        Orders(),
    )
    assert status["sample_rate_hz"] == RATE
    assert status["block_frames"] == status["headroom_frames"] == BLOCK
    assert status["delay_frames"] == 7
    assert status["blocks"] == 4
    assert status["peak_in"] == 0.75
    assert status["peak_out"] == 0.0
    assert status["first_block_s"] == pytest.approx(0.5 + BLOCK / RATE)
    assert status.histogram.sum() == 4


@pytest.mark.slow
def test_twenty_thousand_blocks_leave_nothing_behind(tmp_path: Path) -> None:
    clock, orders, score = VirtualClock(), Orders(), Score()
    counts: dict[int, tuple[int, int, int]] = {}

    def count(block: int) -> None:
        gc.collect()
        peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        counts[block] = (len(gc.get_objects()), sys.getallocatedblocks(), peak_kib)

    for block in (1_000, 20_999):
        score.events[block] = [lambda block=block: count(block)]
    score.events[21_000] = [lambda: setattr(orders, "stop", True)]
    stream = make_stream(tone(1, RATE), Nowhere(), clock)
    status = Status(tmp_path / "status", create=True)
    params = ParamTable(tmp_path / "params", create=True)
    run(stream, Conducted(score), params, status, clock, orders)
    assert status["blocks"] == 21_002
    (objects, blocks, kib), (objects_then, blocks_then, kib_then) = counts.values()
    assert objects_then - objects < 20
    assert blocks_then - blocks < 100
    assert kib_then - kib < 1024


def test_a_block_allocates_no_array(tmp_path: Path) -> None:
    clock, orders, score = VirtualClock(), Orders(), Score()
    held: list[int] = []
    peaks: list[int] = []

    def begin() -> None:
        tracemalloc.start()

    def settle() -> None:
        held.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.reset_peak()

    def end() -> None:
        now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        held.append(now)
        peaks.append(peak)
        orders.stop = True

    score.events = {10: [begin], 20: [settle], 500: [end]}
    stream = make_stream(tone(1, RATE), Nowhere(), clock)
    status = Status(tmp_path / "status", create=True)
    params = ParamTable(tmp_path / "params", create=True)
    run(stream, Conducted(score), params, status, clock, orders)
    first, last = held
    assert last - first < 2_000, "what 480 blocks left behind, in bytes"
    # A float and a view or two may come and go; an array of one block (1 KiB) may not.
    assert peaks[0] - first < 3_000
