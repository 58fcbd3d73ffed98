"""What MIDI 1.0 can say, as far as an instrument listens.

Channels are counted from 1, as players do. Numbers are as they come on the wire: 0..127, bend and
song position 0..16383.
"""

from typing import Literal, NamedTuple


class NoteOn(NamedTuple):
    """A key went down; `velocity` is 1..127."""

    channel: int
    note: int
    velocity: int


class NoteOff(NamedTuple):
    """A key went up. A note-on of velocity 0 is one too, with the velocity 64 of the standard."""

    channel: int
    note: int
    velocity: int


class KeyPressure(NamedTuple):
    """One held key is pressed harder or softer."""

    channel: int
    note: int
    value: int


class Control(NamedTuple):
    """A control change (CC); numbers from 120 on are orders to the whole channel."""

    channel: int
    number: int
    value: int


class Program(NamedTuple):
    """A program change; `number` is 0..127."""

    channel: int
    number: int


class Pressure(NamedTuple):
    """All held keys of a channel are pressed harder or softer."""

    channel: int
    value: int


class Bend(NamedTuple):
    """The pitch wheel, 0..16383; 8192 is its centre."""

    channel: int
    value: int


class SongPosition(NamedTuple):
    """Where the song is to go on, in sixteenths from its beginning."""

    sixteenths: int


class System(NamedTuple):
    """A message of one byte that may stand anywhere, even within another."""

    kind: Literal["clock", "start", "continue", "stop", "sensing", "reset"]


Message = (
    NoteOn | NoteOff | KeyPressure | Control | Program | Pressure | Bend | SongPosition | System
)
