"""The ladder: what plays, best first, and where the sound goes when something fails."""

import enum


class Rung(enum.IntEnum):
    """One step of the ladder; higher numbers are further down."""

    MODEL = 0
    """The bundle that was asked for."""
    LAST = 1
    """The one that played before it, which was good."""
    DEFAULT = 2
    """The instrument that is built in."""
    DRY = 3
    """What is heard, unchanged, as late as the model would have been."""
    MUTE = 4
    """Silence."""

    @property
    def sentence(self) -> str:
        """What a player is told."""
        return _SENTENCES[self]


_SENTENCES = {
    Rung.MODEL: "the instrument plays",
    Rung.LAST: "the last good instrument plays instead",
    Rung.DEFAULT: "the built-in instrument plays instead",
    Rung.DRY: "the input is passed through",
    Rung.MUTE: "muted",
}
