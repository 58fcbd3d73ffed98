"""MCP3008: eight voltages as 10-bit numbers over SPI (Microchip DS21295, figure 6-1).

out  0000 0001   1ccc 0000   0000 0000      1: start, 1: single-ended, ccc: channel
in   ???? ????   ???? ?0dd   dddd dddd      0: the null bit, d: the number
"""

from collections.abc import Sequence

from device.control.panel.buses import Spi

FULL = 1023


def request(channel: int) -> bytes:
    """What asks for a channel, 0..7."""
    return bytes((0x01, (0x08 | channel) << 4, 0x00))


def counts(reply: bytes) -> int:
    """The number in a reply, 0..1023.

    Raises:
        OSError: if the null bit is not there: a line without a chip reads as ones. A line that is
            shorted to ground cannot be told from knobs at zero.
    """
    if len(reply) != 3 or reply[1] & 0x04:
        raise OSError("no MCP3008 answers")
    return (reply[1] & 0x03) << 8 | reply[2]


class Mcp3008:
    """One MCP3008, of which some channels are read."""

    full = FULL

    def __init__(self, spi: Spi, channels: Sequence[int]) -> None:
        self._spi, self._channels = spi, channels

    def read(self, now_s: float) -> dict[int, int]:
        """All channels, by number, 0..1023. Raises OSError if no chip answers."""
        return {channel: counts(self._spi.transfer(request(channel))) for channel in self._channels}

    def close(self) -> None:
        """Let go of the bus."""
        self._spi.close()
