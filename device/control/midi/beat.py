"""The beat of the band: one port's clock leads, and its beat becomes the signal midi/beat."""

from device.control.midi.clock import Clock
from device.control.midi.message import Message, SongPosition, System

PATIENCE_S = 1.0
"""A leader without ticks for so long is followed only until another port speaks up."""


class Beat:
    """Follows the first port that sends a clock; `clock` is that port's."""

    def __init__(self) -> None:
        self.clock = Clock()
        self._leader: str | None = None
        self._ticked_s = float("-inf")

    def hear(self, port: str, message: Message, when_s: float) -> None:
        """A message came from `port`; only what concerns the clock is used."""
        position = isinstance(message, SongPosition)
        kind = message.kind if isinstance(message, System) else ""
        if not position and kind not in ("clock", "start", "continue", "stop"):
            return
        if port != self._leader:
            if when_s - self._ticked_s <= PATIENCE_S:
                return
            self._leader, self.clock = port, Clock()
        if isinstance(message, SongPosition):
            self.clock.position(message.sixteenths)
        elif kind == "clock":
            self._ticked_s = when_s
            self.clock.tick(when_s)
        elif kind == "start":
            self.clock.start()
        elif kind == "continue":
            self.clock.resume()
        else:
            self.clock.stop()

    def leave(self, port: str) -> None:
        """The port is gone: another may lead at once."""
        if port == self._leader:
            self._leader, self._ticked_s = None, float("-inf")
            self.clock.stop()
