"""From one port's messages to signals, scenes and panic.

    control 74       midi/cc/74                  0..1; with `by_channel`, midi/2/cc/74
    note             midi/note midi/velocity     note / 127, velocity / 127
                     midi/gate                   1 while a key is held, 0 when none is
                     midi/pitch                  (note + bend in semitones) / 127
    chords           midi/voice/1/pitch …/level  four of them, see `device.mapping.voices`
    bend             midi/bend                   0.5 is the centre
    key or channel pressure   midi/pressure      that of the note that sounds
    program          → scene(number), 0..127
    120, 123, reset  → panic(why), and every key is let go

A control stays a signal whatever the standard calls it: 7 is no more volume than 74, until it is
routed there. Only 64, the sustain pedal, also keeps notes.
"""

from collections.abc import Sequence

from device.control.midi.gathered import Gathered
from device.control.midi.message import (
    Bend,
    Control,
    KeyPressure,
    Message,
    NoteOff,
    NoteOn,
    Pressure,
    Program,
    System,
)
from device.control.midi.rare import Rare
from device.control.midi.settings import ControlKind, MidiProfile
from device.control.midi.voice import Voice
from device.control.signal import Signal
from device.mapping.voices import Voices

VOICES = 4
"""As many keys as a chord is played with by instruments that have voices."""
SUSTAIN = 64
FINE = 32
"""A control's fine half is the control so many numbers higher."""
_SOUND_OFF, _RESET_CONTROLS, _NOTES_OFF = 120, 121, 123
_PANIC = {_SOUND_OFF: "all sound off", _NOTES_OFF: "all notes off"}


def steps_of(kind: ControlKind, value: int) -> int:
    """The steps that an endless encoder tells with 0..127; positive is clockwise.

    The three ways controllers have: two's complement, sign and size, and offset from 64.
    """
    if kind == "twos":
        return value - 128 if value >= 64 else value
    if kind == "sign":
        return 64 - value if value >= 64 else value
    return value - 64


def bend_of(value: int) -> float:
    """0..1 for 0..16383: both ends are reached, and 8192 is exactly 0.5."""
    return value / 16384 if value < 8192 else 0.5 + (value - 8192) / (2 * 8191)


