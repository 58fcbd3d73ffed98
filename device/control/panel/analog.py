"""Knobs and pedals on a converter: its counts become signals when they have moved.

A converter's last bit is never still. What does not leave the last value by more than that is no
movement; the ends of the range always are, so that they are reached.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from device.control.panel.profile import Lost
from device.control.signal import Signal

RESOLUTION = 1 / 1023
"""The step of an MCP3008, and the least movement of any converter that is told."""


class Converter(Protocol):
    """An analogue-to-digital converter."""

    full: int
    """What the supply voltage reads as."""

    def read(self, now_s: float) -> Mapping[int, int]:
        """The channels that are new, by number. Raises OSError if it does not answer."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(frozen=True)
class Channel:
    """What is on one channel of a converter."""

    name: str
    default: float
    lost: Lost


def moved(last: float | None, value: float, resolution: float = RESOLUTION) -> bool:
    """Whether a value (0..1) is a movement from the last one that was told."""
    if last is None:
        return True
    return value != last and (abs(value - last) > 1.5 * resolution or value in (0.0, 1.0))


class AnalogChip:
    """All knobs and pedals of one converter, which is opened anew each time it was lost."""

    def __init__(
        self, name: str, open: Callable[[], Converter], channels: Mapping[int, Channel]
    ) -> None:
        self.name = name
        self.period_s = 0.0
        self._open, self._channels = open, channels
        self._chip: Converter | None = None
        self._told: dict[int, float] = {}

    def open(self) -> None:
        """Open it. Raises OSError if that fails."""
        self._chip = self._open()

    def read(self, now_s: float) -> list[Signal]:
        """The knobs that moved. Raises OSError if the chip does not answer."""
        assert self._chip is not None
        found = []
        for channel, count in self._chip.read(now_s).items():
            value = count / self._chip.full
            if moved(self._told.get(channel), value):
                self._told[channel] = value
                found.append(Signal(self._channels[channel].name, value, now_s))
        return found

    def lost(self, now_s: float) -> list[Signal]:
        """What holds while it does not answer."""
        found = []
        for number, channel in self._channels.items():
            if number not in self._told or channel.lost == "default":
                self._told[number] = channel.default
                found.append(Signal(channel.name, channel.default, now_s))
        return found

    def close(self) -> None:
        """Let go of it."""
        chip, self._chip = self._chip, None
        if chip is not None:
            chip.close()
