"""MIDI end to end: real pseudo-terminals on a real loop, plugged and unplugged, in storms."""

import asyncio
import contextlib
import gc
import os
from functools import partial
from random import Random

import pytest

from device.control.midi.settings import MidiProfile
from device.control.midi.source import MAX_PORTS, MidiSource
from tests.device.control.midi.loops import TimedLoop
from tests.device.control.midi.wire import Plug, control, note_off, note_on, program

BOUND_S = 10.0
"""Generous; what is waited for takes milliseconds."""


class Stage:
    """A source on `root`, everything it said, and a way to wait for any of it."""

    def __init__(self, root, **settings):
        self.root = root
        self.signals, self.calls, self.said = [], [], []
        self._moved = asyncio.Event()
        self.source = MidiSource(
            MidiProfile(**settings),
            scene=lambda number: self._note(self.calls, number),
            panic=lambda why: self._note(self.calls, why),
            say=lambda text: self._note(self.said, text),
            root=root,
            look_s=0.01,
        )

    def _note(self, where, what):
        where.append(what)
        self._moved.set()

    def hear(self, signals):
        self.signals += signals
        self._moved.set()

    @property
    def values(self):
        return {signal.name: signal.value for signal in self.signals}

    async def until(self, true):
        async with asyncio.timeout(BOUND_S):
            while not true():
                self._moved.clear()
                await self._moved.wait()

    @contextlib.asynccontextmanager
    async def on(self):
        self.source.start(asyncio.get_running_loop(), self.hear)
        try:
            yield self
        finally:
            self.source.close()
            self.source.close()


def play(stage, scene):
    """Returns how long the longest callback of the loop took, in seconds."""

    async def main():
        async with stage.on():
            await scene()

    with asyncio.Runner(loop_factory=TimedLoop) as runner:
        runner.run(main())
        return runner.get_loop().worst_s


def test_what_is_played_is_heard(tmp_path):
    plug, stage = Plug(tmp_path, 1, "Keys"), Stage(tmp_path)

    async def scene():
        assert stage.source.ports == ["Keys"]
        plug.send(note_on(60, 127) + control(74, 127)[:2])
        await stage.until(lambda: "midi/gate" in stage.values)
        assert "midi/cc/74" not in stage.values
        plug.send(control(74, 127)[2:] + program(9) + control(120, 0))
        await stage.until(lambda: len(stage.calls) == 2 and stage.values["midi/gate"] == 0.0)
        assert stage.calls == ["all sound off", 9]
        assert stage.values["midi/cc/74"] == 1.0

    play(stage, scene)
    assert stage.said == ["MIDI: Keys is here."]


def test_signals_carry_the_loops_time(tmp_path):
    plug, stage = Plug(tmp_path, 1, "Keys"), Stage(tmp_path)

    async def scene():
        loop = asyncio.get_running_loop()
        before_s = loop.time()
        plug.send(control(1, 64))
        await stage.until(lambda: stage.signals)
        assert before_s <= stage.signals[0].when_s <= loop.time()

    play(stage, scene)


def test_a_port_that_vanishes_lets_go_of_its_keys_and_is_taken_back_under_another_number(tmp_path):
    plug, stage = Plug(tmp_path, 1, "Keys"), Stage(tmp_path)

    async def scene():
        plug.send(note_on(60))
        await stage.until(lambda: stage.values.get("midi/gate") == 1.0)
        plug.pull()
        await stage.until(lambda: stage.values["midi/gate"] == 0.0)
        assert stage.source.ports == []
        again = Plug(tmp_path, 4, "Keys")
        await stage.until(lambda: stage.said.count("MIDI: Keys is here.") == 2)
        again.send(control(74, 127))
        await stage.until(lambda: stage.values.get("midi/cc/74") == 1.0)

    play(stage, scene)
    assert stage.said == [
        "MIDI: Keys is here.",
        "MIDI: Keys is gone; it is taken back when it returns.",
        "MIDI: Keys is here.",
    ]


@pytest.mark.slow
def test_ports_come_and_go_a_hundred_times_and_no_descriptor_is_left(tmp_path):
    stage = Stage(tmp_path)
    before = len(os.listdir("/proc/self/fd"))

    async def scene():
        for i in range(100):
            plugs = [Plug(tmp_path, card, f"Keys{card}") for card in range(3)]
            await stage.until(lambda: len(stage.source.ports) == 3)
            plugs[i % 3].send(note_on(60) + b"\xf8\xf0\x01")
            for plug in plugs:
                plug.pull()
            await stage.until(lambda: not stage.source.ports)

    play(stage, scene)
    assert len(os.listdir("/proc/self/fd")) == before


def test_several_play_together_and_one_hears_only_those_that_are_wanted(tmp_path):
    keys, drums = Plug(tmp_path, 1, "Keys"), Plug(tmp_path, 2, "Drums")
    os.mkfifo(tmp_path / "fifo")
    stage = Stage(tmp_path, ports=("Drums", str(tmp_path / "fifo"), "Pads"))

    async def scene():
        assert stage.said[-1] == "MIDI: Pads is not here; it is taken when it comes."
        keys.send(control(1, 1))
        drums.send(control(2, 127))
        (tmp_path / "fifo").write_bytes(control(3, 127))
        await stage.until(lambda: len(stage.values) == 2)
        pads = Plug(tmp_path, 3, "Pads")
        pads.send(control(4, 127))
        await stage.until(lambda: len(stage.values) == 3)

    play(stage, scene)
    assert set(stage.values) == {"midi/cc/2", "midi/cc/3", "midi/cc/4"}


