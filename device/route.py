"""Where sound comes from and goes to: what was asked for, weighed with the cards that are there."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from device.errors import AudioError, ConfigError

NONE = "none"
DEMONSTRATION = "demonstration"


class CardSeen(Protocol):
    """A card as `device.audio.cards` lists it."""

    @property
    def name(self) -> str: ...
    @property
    def captures(self) -> bool: ...
    @property
    def plays(self) -> bool: ...


@dataclass(frozen=True)
class Route:
    """`card` is a card's name or "none". `input` is "card", "silence", "demonstration" or a path.

    `notes` are sentences for the player: what was chosen for them, and why.
    """

    card: str
    input: str
    output: Path | None
    notes: tuple[str, ...] = ()


def choose_route(
    *,
    input: str | None,
    output: Path | None,
    card: str | None,
    preferred: Sequence[str],
    there: Sequence[CardSeen],
    listens: bool,
) -> Route:
    """Choose, where `listens` says whether the instrument has an input at all.

    A card plays what it hears: files go in and out only without one.

    Raises:
        ConfigError: if what was asked for contradicts itself.
        AudioError: if the card's input is asked for and there is none.
    """
    files = output is not None or input not in (None, "card")
    if files and card not in (None, NONE):
        raise ConfigError(
            "a card plays what it hears. Give --card alone, or --input and --output without it"
        )
    if card is not None and card != NONE:
        return Route(card, "card", None)
    notes: list[str] = []
    if card is None and not files:
        card, note = _best(preferred, there, listens)
        notes += [note] if note else []
        if card != NONE:
            return Route(card, "card", None, tuple(notes))
    if input == "card":
        raise AudioError("there is no sound card to listen to. Give --input FILE.wav or silence")
    if input is None:
        input = DEMONSTRATION if listens else "silence"
        if listens:
            notes.append("Nothing to listen to: a plucked string plays into the instrument.")
    if output is None and _NOWHERE not in notes:
        notes.append("The sound goes nowhere, in real time. Keep it with --output FILE.wav.")
    return Route(NONE, input, output, tuple(notes))


_NOWHERE = (
    "No sound card found: the sound goes nowhere, in real time. Keep it with --output FILE.wav."
)


def _best(
    preferred: Sequence[str], there: Sequence[CardSeen], listens: bool
) -> tuple[str, str | None]:
    """The best card for an instrument, or "none"; and what to say about it."""
    playing = [card for card in there if card.plays]
    able = [card.name for card in playing if card.captures or not listens]
    if not playing:
        return NONE, _NOWHERE
    if not able:
        names = " nor ".join(card.name for card in playing)
        return NONE, f"This instrument listens, and {names} cannot: it has no input."
    chosen = next((name for name in preferred if name in able), able[0])
    if preferred and chosen not in preferred:
        return chosen, f"None of the cards {', '.join(preferred)} is there: playing on {chosen}."
    return chosen, None
