"""The parser: hand-worked streams, any split of any stream, and bytes that make no sense."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.control.midi.message import (
    Bend,
    Control,
    KeyPressure,
    NoteOff,
    NoteOn,
    Pressure,
    Program,
    SongPosition,
    System,
)
from device.control.midi.parse import Parser

CLOCK = System("clock")
DATA = st.integers(0, 127)
CHANNEL = st.integers(1, 16)
SPOKEN = st.one_of(
    st.builds(NoteOn, CHANNEL, DATA, st.integers(1, 127)),
    st.builds(NoteOff, CHANNEL, DATA, DATA),
    st.builds(KeyPressure, CHANNEL, DATA, DATA),
    st.builds(Control, CHANNEL, DATA, DATA),
    st.builds(Program, CHANNEL, DATA),
    st.builds(Pressure, CHANNEL, DATA),
    st.builds(Bend, CHANNEL, st.integers(0, 16383)),
    st.builds(SongPosition, st.integers(0, 16383)),
)
STATUS = {
    NoteOff: 0x80,
    NoteOn: 0x90,
    KeyPressure: 0xA0,
    Control: 0xB0,
    Program: 0xC0,
    Pressure: 0xD0,
    Bend: 0xE0,
}


def as_sent(messages, running):
    """What a sender puts on the wire; `running`: a status that stays is left out."""
    out, last = [], None
    for message in messages:
        if isinstance(message, SongPosition):
            out += [0xF2, message.sixteenths & 127, message.sixteenths >> 7]
            last = None
            continue
        status = STATUS[type(message)] + message.channel - 1
        if not running or status != last:
            out.append(status)
        last = status
        if isinstance(message, Bend):
            out += [message.value & 127, message.value >> 7]
        else:
            out += list(message[1:])
    return bytes(out)


@pytest.mark.parametrize(
    ("sent", "messages"),
    [
        ("90 3C 64 3E 64", [NoteOn(1, 60, 100), NoteOn(1, 62, 100)]),
        ("90 3C 64 3C 00", [NoteOn(1, 60, 100), NoteOff(1, 60, 64)]),
        ("90 3C F8 64", [CLOCK, NoteOn(1, 60, 100)]),
        ("BF 4A 7F", [Control(16, 74, 127)]),
        ("C0 05 06", [Program(1, 5), Program(1, 6)]),
        ("E0 00 40", [Bend(1, 8192)]),
        ("F2 08 01", [SongPosition(136)]),
        ("FA F8 FC FB FE FF", [System(k) for k in
                               ("start", "clock", "stop", "continue", "sensing", "reset")]),
        # Running status ends with a common message, and survives a real-time one.
        ("B0 07 01 F6 07 02", [Control(1, 7, 1)]),
        ("B0 07 01 FE 07 02", [Control(1, 7, 1), System("sensing"), Control(1, 7, 2)]),
        # System exclusive is skipped, with a clock in it, and ended by any status.
        ("F0 7E 7F F8 06 01 F7 B0 01 02", [CLOCK, Control(1, 1, 2)]),
        ("F0 01 02 03 90 3C 64", [NoteOn(1, 60, 100)]),
        # Cut short, then a new status; data for nothing; undefined; time code and song select.
        ("90 3C B0 01 02", [Control(1, 1, 2)]),
        ("3C 64 F4 01 02 F9 FD F7 05", []),
        ("F1 23 F3 05 B0 01 02", [Control(1, 1, 2)]),
        ("F1 23 24", []),
    ],
)  # fmt: skip
def test_streams_worked_by_hand(sent, messages):
    assert Parser().feed(bytes.fromhex(sent)) == messages


@given(st.lists(SPOKEN, max_size=30), st.booleans(), st.lists(st.integers(0, 10_000), max_size=20))
def test_what_is_sent_is_heard_with_clocks_anywhere_between(messages, running, clocks):
    wire = bytearray(as_sent(messages, running))
    for at in clocks:
        wire.insert(at % (len(wire) + 1), 0xF8)
    heard = Parser().feed(bytes(wire))
    assert [message for message in heard if message != CLOCK] == messages
    assert heard.count(CLOCK) == len(clocks)


STREAM = st.lists(
    st.one_of(
        st.binary(max_size=6),
        SPOKEN.map(lambda message: as_sent([message], False)),
        st.sampled_from([b"\xf0", b"\xf7", b"\xf8", b"\xff", b"\x90\x3c"]),
    ),
    max_size=40,
).map(b"".join)


@given(STREAM, st.lists(st.integers(0, 400), max_size=20))
def test_any_split_of_any_stream_is_heard_the_same(stream, cuts):
    whole = Parser()
    messages = whole.feed(stream)
    pieces, parser = [], Parser()
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    for start, end in pairwise(edges):
        pieces += parser.feed(stream[start:end])
    assert pieces == messages
    assert parser.dropped == whole.dropped


@given(st.binary(max_size=500))
def test_any_bytes_give_numbers_in_range_and_leave_the_parser_well(stream):
    parser = Parser()
    for message in parser.feed(stream):
        numbers = [number for number in message if isinstance(number, int)]
        assert all(0 <= number <= 16383 for number in numbers)
        assert 1 <= getattr(message, "channel", 1) <= 16
    assert parser.feed(b"\xb2\x4a\x01") == [Control(3, 74, 1)]


def test_a_system_exclusive_message_without_end_takes_no_memory():
    parser = Parser()
    before = len(vars(parser))
    assert parser.feed(b"\xf0" + b"\x55" * 200_000) == []
    assert (len(vars(parser)), parser.dropped) == (before, 0)
    assert parser.feed(b"\xf7\xb0\x01\x02") == [Control(1, 1, 2)]
