"""What is told of MIDI, with a real source on pseudo-terminals."""

import asyncio

from device.control.midi.settings import MidiProfile
from device.control.midi.source import MidiSource
from device.hands.midi_answers import MidiState
from device.play.acts import Acts
from tests.device.control.midi.wire import Plug


def told(state):
    return asyncio.run(Acts(state.acts()).do("midi/list"))


def source_on(root):
    return MidiSource(
        MidiProfile(), scene=print, panic=print, say=lambda text: None, root=root, look_s=60.0
    )


def test_midi_that_is_off_is_told():
    state = MidiState(None, lambda: 0.0)
    assert told(state) == "MIDI is off: the profile's [midi] names no ports."
    assert state.answers() == [("/ondine/midi/on", [0])]


def test_without_a_port_and_a_clock(tmp_path):
    state = MidiState(source_on(tmp_path), lambda: 0.0)
    assert told(state) == "MIDI: no port is here; plug one in. No clock."
    assert dict(state.answers())["/ondine/midi/tempo"] == [0.0]


def test_ports_by_their_names_which_cannot_steer_a_terminal(tmp_path):
    names = ("Keys", "Kn\x1b[2Job", "x" * 500)
    plugs = [Plug(tmp_path, card, name) for card, name in enumerate(names, 1)]
    source = source_on(tmp_path)
    state = MidiState(source, lambda: 0.0)

    async def scene():
        source.start(asyncio.get_running_loop(), lambda signals: None)
        try:
            return state.told(), state.answers()
        finally:
            source.close()

    sentence, answers = asyncio.run(scene())
    assert ("/ondine/midi/ports", [len(plugs)]) in answers
    ports = [arguments[0] for address, arguments in answers if address == "/ondine/midi/port"]
    assert "Keys" in ports
    assert "Keys" in sentence
    assert all(port.isprintable() and len(port) <= 64 for port in ports)
    assert sentence.isprintable()


def test_the_clock_that_is_followed(tmp_path):
    source = source_on(tmp_path)
    ticks = 49
    for tick in range(ticks):
        source.clock.tick(tick * 60 / (24 * 120))
    last_s = (ticks - 1) * 60 / (24 * 120)
    state = MidiState(source, lambda: last_s)
    assert (
        told(state) == "MIDI: no port is here; plug one in. The clock runs, 120.0 beats per minute."
    )
    answers = dict(state.answers())
    assert round(answers["/ondine/midi/tempo"][0], 6) == 120.0
    assert answers["/ondine/midi/running"] == [1]
    assert answers["/ondine/midi/beats"] == [2.0]
    late = MidiState(source, lambda: last_s + 1.0)
    assert "The clock stands" in told(late)
    assert dict(late.answers())["/ondine/midi/running"] == [0]
