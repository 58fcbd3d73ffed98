"""The boards: what their 40-pin header is called, and what a panel on it needs that others do not.

Where each fact is from:

    places and numbers      device/gig/header.py
    Raspberry Pi            boot/overlays/README of raspberrypi/firmware; a Pi 5's pins through RP1
                            keep the names
    Jetson, names of pins   JETSON_ORIN_NX_PIN_DEFS of Jetson.GPIO 2.1.13, the Orin Nano's, too
    Jetson, I2C bus 7       SparkFun's Qwiic_I2C_Py, pull request 24: pins 3 and 5
    Jetson, pull-ups        Jetson.GPIO warns that it ignores them; with 4.7 and 10 kΩ outside,
                            inputs stay low once pressed (NVIDIA/jetson-gpio issues 10 and 137), and
                            a maintainer found 1 kΩ to do (issue 10)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from device.gig.header import GROUND, PHYSICAL, POWER

Kind = Literal["power", "5 V", "ground", "signal"]


@dataclass(frozen=True)
class Pin:
    """One pin of a header."""

    number: int
    """Its place, 1..40."""
    name: str
    kind: Kind
    gpio: int = -1
    """The processor's number; -1: none that a panel can use."""


@dataclass(frozen=True)
class Spi:
    """The pins of an SPI bus, by place."""

    sclk: int
    miso: int
    mosi: int
    selects: tuple[int, ...]


@dataclass(frozen=True)
class Board:
    """A board with a 40-pin header."""

    title: str
    names: Mapping[int, str] = field(default_factory=dict)
    """What pins are called, by place, where it is not GPIO and a number."""
    spi: Mapping[int, Spi] = field(default_factory=dict)
    i2c: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    """SDA and SCL of each I2C bus, by place."""
    pull_up: str = ""
    """The resistor that each switch needs to 3.3 V; "": the processor has its own."""
    weak: bool = False
    """Whether a pin is too weak for a light, which then needs a transistor."""

    def pins(self) -> tuple[Pin, ...]:
        """All forty, in order."""
        gpios = {number: gpio for gpio, number in PHYSICAL.items()}
        return tuple(self._pin(number, gpios.get(number, -1)) for number in range(1, 41))

    def place_of(self, gpio: int) -> int:
        """The place of one of the processor's pins.

        Raises:
            ValueError: if the header has no such pin.
        """
        if gpio not in PHYSICAL:
            raise ValueError(f"the header of a {self.title} has no GPIO{gpio}; it has 0 to 27")
        return PHYSICAL[gpio]

    def _pin(self, number: int, gpio: int) -> Pin:
        if number in POWER:
            return Pin(number, POWER[number], "power" if POWER[number] == "3.3 V" else "5 V")
        if number in GROUND:
            return Pin(number, "GND", "ground")
        return Pin(number, self.names.get(number, f"GPIO{gpio}"), "signal", gpio)


_SPI = {0: Spi(sclk=23, miso=21, mosi=19, selects=(24, 26))}
_PI_NAMES = {
    3: "GPIO2 SDA", 5: "GPIO3 SCL", 8: "GPIO14 TXD", 10: "GPIO15 RXD", 12: "GPIO18 I2S",
    19: "GPIO10 MOSI", 21: "GPIO9 MISO", 23: "GPIO11 SCLK", 24: "GPIO8 CE0", 26: "GPIO7 CE1",
    27: "ID_SD", 28: "ID_SC", 35: "GPIO19 I2S", 38: "GPIO20 I2S", 40: "GPIO21 I2S",
}  # fmt: skip
_JETSON_NAMES = {
    3: "I2C 7 SDA", 5: "I2C 7 SCL", 8: "UART TX", 10: "UART RX", 12: "18 I2S0_SCLK",
    19: "10 SPI0_MOSI", 21: "9 SPI0_MISO", 23: "11 SPI0_SCK", 24: "8 SPI0_CS0", 26: "7 SPI0_CS1",
    27: "I2C 1 SDA", 28: "I2C 1 SCL", 35: "19 I2S0_FS", 38: "20 I2S0_SDIN", 40: "21 I2S0_SDOUT",
    7: "4 GPIO09", 11: "17 UART1_RTS", 13: "27 SPI1_SCK", 15: "22 GPIO12", 16: "23 SPI1_CS1",
    18: "24 SPI1_CS0", 22: "25 SPI1_MISO", 29: "5 GPIO01", 31: "6 GPIO11", 32: "12 GPIO07",
    33: "13 GPIO13", 36: "16 UART1_CTS", 37: "26 SPI1_MOSI",
}  # fmt: skip

BOARDS: Mapping[str, Board] = {
    "pi4": Board("Raspberry Pi 4", _PI_NAMES, _SPI, {1: (3, 5)}),
    "pi5": Board("Raspberry Pi 5", _PI_NAMES, _SPI, {1: (3, 5)}),
    "jetson-orin-nano": Board(
        "Jetson Orin Nano", _JETSON_NAMES, _SPI, {7: (3, 5), 1: (27, 28)}, "1 kΩ", weak=True
    ),
}
"""By the name of the folder. A desktop has no header."""