def test_what_cannot_be_opened_is_said_once_and_tried_again(tmp_path):
    stage = Stage(tmp_path, ports=("all", str(tmp_path / "song.mid")))
    (tmp_path / "song.mid").write_bytes(b"MThd")

    async def scene():
        plug = Plug(tmp_path, 1, "Keys")
        await stage.until(lambda: stage.source.ports)
        plug.send(control(1, 1))  # some looks later
        await stage.until(lambda: stage.signals)
        (tmp_path / "song.mid").unlink()
        os.mkfifo(tmp_path / "song.mid")
        await stage.until(lambda: len(stage.source.ports) == 2)

    play(stage, scene)
    assert len([said for said in stage.said if "is no MIDI port" in said]) == 1


def test_only_so_many_ports_are_open_at_once(tmp_path):
    plugs = [Plug(tmp_path, card, f"Keys{card}") for card in range(MAX_PORTS + 2)]
    stage = Stage(tmp_path)

    async def scene():
        assert len(stage.source.ports) == MAX_PORTS
        plugs[5].pull()
        plugs[6].pull()
        await stage.until(lambda: stage.said.count("MIDI: Keys17 is here.") == 1)
        await stage.until(lambda: len(stage.source.ports) == MAX_PORTS)

    play(stage, scene)
    assert len([said for said in stage.said if "has to wait" in said]) == 2


def test_a_cable_pulled_from_a_sensing_port_lets_go_of_its_keys(tmp_path):
    plug, stage = Plug(tmp_path, 1, "Keys"), Stage(tmp_path)

    async def scene():
        plug.send(b"\xfe" + note_on(60))
        await stage.until(lambda: stage.values.get("midi/gate") == 1.0)
        await stage.until(lambda: stage.values["midi/gate"] == 0.0)
        assert stage.source.ports == ["Keys"]

    play(stage, scene)


def test_a_clock_becomes_a_beat_that_ends_with_the_song(tmp_path):
    plug, stage = Plug(tmp_path, 1, "Keys"), Stage(tmp_path)

    async def scene():
        plug.send(b"\xfa\xf8")
        await stage.until(lambda: [s.name for s in stage.signals].count("midi/beat") > 3)
        plug.send(b"\xfc" + control(1, 1))
        await stage.until(lambda: "midi/cc/1" in stage.values)
        assert not stage.source.clock.running

    play(stage, scene)
    assert all(0.0 <= s.value < 1.0 for s in stage.signals if s.name == "midi/beat")


def test_a_fault_of_the_hearer_does_not_end_the_listening(tmp_path):
    plug, stage = Plug(tmp_path, 1, "Keys"), Stage(tmp_path)
    faults = []

    async def scene():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: faults.append(context["exception"]))
        hear = stage.hear

        def hears(signals):
            hear(signals)
            raise ZeroDivisionError

        stage.source.close()
        stage.source.start(loop, hears)
        for i in range(5):
            plug.send(control(i + 1, 127))
            await stage.until(lambda i=i: f"midi/cc/{i + 1}" in stage.values)

    play(stage, scene)
    assert len(faults) == 5


async def flood(stage, plugs, storm):
    sent = dict.fromkeys(plugs, 0)
    while left := [plug for plug in plugs if sent[plug] < len(storm)]:
        for plug in left:
            sent[plug] += plug.send(storm[sent[plug] : sent[plug] + 900])
        await asyncio.sleep(0)
    await stage.until(lambda: "midi/16/bend" in stage.values)


def test_nine_ports_as_fast_as_they_take_it_keep_no_handler_for_five_milliseconds(tmp_path):
    random = Random(1)
    storm = bytearray(random.randbytes(500) + control(1, 1))
    for _ in range(3000):
        storm += control(random.randrange(120), random.randrange(128), random.randint(1, 16))
    storm += b"\xef\x00\x00"
    plugs = [Plug(tmp_path, card, f"Keys{card}") for card in range(9)]
    worst_s = []
    for _ in ("first", "second"):  # on a shared machine one may be held up for long
        stage = Stage(tmp_path, by_channel=True)
        gc.freeze()  # what the test suite holds is no part of the box
        worst_s.append(play(stage, partial(flood, stage, plugs, storm)))
        gc.unfreeze()
        assert len(stage.signals) < 9 * 3000  # of a storm, the last values
        if worst_s[-1] < 0.005:
            break
    assert min(worst_s) < 0.005


@pytest.mark.parametrize("sent", [b"\xb0\x4a\x01\x4b\x02", b"\xc0\x01", b"\xb0\x78\x00"])
def test_a_burst_costs_one_turn_and_the_last_of_it_counts(tmp_path, sent):
    plug, stage = Plug(tmp_path, 1, "Keys"), Stage(tmp_path)
    end = control(99, 127)

    async def scene():
        plug.send(sent * 300)
        await stage.until(lambda: len(stage.signals) + len(stage.calls) > 0)
        await stage.until(lambda: plug.send(end) == len(end))
        await stage.until(lambda: "midi/cc/99" in stage.values)

    play(stage, scene)
    # Some hundred messages at a time are one handing-on.
    assert len(stage.signals) + len(stage.calls) < 40


def test_a_key_struck_again_reaches_the_hearer_as_two_edges(tmp_path):
    plug, stage = Plug(tmp_path, 1, "Keys"), Stage(tmp_path)

    async def scene():
        plug.send(note_on(60))
        await stage.until(lambda: stage.signals)
        stage.signals.clear()
        plug.send(note_off(60) + note_on(60))
        await stage.until(lambda: len(stage.signals) > 3)

    play(stage, scene)
    assert [s.value for s in stage.signals if s.name == "midi/gate"] == [0.0, 1.0]
