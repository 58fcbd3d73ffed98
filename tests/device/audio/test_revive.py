"""A stream that outlives its card, on streams that fail by plan and a clock that is pushed."""

import numpy as np
import pytest

from device.audio.clock import VirtualClock
from device.audio.file import FileStream
from device.audio.revive import LONGEST_WAIT_S, Revive
from device.audio.sink import Nowhere
from device.audio.sound import Sound
from device.audio.stream import Flow, Stream
from device.errors import AudioError

BLOCK = 480


class Failing(FileStream):
    """A stream from silence to nowhere that fails after so many blocks."""

    def __init__(self, clock: VirtualClock, blocks: int, rate_hz: int = 48_000) -> None:
        silence = Sound(np.zeros((1, rate_hz), np.float32), endless=True)
        super().__init__(
            silence,
            Nowhere(),
            clock,
            sample_rate_hz=rate_hz,
            block_frames=BLOCK,
            headroom_frames=BLOCK,
            channels_out=2,
        )
        self.card = "Box"
        self.blocks = blocks
        self.closed = False

    def read(self, into: np.ndarray) -> Flow:
        self.blocks -= 1
        if self.blocks < 0:
            raise AudioError("Box stopped working.")
        return super().read(into)

    def close(self) -> None:
        self.closed = True
        super().close()


class Bench:
    """A plan of what opening the card gives, and what is heard of it all."""

    def __init__(self, *plan: Failing | str, patient: bool = False) -> None:
        self.plan = list(plan)
        self.clock = VirtualClock(1000.0)
        self.said: list[str] = []
        self.tries: list[float] = []
        self.alive: list[float] = []
        self.stop_s = float("inf")
        self.stirs_s: tuple[float, ...] = ()
        self.patient = patient

    def stream(self) -> Revive:
        return Revive(
            self.open,
            self.clock,
            say=self.said.append,
            alive=lambda: self.alive.append(self.clock.now()),
            stopping=lambda: self.clock.now() >= self.stop_s,
            stirs=lambda: sum(self.clock.now() >= stirred_s for stirred_s in self.stirs_s),
            patient=self.patient,
        )

    def open(self) -> Stream:
        self.tries.append(self.clock.now())
        step = self.plan.pop(0) if self.plan else "there is no sound card Box."
        if isinstance(step, str):
            raise AudioError(step)
        step._clock = self.clock  # The bench's time is theirs.
        return step


def flows(stream: Revive, count: int) -> list[Flow]:
    block = np.zeros((1, BLOCK), np.float32)
    return [stream.read(block) for _ in range(count)]


def plays(blocks: int = 1000, rate_hz: int = 48_000) -> Failing:
    return Failing(VirtualClock(), blocks, rate_hz)


def test_a_lost_card_is_one_long_read_and_a_reason() -> None:
    bench = Bench(lost := plays(2), "there is no sound card Box.", plays())
    stream = bench.stream()
    stream.start()
    assert flows(stream, 3)[:2] == [Flow.OK, Flow.OK]
    assert lost.closed
    assert stream.cards_lost == 1
    assert bench.said == [
        "Box stopped working. Looking for it.",
        "there is no sound card Box. Looking on.",
        "",
    ]
    assert bench.tries[1] - bench.tries[0] < 0.05  # At once.
    assert flows(stream, 5) == [Flow.OK] * 5
    assert stream.card == "Box"


def test_it_is_looked_for_for_ever_and_at_most_a_second_apart() -> None:
    bench = Bench(plays(1), *["there is no sound card Box."] * 3600, plays())
    stream = bench.stream()
    stream.start()
    flows(stream, 2)
    waits = np.diff(bench.tries[1:])
    assert waits.max() <= LONGEST_WAIT_S + 0.06
    assert waits[-1] >= LONGEST_WAIT_S
    assert len(bench.tries) == 3602
    assert np.diff(bench.alive).max() <= 0.35, "the heart beats meanwhile"
    assert bench.said[-1] == ""


def test_when_something_stirs_among_the_cards_the_next_try_is_at_once() -> None:
    bench = Bench(plays(1), *["there is no sound card Box."] * 12, plays())
    bench.stirs_s = (1007.3, 1007.4)
    stream = bench.stream()
    stream.start()
    flows(stream, 2)
    for stirred_s in bench.stirs_s:
        assert any(0.0 <= tried_s - stirred_s <= 0.06 for tried_s in bench.tries)
    rested_s = np.diff([tried_s for tried_s in bench.tries if tried_s > 1007.5])
    assert (rested_s >= LONGEST_WAIT_S).all(), "and then it rests as before"


def test_a_card_that_fails_before_it_plays_is_not_back() -> None:
    bench = Bench(plays(1), *[plays(0) for _ in range(20)], plays())
    stream = bench.stream()
    stream.start()
    flows(stream, 2)
    assert stream.cards_lost == 1
    assert np.diff(bench.tries[1:]).max() >= LONGEST_WAIT_S, "it is not tried without rest"
    assert bench.said == ["Box stopped working. Looking for it.", ""]


def test_told_to_stop_the_search_ends() -> None:
    bench = Bench(plays(1))
    stream = bench.stream()
    stream.start()
    flows(stream, 1)
    bench.stop_s = bench.clock.now() + 30.0
    assert flows(stream, 1) == [Flow.END]
    assert bench.clock.now() < bench.stop_s + 0.1
    assert stream.left_s() == 0.0
    assert stream.write(np.zeros((2, BLOCK), np.float32)) is Flow.GAP
    stream.close()
    stream.close()


def test_a_card_of_another_rate_is_not_the_one_that_was_lost() -> None:
    bench = Bench(plays(1), other := plays(rate_hz=44_100), plays())
    stream = bench.stream()
    stream.start()
    flows(stream, 2)
    assert other.closed
    assert "Box grants 44100 Hz, and 48000 are played." in bench.said[1]
    assert bench.said[-1] == ""


def test_at_the_start_the_patient_wait_and_the_others_do_not() -> None:
    with pytest.raises(AudioError, match="no sound card Box"):
        Bench().stream()
    bench = Bench("there is no sound card Box.", plays(), patient=True)
    stream = bench.stream()
    stream.start()
    assert flows(stream, 1) == [Flow.OK]
    assert bench.said == ["there is no sound card Box. Looking on.", ""]
    assert stream.cards_lost == 0
    bench = Bench(patient=True)
    bench.stop_s = bench.clock.now() + 5.0
    with pytest.raises(AudioError, match="told to stop before a sound card came"):
        bench.stream()


def test_xruns_of_all_cards_are_counted() -> None:
    late = plays(2)
    bench = Bench(late, plays())
    stream = bench.stream()
    stream.start()
    block = np.zeros((2, BLOCK), np.float32)
    flows(stream, 1)
    bench.clock.advance(1.0)
    assert stream.write(block) is Flow.GAP
    flows(stream, 2)
    assert stream.xruns == 1
    assert stream.write(block) is Flow.OK
    assert stream.xruns == 1
