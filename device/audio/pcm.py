"""Sound as cards want it: interleaved frames of whole numbers. Only here, and nowhere else.

Every buffer is made beforehand and every operation writes into one, so that converting a block
allocates no array.

Rules. Full scale ±1.0 is ±2^(bits-1). Values beyond the largest code are clipped to it, never
wrapped; floats are clipped to ±1. Rounding is to nearest. There is no dither: at 24 bits it is
below every converter's noise, and at 16 bits the model's own noise does its work. NaN has no code:
the engine lets none out.

A card of many channels may be used in part: a map names the card's channels, counted from 1, that
stand for the whole card. The others are silent, and what they hear is not listened to.
"""

from dataclasses import dataclass

import numpy as np

from device.errors import AudioError, ConfigError


@dataclass(frozen=True)
class Format:
    """A sample format of a card: its ALSA name, bytes per sample, and code of full scale."""

    name: str
    sample_bytes: int
    full_scale: float
    highest: float
    """The largest float32 whose code exists: float32 has no 2^31 - 1."""


FORMATS = {
    f.name: f
    for f in (
        Format("S32_LE", 4, 2.0**31, 2.0**31 - 128),
        Format("S24_LE", 4, 2.0**23, 2.0**23 - 1),
        Format("S24_3LE", 3, 2.0**23, 2.0**23 - 1),
        Format("S16_LE", 2, 2.0**15, 2.0**15 - 1),
        Format("FLOAT_LE", 4, 1.0, 1.0),
    )
}
"""The formats that Ondine speaks, best first."""

_GRID = {"S32_LE": "<i4", "S24_LE": "<i4", "S24_3LE": "<i4", "S16_LE": "<i2", "FLOAT_LE": "<f4"}


def map_channels(source: np.ndarray, into: np.ndarray) -> None:
    """Copy float32 `source` [a, frames] to `into` [b, frames].

    Mono is duplicated to the first two channels; many to mono is the average of the first two;
    otherwise channel i goes to channel i. Channels of `into` that are left over are silent.
    """
    a, b = len(source), len(into)
    if a == b:
        np.copyto(into, source)
    elif b == 1 and a >= 2:
        np.add(source[0], source[1], out=into[0])
        np.multiply(into[0], 0.5, out=into[0])
    else:
        filled = min(b, 2) if a == 1 else min(a, b)
        if filled:
            np.copyto(into[:filled], source[: max(1, min(a, filled))])
        into[filled:] = 0.0


def parse_map(text: str) -> tuple[int, ...]:
    """A channel map as it is written in options and profiles: "3,4".

    Raises:
        ConfigError: if that is no list of different channels from 1 up.
    """
    parts = [part.strip() for part in text.split(",")]
    channels = tuple(int(part) for part in parts if part.isascii() and part.isdigit())
    if len(channels) != len(parts) or 0 in channels or len(set(channels)) != len(channels):
        raise ConfigError(
            f"a channel map of {text!r} is not possible: list different channels of the card, "
            'counted from 1, such as "3,4"'
        )
    return channels


def check_map(card_map: tuple[int, ...], card: str, direction: str, card_channels: int) -> None:
    """Check a map against what the card granted.

    Raises:
        AudioError: if the card has not all of its channels.
    """
    if missing := [channel for channel in card_map if not 1 <= channel <= card_channels]:
        raise AudioError(
            f"{card} has no channel {', '.join(map(str, missing))} for {direction}: "
            f"it grants channels 1 to {card_channels}. Choose among them."
        )


