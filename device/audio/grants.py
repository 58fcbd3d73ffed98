"""What a card grants: opening one direction of it with nothing taken on trust.

pyalsaaudio ignores it when a card refuses a rate, a format or a number of channels, and opens what
it got. So everything is asked back after opening, and what does not serve is an error that lists
what would be granted.
"""

import contextlib
import re
from dataclasses import dataclass
from typing import Literal

import alsaaudio

from device.audio.cards import device_of, list_cards
from device.audio.pcm import FORMATS
from device.errors import AudioError

Direction = Literal["capture", "playback"]


@dataclass(frozen=True)
class Granted:
    """One direction of a card, open and non-blocking, and what it granted."""

    pcm: "alsaaudio.PCM"
    format_name: str
    channels: int
    sample_rate_hz: int
    period_frames: int
    buffer_frames: int


@dataclass(frozen=True)
class Grants:
    """All that one direction of a card can be asked for."""

    rates_hz: tuple[tuple[int, int], ...]
    """Ranges from lowest to highest; a single rate is a range of one."""
    formats: tuple[str, ...]
    channels: tuple[int, ...]
    period_frames: tuple[int, int]
    """The shortest and the longest period, in frames."""

    def rates(self) -> str:
        """The rates, in words."""
        ranges = (f"{low}" if low == high else f"{low} to {high}" for low, high in self.rates_hz)
        return f"{', '.join(ranges)} Hz"

    def __str__(self) -> str:
        return (
            f"{self.rates()}; {', '.join(self.formats)}; "
            f"{', '.join(map(str, self.channels))} channels; "
            f"periods of {self.period_frames[0]} to {self.period_frames[1]} frames"
        )


def grants(card: str, direction: Direction = "playback") -> Grants:
    """Ask a card what it grants. It is opened for a moment, so it must not be in use.

    Raises:
        AudioError: if there is no such card, it is busy, or cannot go in this direction.
    """
    pcm = _open(card, direction, period_frames=1)
    try:
        shortest = pcm.info()["period_size"]
        rates, formats, channels = _rates_of(pcm), tuple(pcm.getformats()), pcm.getchannels()
    finally:
        let_go(pcm)
    pcm = _open(card, direction, period_frames=1 << 20, periods=2)
    longest = pcm.info()["period_size"]
    let_go(pcm)
    return Grants(rates, formats, tuple(channels), (shortest, longest))


def nearest_rate(asked_hz: int, *sides: Grants) -> int:
    """The rate that all `sides` of a card grant: the asked one, else the next higher, else lower.

    Raises:
        AudioError: if there is no rate that all of them grant.
    """
    ranges = sides[0].rates_hz
    for side in sides[1:]:
        pairs = ((max(a, c), min(b, d)) for a, b in ranges for c, d in side.rates_hz)
        ranges = tuple((low, high) for low, high in pairs if low <= high)
    if not ranges:
        each = " and ".join(side.rates() for side in sides)
        raise AudioError(f"the card has no rate for both directions, only {each}")
    nearest = [min(max(asked_hz, low), high) for low, high in ranges]
    higher = [rate for rate in nearest if rate >= asked_hz]
    return min(higher) if higher else max(nearest)


def open_card(
    card: str,
    direction: Direction,
    *,
    sample_rate_hz: int,
    channels: int,
    period_frames: int,
    buffer_frames: int,
) -> Granted:
    """Open a card for reads or writes that never block, in the best of `FORMATS` that it has.

    Any number of channels is taken (they are mapped), and any period; a buffer may be larger.

    Raises:
        AudioError: if there is no such card, it is busy, cannot go in this direction, or grants
            another rate, no format that Ondine speaks or too small a buffer.
    """
    asked = {"rate": sample_rate_hz, "channels": channels}
    asked |= {"period_frames": period_frames, "periods": -(-buffer_frames // period_frames)}
    best = next(iter(FORMATS))
    pcm = _open(card, direction, format_name=best, **asked)
    if pcm.info()["format_name"] != best:
        there = pcm.getformats()
        best = next((name for name in FORMATS if name in there), "")
        let_go(pcm)
        if not best:
            raise AudioError(
                f"{card} cannot be used for {direction}: it speaks {', '.join(there)}, and Ondine "
                f"{', '.join(FORMATS)}. Try plughw:CARD={card}, which converts."
            )
        pcm = _open(card, direction, format_name=best, **asked)
    period = pcm.info()["period_size"]
    if period < period_frames and pcm.info()["buffer_size"] < buffer_frames:
        # As many periods as were asked, but of shorter ones: ask for the same time.
        asked |= {"period_frames": period, "periods": -(-buffer_frames // period)}
        let_go(pcm)
        pcm = _open(card, direction, format_name=best, **asked)
    info = pcm.info()
    granted = Granted(
        pcm,
        info["format_name"],
        info["channels"],
        info["rate"],
        info["period_size"],
        info["buffer_size"],
    )
    if problem := _problem(granted, sample_rate_hz, buffer_frames):
        let_go(pcm)
        raise AudioError(f"{card} cannot be used for {direction}: {problem}")
    return granted


def _open(
    card: str,
    direction: Direction,
    *,
    format_name: str = "S16_LE",
    rate: int = 48_000,
    channels: int = 2,
    period_frames: int,
    periods: int = 4,
) -> "alsaaudio.PCM":
    try:
        return alsaaudio.PCM(
            alsaaudio.PCM_CAPTURE if direction == "capture" else alsaaudio.PCM_PLAYBACK,
            alsaaudio.PCM_NONBLOCK,
            device=device_of(card),
            rate=rate,
            channels=channels,
            format=getattr(alsaaudio, f"PCM_FORMAT_{format_name}"),
            periodsize=period_frames,
            periods=periods,
        )
    except alsaaudio.ALSAAudioError as error:
        raise AudioError(_refusal(card, direction, str(error))) from None


def let_go(pcm: "alsaaudio.PCM") -> None:
    """Close it without a sound: closing alone would have it start to play out nothing."""
    with contextlib.suppress(alsaaudio.ALSAAudioError):
        pcm.drop()
    pcm.close()


def _rates_of(pcm: "alsaaudio.PCM") -> tuple[tuple[int, int], ...]:
    """pyalsaaudio tells a single rate as a number, a range as a pair and others as a list."""
    rates = pcm.getrates()
    if isinstance(rates, tuple):
        return ((rates[0], rates[1]),)
    return tuple((rate, rate) for rate in (rates if isinstance(rates, list) else [rates]))


def _problem(granted: Granted, wanted_hz: int, wanted_frames: int) -> str:
    if granted.sample_rate_hz != wanted_hz:
        there = Grants(_rates_of(granted.pcm), (), (), (0, 0)).rates()
        return (
            f"{wanted_hz} Hz was asked and {granted.sample_rate_hz} Hz granted. It grants {there}. "
            "Choose another card, or a model of that rate."
        )
    if granted.buffer_frames < wanted_frames:
        return (
            f"{wanted_frames} frames of buffer were asked and {granted.buffer_frames} granted. "
            "Choose a smaller headroom."
        )
    return ""


def _refusal(card: str, direction: str, error: str) -> str:
    reason = re.sub(r" \[.*\]$", "", error)
    cards = list_cards()
    if reason.startswith("No such") and card not in {c.name for c in cards}:
        there = ", ".join(c.name for c in cards) or "none at all"
        return f"there is no sound card {card}; there are: {there}. Is it plugged in?"
    if "busy" in reason:
        return f"{card} is in use by another program; end it, or choose another card"
    return f"{card} cannot be opened for {direction}: {reason}"
