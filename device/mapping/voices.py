"""Chords on an instrument with a few voices: which key sounds on which voice.

    keys     C↓   E↓   G↓        B↓ (voices 1, 2 and 3 are taken, 3 of 3)
    voice 1  C ─────────────────── B: the key held longest gives way
    voice 2       E ────────────────
    voice 3            G ───────────      B↑: C, still held, comes back

A free voice is the one that was let go of longest ago, so the others may fade out, and a key struck
again sounds on another voice than its own last note. A key that is down already and is struck again
keeps its voice. Keys that only the sustain pedal holds give way first, and do not come back.

Nothing here knows the time: acts say when they happen, and answer with what has changed, as signals
0..1 that are routed like any other:

    midi/voice/1/pitch   (note + bend in semitones) / 127, as midi/pitch
    midi/voice/1/level   0: let go; else from `soft` to `loud` by how hard the key was struck

A voice takes one value a block: a key struck and let go within one block (5 ms) is not heard.
"""

from collections.abc import Container
from dataclasses import dataclass

from device.control.signal import Signal
from device.errors import ControlError
from device.mapping.routes import Route

MOST_VOICES = 16


def voices_of(specs: Container[str]) -> int:
    """How many voices an instrument has: note_1 and level_1, note_2 and level_2 …; 0 if none."""
    count = 0
    while count < MOST_VOICES and all(f"{what}_{count + 1}" in specs for what in ("note", "level")):
        count += 1
    return count


def voice_routes(specs: Container[str], prefix: str = "midi/") -> tuple[Route, ...]:
    """What brings keys to an instrument's voices; nothing if it has none."""
    return tuple(
        Route(f"{prefix}voice/{n}/{signal}", f"{parameter}_{n}")
        for n in range(1, voices_of(specs) + 1)
        for signal, parameter in (("pitch", "note"), ("level", "level"))
    )


@dataclass(frozen=True)
class _Key:
    note: int
    velocity: int


class Voices:
    """The keys of one keyboard on `count` voices.

    `soft` and `loud` are the levels of the weakest and of the hardest stroke, 0..1: of a parameter
    from -80 to 0 dBFS the defaults are -40 and -16.
    """

    def __init__(
        self, count: int, *, prefix: str = "midi/", soft: float = 0.5, loud: float = 0.8
    ) -> None:
        """Raises ControlError if there are no voices or more than 16, or levels are not in 0..1."""
        if not 1 <= count <= MOST_VOICES:
            raise ControlError(f"{count} voices were asked for; 1 to {MOST_VOICES} can be played")
        if not 0.0 < soft <= loud <= 1.0:
            raise ControlError(
                f"levels from {soft} to {loud} were asked for; both lie in 0..1, the softest above "
                "0 and not above the loudest"
            )
        self._prefix, self._soft, self._loud = prefix, soft, loud
        self._sounding: dict[int, _Key] = {}
        """What sounds by voice, in the order of the strokes."""
        self._free = list(range(1, count + 1))
        """The voice that was let go of longest ago comes first."""
        self._waiting: list[_Key] = []
        """Keys that are held and have lost their voice, the latest last."""
        self._kept: set[int] = set()
        """Notes that only the pedal holds."""
        self._pedal = False
        self._semitones = 0.0
        self._pitches: dict[int, int] = {}
        """The last note of every voice that has sounded: it may still fade."""

    @property
    def sounding(self) -> dict[int, int]:
        """The note of every voice that is held, by voice."""
        return {voice: key.note for voice, key in sorted(self._sounding.items())}

    def on(self, note: int, velocity: int, when_s: float) -> list[Signal]:
        """A key goes down: note 0..127, velocity 1..127; velocity 0 lets it go, as MIDI says."""
        if velocity <= 0:
            return self.off(note, when_s)
        key = _Key(note, velocity)
        self._waiting = [each for each in self._waiting if each.note != note]
        self._kept.discard(note)
        voice = self._voice_of(note)
        if voice is not None:
            del self._sounding[voice]
        elif self._free:
            voice = self._free.pop(0)
        else:
            voice = self._steal()
        return self._sound(voice, key, when_s)

    def off(self, note: int, when_s: float) -> list[Signal]:
        """A key goes up. One that was not down is no matter."""
        self._waiting = [each for each in self._waiting if each.note != note]
        voice = self._voice_of(note)
        if voice is None:
            return []
        if self._pedal:
            self._kept.add(note)
            return []
        return self._let_go(voice, when_s)

    def pedal(self, down: bool, when_s: float) -> list[Signal]:
        """The sustain pedal moves; lifted, it lets go of what only it held."""
        self._pedal = down
        if down:
            return []
        kept, self._kept = self._kept, set()
        voices = [voice for voice, key in self._sounding.items() if key.note in kept]
        return [signal for voice in voices for signal in self._let_go(voice, when_s)]

    def bend(self, semitones: float, when_s: float) -> list[Signal]:
        """The wheel moves: all voices go along, those that fade as well."""
        if semitones == self._semitones:
            return []
        self._semitones = semitones
        return [self._pitch(voice, when_s) for voice in sorted(self._pitches)]

    def silence(self, when_s: float) -> list[Signal]:
        """Let go of every key: all notes off, or the cable is out."""
        self._waiting.clear()
        self._kept.clear()
        self._pedal = False
        held = list(self._sounding)
        return [signal for voice in held for signal in self._let_go(voice, when_s)]

    def _voice_of(self, note: int) -> int | None:
        return next((v for v, key in self._sounding.items() if key.note == note), None)

    def _steal(self) -> int:
        """The voice that gives way; its key comes back later if a finger holds it."""
        kept = [v for v, key in self._sounding.items() if key.note in self._kept]
        voice = kept[0] if kept else next(iter(self._sounding))
        key = self._sounding.pop(voice)
        if key.note in self._kept:
            self._kept.discard(key.note)
        else:
            self._waiting.append(key)
        return voice

    def _sound(self, voice: int, key: _Key, when_s: float) -> list[Signal]:
        self._sounding[voice] = key
        self._pitches[voice] = key.note
        level = self._soft + (self._loud - self._soft) * (min(key.velocity, 127) - 1) / 126
        return [self._pitch(voice, when_s), self._signal(voice, "level", level, when_s)]

    def _let_go(self, voice: int, when_s: float) -> list[Signal]:
        del self._sounding[voice]
        if self._waiting:
            return self._sound(voice, self._waiting.pop(), when_s)
        self._free.append(voice)
        return [self._signal(voice, "level", 0.0, when_s)]

    def _pitch(self, voice: int, when_s: float) -> Signal:
        pitch = (self._pitches[voice] + self._semitones) / 127
        return self._signal(voice, "pitch", min(max(pitch, 0.0), 1.0), when_s)

    def _signal(self, voice: int, what: str, value: float, when_s: float) -> Signal:
        return Signal(f"{self._prefix}voice/{voice}/{what}", value, when_s)
