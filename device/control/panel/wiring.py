"""Where a panel is wired to: the kernel's buses and the board's pins, or a simulated panel."""

from typing import Protocol

from device.control.panel.buses import I2c, KernelI2c, KernelSpi, Spi
from device.control.panel.evdev_encoder import Events, KernelEvents
from device.control.panel.pins import Pins, open_pins


class Wiring(Protocol):
    """Opens what parts hang on. Every method raises OSError if it is not there."""

    def pins(self) -> Pins:
        """The processor's pins."""

    def spi(self, bus: int, select: int) -> Spi:
        """One chip on an SPI bus."""

    def i2c(self, bus: int) -> I2c:
        """One I2C bus; each part has its own handle on it."""

    def events(self, name: str) -> Events:
        """One of the kernel's input devices."""


class RealWiring:
    """This computer."""

    def pins(self) -> Pins:
        """The processor's pins."""
        return open_pins()

    def spi(self, bus: int, select: int) -> Spi:
        """One chip on an SPI bus."""
        return KernelSpi(bus, select)

    def i2c(self, bus: int) -> I2c:
        """One I2C bus."""
        return KernelI2c(bus)

    def events(self, name: str) -> Events:
        """One of the kernel's input devices."""
        return KernelEvents(name)
