"""One voice of one channel: which of the held keys sounds. The last one struck does.

    keys     C↓        E↓        E↑        C↑
    sounds   C ─────── E ─────── C ───────
    gate     ▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▁▁▁

A held sustain pedal keeps keys that were let go. An instrument here has one voice, as the models
do; chords come as their last note.
"""


class Voice:
    """Keys 0..127 with the velocity they were struck with, in the order they were struck."""

    def __init__(self) -> None:
        self._held: dict[int, int] = {}
        self._let_go: set[int] = set()
        self._pedal = False

    def __contains__(self, note: int) -> bool:
        """Whether a key is held."""
        return note in self._held

    @property
    def open(self) -> bool:
        """Whether any key is held, by a finger or by the pedal."""
        return bool(self._held)

    @property
    def sounding(self) -> tuple[int, int] | None:
        """Note and velocity of the last key struck of those held."""
        return next(reversed(self._held.items()), None)

    def on(self, note: int, velocity: int) -> None:
        """A key goes down; one that is down already is struck anew."""
        self._held.pop(note, None)
        self._let_go.discard(note)
        self._held[note] = velocity

    def off(self, note: int) -> None:
        """A key goes up."""
        if self._pedal and note in self._held:
            self._let_go.add(note)
        else:
            self._held.pop(note, None)

    def pedal(self, down: bool) -> None:
        """The sustain pedal moves; lifted, it lets go of what only it held."""
        self._pedal = down
        if not down:
            for note in self._let_go:
                self._held.pop(note, None)
            self._let_go.clear()

    def silence(self) -> None:
        """Let go of every key."""
        self._held.clear()
        self._let_go.clear()