class Packer:
    """Planar float32 blocks to interleaved bytes for a card: call `pack`, hand over `raw`."""

    def __init__(
        self,
        format_name: str,
        channels: int,
        card_channels: int,
        frames: int,
        card_map: tuple[int, ...] = (),
    ) -> None:
        """For blocks [channels, frames] to frames of `card_channels` samples.

        With a `card_map` only those channels of the card are played on.
        """
        self._format = FORMATS[format_name]
        used = card_map or tuple(range(1, card_channels + 1))
        self._mapped = np.zeros((len(used), frames), np.float32)
        self._direct = channels == len(used)
        self.raw = np.zeros(frames * card_channels * self._format.sample_bytes, np.uint8)
        """Interleaved bytes of the last block, [frames · card_channels · sample_bytes]."""
        grid, self._packed, self._codes = _views(self._format, self.raw, card_channels)
        self._lanes = _lanes(grid, self._mapped, card_map)

    def pack(self, block: np.ndarray) -> None:
        """Convert `block` [channels, frames] into `raw`, clipping."""
        scaled, format = self._mapped, self._format
        source = block
        if not self._direct:
            map_channels(block, scaled)
            source = scaled
        # Clipped before it is scaled: the product of a huge value would overflow, and warn.
        np.maximum(source, -1.0, out=scaled)
        np.minimum(scaled, format.highest / format.full_scale, out=scaled)
        np.multiply(scaled, format.full_scale, out=scaled)
        if format.name != "FLOAT_LE":
            np.rint(scaled, out=scaled)
        for lane, channel in self._lanes:
            np.copyto(lane, channel, casting="unsafe")
        if self._packed is not None:
            np.copyto(self._packed, self._codes[:, :3])


class Unpacker:
    """Interleaved bytes from a card to planar float32 blocks: fill `raw`, call `unpack`."""

    def __init__(
        self,
        format_name: str,
        channels: int,
        card_channels: int,
        frames: int,
        card_map: tuple[int, ...] = (),
    ) -> None:
        """For frames of `card_channels` samples to blocks [channels, frames].

        With a `card_map` only those channels of the card are heard.
        """
        self._format = FORMATS[format_name]
        self._mapped = np.zeros((len(card_map) or card_channels, frames), np.float32)
        self.raw = np.zeros(frames * card_channels * self._format.sample_bytes, np.uint8)
        """Interleaved bytes of the next block, [frames · card_channels · sample_bytes]."""
        grid, self._packed, self._codes = _views(self._format, self.raw, card_channels)
        self._lanes = _lanes(grid, self._mapped, card_map)
        # Three bytes are read into the upper three of four, which puts the sign in its place. Of
        # four of which the lower three count nobody says what the fourth is: it is shifted out.
        self._shifted = grid if format_name == "S24_LE" else None
        upper = self._packed is not None or self._shifted is not None
        self._scale = 2.0**-31 if upper else 1.0 / self._format.full_scale

    def unpack(self, into: np.ndarray) -> None:
        """Convert `raw` into `into` [channels, frames]."""
        if self._packed is not None:
            np.copyto(self._codes[:, 1:], self._packed)
        if self._shifted is not None:
            np.left_shift(self._shifted, 8, out=self._shifted)
        for lane, channel in self._lanes:
            np.copyto(channel, lane, casting="unsafe")
        np.multiply(self._mapped, self._scale, out=self._mapped)
        map_channels(self._mapped, into)


def _lanes(
    grid: np.ndarray, mapped: np.ndarray, card_map: tuple[int, ...]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs of the card's codes and the floats that belong to them; unmapped, one pair for all."""
    if not card_map:
        return [(grid, mapped)]
    return [(grid[channel - 1], mapped[i]) for i, channel in enumerate(card_map)]


def _views(
    format: Format, raw: np.ndarray, card_channels: int
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray]:
    """Codes as [card_channels, frames]; for 3-byte formats also both byte views, [samples, 3|4].

    No machine word has three bytes: such codes live in int32 and their bytes are copied.
    """
    words = raw if format.sample_bytes != 3 else np.zeros(raw.size // 3 * 4, np.uint8)
    grid = words.view(_GRID[format.name]).reshape(-1, card_channels).T
    packed = raw.reshape(-1, 3) if format.sample_bytes == 3 else None
    return grid, packed, words.reshape(-1, 4) if packed is not None else words
