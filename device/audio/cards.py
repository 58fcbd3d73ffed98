"""Sound cards by name: finding them, and opening one direction of one with nothing taken on trust.

pyalsaaudio ignores it when a card refuses a rate, a format or a number of channels, and opens what
it got. So everything is asked back after opening, and what does not serve is an error that says
what was granted.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import alsaaudio

from device.audio.pcm import FORMATS
from device.errors import AudioError

Direction = Literal["capture", "playback"]


@dataclass(frozen=True)
class Card:
    """A card of this machine: ALSA's short name, a readable one, and what it can do."""

    name: str
    title: str
    captures: bool
    plays: bool


def list_cards() -> list[Card]:
    """Every sound card that the kernel knows, in its order."""
    cards = []
    for index in alsaaudio.card_indexes():
        _, title = alsaaudio.card_name(index)
        home = Path(f"/proc/asound/card{index}")
        try:
            name = (home / "id").read_text().strip()
        except OSError:
            continue  # It was unplugged this instant.
        captures = any(home.glob("pcm*c"))
        cards.append(Card(name, title, captures, any(home.glob("pcm*p"))))
    return cards


def device_of(card: str) -> str:
    """ALSA's device for a card: `hw:` by name, for nothing may resample or mix behind our back.

    A name that is no card's is taken to be an ALSA device already, such as `plughw:CARD=Box`.
    """
    return f"hw:CARD={card}" if card in {c.name for c in list_cards()} else card


@dataclass(frozen=True)
class Granted:
    """One direction of a card, open, and what it granted."""

    pcm: "alsaaudio.PCM"
    format_name: str
    channels: int
    period_frames: int
    buffer_frames: int


def open_card(
    card: str,
    direction: Direction,
    *,
    sample_rate_hz: int,
    channels: int,
    period_frames: int,
    buffer_frames: int,
) -> Granted:
    """Open a card for blocking reads or writes, in the best format of `FORMATS` that it has.

    Any number of channels is taken (they are mapped), and any period; a buffer may be larger.

    Raises:
        AudioError: if there is no such card, it is busy, cannot go in this direction, or grants
            another rate, no format that Ondine speaks or too small a buffer.
    """
    device = device_of(card)
    kind = alsaaudio.PCM_CAPTURE if direction == "capture" else alsaaudio.PCM_PLAYBACK
    for format_name in FORMATS:
        try:
            pcm = alsaaudio.PCM(
                kind,
                alsaaudio.PCM_NORMAL,
                device=device,
                rate=sample_rate_hz,
                channels=channels,
                format=getattr(alsaaudio, f"PCM_FORMAT_{format_name}"),
                periodsize=period_frames,
                periods=-(-buffer_frames // period_frames),
            )
        except alsaaudio.ALSAAudioError as error:
            raise AudioError(_refusal(card, direction, str(error))) from None
        info = pcm.info()
        granted = Granted(
            pcm, info["format_name"], info["channels"], info["period_size"], info["buffer_size"]
        )
        if problem := _problem(granted, info["rate"], sample_rate_hz, buffer_frames):
            pcm.close()
            raise AudioError(f"{card} cannot be used for {direction}: {problem}")
        if granted.format_name in FORMATS:
            return granted
        pcm.close()
    raise AudioError(
        f"{card} cannot be used for {direction}: it speaks {granted.format_name}, and Ondine "
        f"{', '.join(FORMATS)}. Try plughw:CARD={card}, which converts."
    )


def _problem(granted: Granted, rate_hz: int, wanted_hz: int, wanted_frames: int) -> str:
    if rate_hz != wanted_hz:
        return (
            f"{wanted_hz} Hz was asked and {rate_hz} Hz granted. "
            "Choose another card, or a model of that rate."
        )
    if granted.buffer_frames < wanted_frames:
        return (
            f"{wanted_frames} frames of buffer were asked and {granted.buffer_frames} granted. "
            "Choose a smaller headroom."
        )
    return ""


def _refusal(card: str, direction: Direction, error: str) -> str:
    reason = re.sub(r" \[.*\]$", "", error)
    cards = list_cards()
    if reason.startswith("No such") and card not in {c.name for c in cards}:
        there = ", ".join(c.name for c in cards) or "none at all"
        return f"there is no sound card {card}; there are: {there}. Is it plugged in?"
    if "busy" in reason:
        return f"{card} is in use by another program; end it, or choose another card"
    return f"{card} cannot be opened for {direction}: {reason}"
