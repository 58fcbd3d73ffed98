"""Where sound comes from and goes to: what was asked for, weighed with the cards that are there.

A list of preferred cards says them in order, by name or by kind: `["Box", "usb", "hat"]` is the
card Box if it is there, else any USB card, else a HAT. "any" is whatever there is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from device.errors import AudioError, ConfigError

NONE = "none"
DEMONSTRATION = "demonstration"
ANY = "any"
KINDS = ("usb", "hat", "onboard", "hdmi")
"""The kinds of cards, in the order in which they are likely to be meant."""


class CardSeen(Protocol):
    """A card as `device.audio.cards` lists it."""

    @property
    def name(self) -> str: ...
    @property
    def captures(self) -> bool: ...
    @property
    def plays(self) -> bool: ...
    @property
    def kind(self) -> str: ...


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
        card, note = best_card(preferred, there, listens)
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


def best_card(
    preferred: Sequence[str], there: Sequence[CardSeen], listens: bool
) -> tuple[str, str]:
    """The name of the best card that is there for an instrument, or "none"; and what to say of it.

    `preferred` holds names and kinds, best first. `listens` says whether an input is needed.
    """
    playing = [card for card in there if card.plays]
    able = [card for card in playing if card.captures or not listens]
    if not playing:
        return NONE, _NOWHERE
    if not able:
        names = " nor ".join(card.name for card in playing)
        return NONE, f"This instrument listens, and {names} cannot: it has no input."
    able.sort(key=lambda card: KINDS.index(card.kind))
    for wish in preferred:
        # A card may be called as a kind is; then it is meant.
        named = [card for card in able if card.name == wish]
        if chosen := named or [card for card in able if wish in (card.kind, ANY)]:
            return chosen[0].name, ""
    chosen_name = able[0].name
    if preferred:
        wishes = ", ".join(preferred)
        return chosen_name, f"None of the cards {wishes} is there: playing on {chosen_name}."
    return chosen_name, ""


def choose_card(preferred: Sequence[str], there: Sequence[CardSeen], listens: bool) -> str:
    """The name of the card to play on now, for whoever waits until there is one.

    Raises:
        AudioError: if none that is there will do.
    """
    name, note = best_card(preferred, there, listens)
    if name != NONE:
        return name
    if note != _NOWHERE:
        raise AudioError(note)
    wishes = f" (it is to be {', else '.join(preferred)})" if preferred else ""
    raise AudioError(f"There is no sound card{wishes}. Plug it in.")
