"""The two buses of a panel, as thin as can be: SPI through spidev and I2C through smbus2.

Both libraries are imported when a bus is first opened, so that a box without a panel needs neither.
"""

import contextlib
from collections.abc import Iterator
from typing import Any, Protocol

SPI_HZ = 1_000_000
"""An MCP3008 at 3.3 V is specified for 1.35 MHz at 2.7 V and 3.6 MHz at 5 V."""


class Spi(Protocol):
    """One chip on an SPI bus."""

    def transfer(self, data: bytes) -> bytes:
        """Clock bytes out and as many in. Raises OSError if the bus does not work."""

    def close(self) -> None:
        """Let go of it."""


class I2c(Protocol):
    """One I2C bus, and the registers of the chips on it."""

    def read(self, address: int, register: int, count: int) -> bytes:
        """Read bytes from a register on. Raises OSError if nobody answers."""

    def write(self, address: int, register: int, data: bytes) -> None:
        """Write bytes from a register on. Raises OSError if nobody answers."""

    def close(self) -> None:
        """Let go of it."""


class KernelSpi:
    """/dev/spidev<bus>.<select>, mode 0."""

    def __init__(self, bus: int, select: int) -> None:
        with _library("spidev"):
            import spidev
        self._spi: Any = spidev.SpiDev()
        with _named(f"/dev/spidev{bus}.{select}"):
            self._spi.open(bus, select)
            self._spi.max_speed_hz = SPI_HZ
            self._spi.mode = 0

    def transfer(self, data: bytes) -> bytes:
        """Clock bytes out and as many in."""
        return bytes(self._spi.xfer2(list(data)))

    def close(self) -> None:
        """Let go of it."""
        self._spi.close()


class KernelI2c:
    """/dev/i2c-<bus>. A read is a write of the register, a repeated start, and the bytes."""

    def __init__(self, bus: int) -> None:
        with _library("smbus2"):
            from smbus2 import SMBus
        with _named(f"/dev/i2c-{bus}"):
            self._bus: Any = SMBus(bus)

    def read(self, address: int, register: int, count: int) -> bytes:
        """Read bytes from a register on."""
        return bytes(self._bus.read_i2c_block_data(address, register, count))

    def write(self, address: int, register: int, data: bytes) -> None:
        """Write bytes from a register on."""
        self._bus.write_i2c_block_data(address, register, list(data))

    def close(self) -> None:
        """Let go of it."""
        self._bus.close()


@contextlib.contextmanager
def _library(name: str) -> Iterator[None]:
    try:
        yield
    except ImportError:
        raise OSError(f"{name} is not installed; pip install 'ondine[panel]'") from None


@contextlib.contextmanager
def _named(path: str) -> Iterator[None]:
    """spidev says "No such file or directory" and not of which file."""
    try:
        yield
    except OSError as error:
        raise OSError(f"{path}: {error.strerror or error}") from None
