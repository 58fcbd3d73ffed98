"""ADS1115: four voltages as 16-bit numbers over I2C, one after the other (Texas SBAS444).

The chip has one converter. A conversion takes 1.2 ms at its fastest: it is started in one turn and
fetched in a later one, and no turn waits.

    turn       1            2            3            4
    chip       start 0 ───► fetch 0      fetch 1      fetch 0 …
                            start 1 ───► start 0 ───►
"""

from collections.abc import Sequence

from device.control.panel.buses import I2c

CONVERSION, CONFIG = 0x00, 0x01
FULL = 26_400
"""3.3 V in the range of ±4.096 V."""
_START = 0x8000
_SINGLE_ENDED = 4
_RANGE_4096_MV = 0x0200
_ONE_SHOT = 0x0100
_FASTEST = 0x00E0
_NO_COMPARATOR = 0x0003
_LIMIT_S = 0.25


def start(channel: int) -> bytes:
    """What the config register takes to convert a channel, 0..3, once."""
    mux = (_SINGLE_ENDED + channel) << 12
    word = _START | mux | _RANGE_4096_MV | _ONE_SHOT | _FASTEST | _NO_COMPARATOR
    return word.to_bytes(2, "big")


class Ads1115:
    """One ADS1115, of which some channels are read."""

    full = FULL

    def __init__(self, i2c: I2c, address: int, channels: Sequence[int]) -> None:
        self._i2c, self._address, self._channels = i2c, address, channels
        self._turn = -1
        self._started_s = 0.0

    def read(self, now_s: float) -> dict[int, int]:
        """At most one channel, by number, 0..26400. Raises OSError if the chip does not answer."""
        found = {}
        if self._turn >= 0:
            config = int.from_bytes(self._i2c.read(self._address, CONFIG, 2), "big")
            if not config & _START:
                if now_s - self._started_s > _LIMIT_S:
                    raise OSError(f"the ADS1115 at {self._address:#x} does not finish")
                return {}
            data = self._i2c.read(self._address, CONVERSION, 2)
            # Slightly below ground, with the converter's offset, is ground.
            number = min(max(int.from_bytes(data, "big", signed=True), 0), FULL)
            found[self._channels[self._turn]] = number
        self._turn = (self._turn + 1) % len(self._channels)
        self._i2c.write(self._address, CONFIG, start(self._channels[self._turn]))
        self._started_s = now_s
        return found

    def close(self) -> None:
        """Let go of the bus."""
        self._i2c.close()
