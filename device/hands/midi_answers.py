"""How MIDI is going: the ports that are open, and the clock that is followed."""

from collections.abc import Callable

from device.control.midi.source import MidiSource
from device.control.osc_reply import Answer
from device.hands.acts import PORTS
from device.play.acts import ActSpec, Do
from device.words import printable


class MidiState:
    """Of `source`, None where MIDI is switched off; `clock` is that of the control loop, in s."""

    def __init__(self, source: MidiSource | None, clock: Callable[[], float]) -> None:
        self._source, self._clock = source, clock

    def acts(self) -> dict[ActSpec, Do]:
        """What a player can have done."""
        return {PORTS: self.told}

    def told(self) -> str:
        """The ports and the tempo in words."""
        if self._source is None:
            return "MIDI is off: the profile's [midi] names no ports."
        ports = ", ".join(_named(self._source)) or "no port is here; plug one in"
        tempo = self._source.clock.tempo_bpm
        if tempo is None:
            return f"MIDI: {ports}. No clock."
        runs = "runs" if self._source.clock.alive(self._clock()) else "stands"
        return f"MIDI: {ports}. The clock {runs}, {tempo:.1f} beats per minute."

    def answers(self) -> list[Answer]:
        """For `/ondine/midi`: each `port` and how many; of the clock `tempo` (bpm, 0 if it is not
        known), `running` (1 or 0), and where the song is, in `beats`."""
        if self._source is None:
            return [("/ondine/midi/on", [0])]
        clock, ports = self._source.clock, _named(self._source)
        return [
            ("/ondine/midi/on", [1]),
            ("/ondine/midi/ports", [len(ports)]),
            *(("/ondine/midi/port", [name]) for name in ports),
            ("/ondine/midi/tempo", [clock.tempo_bpm or 0.0]),
            ("/ondine/midi/running", [int(clock.alive(self._clock()))]),
            ("/ondine/midi/beats", [clock.beats]),
        ]


def _named(source: MidiSource) -> list[str]:
    """The ports; their names come from what was plugged in."""
    return [printable(name)[:64] for name in source.ports]