class Translator:
    """What one port has said so far: keys held, halves of controls, encoders' places.

    Signals go to `gathered`, programs to `scene`, panic with its reason to `panic`.
    """

    def __init__(
        self, profile: MidiProfile, gathered: Gathered, scene: Rare[int], panic: Rare[str]
    ) -> None:
        self._profile = profile
        self._gathered, self._scene, self._panic = gathered, scene, panic
        self._kinds = {control.number: control.kind for control in profile.controls}
        self._wide = {n for n, kind in self._kinds.items() if kind == "wide"}
        self._coarse: dict[str, int] = {}
        self._fine_known: set[str] = set()
        self._places: dict[str, float] = {}
        self._voices: dict[str, Voice] = {}
        self._keyboards: dict[str, Voices] = {}
        self._notes: dict[str, int] = {}
        self._bends: dict[str, float] = {}

    def take(self, message: Message, when_s: float) -> None:
        """Use one message; those that mean nothing here are passed over. Never raises."""
        if isinstance(message, System):
            if message.kind == "reset":
                self._silence_all(when_s)
                self._ask_panic("reset", "reset")
            return
        channel = getattr(message, "channel", 0)
        if not channel or self._profile.channel not in (0, channel):
            return
        within = f"midi/{channel}/" if self._profile.by_channel else "midi/"
        if isinstance(message, Control):
            self._control(within, message.number, message.value, when_s)
        elif isinstance(message, NoteOn):
            voice = self._voice(within)
            if message.note in voice:
                self._gathered.put_gate(within + "gate", False, when_s)
            voice.on(message.note, message.velocity)
            self._sound(within, when_s)
            self._chord(self._chords(within).on(message.note, message.velocity, when_s))
        elif isinstance(message, NoteOff):
            self._voice(within).off(message.note)
            self._sound(within, when_s)
            self._chord(self._chords(within).off(message.note, when_s))
        elif isinstance(message, Bend):
            self._bend(within, message.value, when_s)
        elif isinstance(message, Pressure):
            self._gathered.put(within + "pressure", message.value / 127, when_s)
        elif isinstance(message, KeyPressure):
            sounding = self._voice(within).sounding
            if sounding and sounding[0] == message.note:
                self._gathered.put(within + "pressure", message.value / 127, when_s)
        elif isinstance(message, Program):
            self._scene.ask(message.number)

    def silence(self, when_s: float) -> None:
        """The port is gone: every key it held is let go of."""
        self._silence_all(when_s)

    def _control(self, within: str, number: int, value: int, when_s: float) -> None:
        if number >= _SOUND_OFF:
            self._order(within, number, when_s)
            return
        if number - FINE in self._wide:
            self._fine(f"{within}cc/{number - FINE}", value, when_s)
            return
        name = f"{within}cc/{number}"
        if number in self._wide:
            self._coarse[name] = value
            # The standard: a new coarse half makes the fine half 0. A sender that has no fine
            # half must reach 1 all the same.
            known = name in self._fine_known
            place = (value << 7) / 16383 if known else value / 127
        elif kind := self._kinds.get(number):
            place = self._places.get(name, 0.5) + steps_of(kind, value) / 127
            place = self._places[name] = min(max(place, 0.0), 1.0)
        else:
            place = value / 127
        self._gathered.put(name, place, when_s)
        if number == SUSTAIN:
            self._voice(within).pedal(value >= 64)
            self._sound(within, when_s)
            self._chord(self._chords(within).pedal(value >= 64, when_s))

    def _fine(self, name: str, value: int, when_s: float) -> None:
        if (coarse := self._coarse.get(name)) is not None:
            self._fine_known.add(name)
            self._gathered.put(name, (coarse << 7 | value) / 16383, when_s)

    def _order(self, within: str, number: int, when_s: float) -> None:
        if number == _RESET_CONTROLS:
            self._bend(within, 8192, when_s)
            self._gathered.put(within + "pressure", 0.0, when_s)
            self._voice(within).pedal(False)
            self._sound(within, when_s)
            self._chord(self._chords(within).pedal(False, when_s))
        elif number == _SOUND_OFF or number >= _NOTES_OFF:
            self._voice(within).silence()
            self._sound(within, when_s)
            self._chord(self._chords(within).silence(when_s))
            if why := _PANIC.get(number):
                self._ask_panic(str(number), why)

    def _ask_panic(self, word: str, why: str) -> None:
        if word in self._profile.panic:
            self._panic.ask(why)

    def _silence_all(self, when_s: float) -> None:
        for within, voice in self._voices.items():
            if voice.open:
                voice.silence()
                self._sound(within, when_s)
            voice.pedal(False)
        for chords in self._keyboards.values():
            self._chord(chords.silence(when_s))

    def _chords(self, within: str) -> Voices:
        if within not in self._keyboards:
            self._keyboards[within] = Voices(VOICES, prefix=within)
        return self._keyboards[within]

    def _chord(self, signals: Sequence[Signal]) -> None:
        for signal in signals:
            self._gathered.put(*signal)

    def _voice(self, within: str) -> Voice:
        return self._voices.setdefault(within, Voice())

    def _sound(self, within: str, when_s: float) -> None:
        """Tell what sounds now. Without a key the note stays: it may still fade."""
        voice = self._voice(within)
        if sounding := voice.sounding:
            note, velocity = sounding
            self._notes[within] = note
            self._gathered.put(within + "note", note / 127, when_s)
            self._gathered.put(within + "velocity", velocity / 127, when_s)
            self._pitch(within, when_s)
        if within in self._notes:
            self._gathered.put_gate(within + "gate", voice.open, when_s)

    def _bend(self, within: str, value: int, when_s: float) -> None:
        self._bends[within] = bend_of(value)
        semitones = self._profile.bend_semitones * (2.0 * self._bends[within] - 1.0)
        self._chord(self._chords(within).bend(semitones, when_s))
        self._gathered.put(within + "bend", self._bends[within], when_s)
        if within in self._notes:
            self._pitch(within, when_s)

    def _pitch(self, within: str, when_s: float) -> None:
        semitones = self._profile.bend_semitones * (2.0 * self._bends.get(within, 0.5) - 1.0)
        pitch = (self._notes[within] + semitones) / 127
        self._gathered.put(within + "pitch", min(max(pitch, 0.0), 1.0), when_s)
