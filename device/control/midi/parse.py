"""A streaming MIDI 1.0 parser: bytes in pieces of any size, messages out.

It follows the standard's own flow chart for receivers ("Receiver using Running Status"):

    F8…FF  real time    handed on at once, and changes nothing, wherever it stands
    F0…F7  common       ends running status; F0 skips data to the next status byte
    80…EF  channel      becomes the running status
    00…7F  data         of the running status; without one it is dropped

    90 3C F8 64   3E 64        →   clock, note 60 on, note 62 on (running status)

Nothing is kept but one status and one data byte, so a system exclusive message of any length, even
one that never ends, costs no memory. Time code, song select and tune request are skipped.
"""

from collections.abc import Callable

from device.control.midi.message import (
    Bend,
    Control,
    KeyPressure,
    Message,
    NoteOff,
    NoteOn,
    Pressure,
    Program,
    SongPosition,
    System,
)

_REAL_TIME: dict[int, Message] = {
    0xF8: System("clock"),
    0xFA: System("start"),
    0xFB: System("continue"),
    0xFC: System("stop"),
    0xFE: System("sensing"),
    0xFF: System("reset"),
}
"""F9 and FD are undefined and mean nothing."""

_COMMON_DATA = {0xF1: 1, 0xF2: 2, 0xF3: 1}
"""Data bytes of the common messages that have any; their status does not run on."""


def _note_on(channel: int, note: int, velocity: int) -> Message:
    return NoteOn(channel, note, velocity) if velocity else NoteOff(channel, note, 64)


_BUILD: dict[int, Callable[[int, int, int], Message]] = {
    0x80: NoteOff,
    0x90: _note_on,
    0xA0: KeyPressure,
    0xB0: Control,
    0xC0: lambda channel, first, _: Program(channel, first),
    0xD0: lambda channel, first, _: Pressure(channel, first),
    0xE0: lambda channel, low, high: Bend(channel, low | high << 7),
}


class Parser:
    """One stream's state. `dropped` counts data bytes that belonged to nothing."""

    def __init__(self) -> None:
        self._status = 0
        self._needs = 0
        self._first = -1
        self.dropped = 0

    def feed(self, data: bytes) -> list[Message]:
        """The messages that are complete with `data`, in the order they ended. Never raises."""
        messages: list[Message] = []
        for byte in data:
            if byte >= 0xF8:
                if message := _REAL_TIME.get(byte):
                    messages.append(message)
            elif byte >= 0x80:
                self._begin(byte)
            elif not self._needs:
                self.dropped += self._status != 0xF0
            elif self._needs == 2 and self._first < 0:
                self._first = byte
            else:
                self._end(byte, messages)
        return messages

    def _begin(self, status: int) -> None:
        self._status, self._first = status, -1
        if status >= 0xF0:
            self._needs = _COMMON_DATA.get(status, 0)
        else:
            self._needs = 1 if 0xC0 <= status < 0xE0 else 2

    def _end(self, byte: int, messages: list[Message]) -> None:
        first, second = (self._first, byte) if self._needs == 2 else (byte, 0)
        self._first = -1
        if self._status < 0xF0:
            build = _BUILD[self._status & 0xF0]
            messages.append(build(1 + (self._status & 0x0F), first, second))
            return
        if self._status == 0xF2:
            messages.append(SongPosition(first | second << 7))
        self._status = self._needs = 0
