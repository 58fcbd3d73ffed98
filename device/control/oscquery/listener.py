"""What one WebSocket listens to, and what it has to be told. Time is passed in.

A value is told when it differs from what was told last, at most so many times a second. Whoever
moves a value himself is not told of it while he does: his own fader would jump under his finger.
"""

import json
from collections.abc import Container, Iterable
from dataclasses import dataclass

from device.control.oscquery.method import Argument
from device.errors import ControlError

TOLD_PER_S = 60.0
HUSH_S = 0.1
"""After one's own last move, until one is told what became of it."""


@dataclass
class _Told:
    value: Argument | None = None
    """None: nothing yet, so that the first value is told at once."""
    at_s: float = float("-inf")
    hushed_until_s: float = float("-inf")


class Listener:
    """One listener. Addresses are those of methods that can be read."""

    def __init__(self) -> None:
        self._told: dict[str, _Told] = {}

    @property
    def addresses(self) -> Iterable[str]:
        """What it listens to."""
        return self._told.keys()

    def command(self, text: str, readable: Container[str]) -> None:
        """Obey a LISTEN or an IGNORE, as JSON text.

        Raises:
            ControlError: if it is neither, or there is nothing to listen to at its address.
        """
        try:
            given = json.loads(text)
        except (ValueError, RecursionError):
            given = None
        if not isinstance(given, dict):
            raise ControlError('a command is a JSON object such as {"COMMAND": "LISTEN", …}')
        address = given.get("DATA")
        if not isinstance(address, str):
            raise ControlError("DATA is no OSC address")
        match given.get("COMMAND"):
            case "LISTEN":
                if address not in readable:
                    raise ControlError("there is nothing to listen to at this address")
                self._told.setdefault(address, _Told())
            case "IGNORE":
                self._told.pop(address, None)
            case _:
                raise ControlError("COMMAND is neither LISTEN nor IGNORE")

    def moved(self, address: str, now_s: float) -> None:
        """It has just set the value at `address` itself."""
        if told := self._told.get(address):
            told.hushed_until_s = now_s + HUSH_S

    def due(
        self, values: Iterable[tuple[str, Argument]], now_s: float
    ) -> list[tuple[str, Argument]]:
        """Which of these values it is to be told now; they count as told."""
        found = []
        for address, value in values:
            told = self._told.get(address)
            if told is None or value == told.value or now_s < told.hushed_until_s:
                continue
            if now_s - told.at_s < 1.0 / TOLD_PER_S:
                continue  # the next turn has a newer one
            told.value, told.at_s = value, now_s
            found.append((address, value))
        return found

    def only(self, readable: Container[str]) -> None:
        """Other addresses exist now: those that do not any more are not listened to."""
        for address in [a for a in self._told if a not in readable]:
            del self._told[address]
