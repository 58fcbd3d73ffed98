"""What a player can choose about MIDI: `[midi]` in a box's profile."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ControlKind = Literal["wide", "twos", "sign", "offset"]
"""How a control that is not a plain 0..127 tells its value.

wide: 14 bits, the fine ones as the control 32 higher; 0..31 only.
twos, sign, offset: an endless encoder that tells steps: 127 is -1; 65 is -1; 63 is -1.
"""


@dataclass(frozen=True)
class ControlProfile:
    """One control change that is not a plain 0..127."""

    number: int
    kind: ControlKind


@dataclass(frozen=True)
class MidiProfile:
    """Which ports are listened to, and how what they say is understood."""

    ports: tuple[str, ...] = ("all",)
    """"all", the names of cards as /proc/asound/cards has them, or paths: of a raw MIDI device, a
    serial port, a FIFO. Empty: no MIDI."""
    channel: int = 0
    """The one channel that is heard, 1..16; 0: all."""
    by_channel: bool = False
    """Whether signals carry their channel: midi/2/cc/74 in the place of midi/cc/74."""
    bend_semitones: float = 2.0
    """How far the wheel bends midi/pitch, each way."""
    panic: tuple[str, ...] = ("120", "123", "reset")
    """What is panic: controls 120 (all sound off), 123 (all notes off), and system reset. Leave 123
    out if your sequencer sends it whenever it stops."""
    controls: tuple[ControlProfile, ...] = ()


MIDI_RANGES: Mapping[str, tuple[float, float]] = {
    "midi.channel": (0, 16),
    "midi.bend_semitones": (0, 96),
    "midi.controls.number": (0, 119),
}
PANICS = ("120", "123", "reset")


def midi_problems(profile: MidiProfile) -> list[str]:
    """What is wrong with a profile beyond its types and ranges, a sentence each."""
    problems = []
    if unknown := [word for word in profile.panic if word not in PANICS]:
        problems.append(f"midi.panic has {unknown[0]!r}; it may have {', '.join(PANICS)}")
    numbers = [control.number for control in profile.controls]
    problems += [
        f"midi.controls has {number} twice; leave one"
        for number in sorted({n for n in numbers if numbers.count(n) > 1})
    ]
    wide = [control.number for control in profile.controls if control.kind == "wide"]
    problems += [
        f"midi.controls has {number} as wide; only 0..31 have a fine half"
        for number in wide
        if number > 31
    ]
    if clash := sorted({number + 32 for number in wide} & set(numbers)):
        problems.append(
            f"midi.controls has {clash[0]}, which is the fine half of {clash[0] - 32}; leave one"
        )
    return problems
