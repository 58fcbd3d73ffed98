"""Buses and pins that are not there: they reach simulated chips, and die and return when told."""

import errno
import os
from collections import deque
from collections.abc import Callable, Mapping

from device.control.panel.evdev_encoder import EV_REL, EVENT
from device.control.panel.pins import Edge, Pull
from device.control.panel.simulated_chips import Registers, SimulatedMcp3008

Alive = Callable[[], bool]


class SimulatedSpi:
    """One chip on SPI. A dead one leaves the line to its pull-up: nobody says that it is gone."""

    def __init__(self, chip: SimulatedMcp3008, alive: Alive) -> None:
        self._chip, self._alive = chip, alive

    def transfer(self, data: bytes) -> bytes:
        """Clock bytes out and as many in."""
        return self._chip.transfer(data) if self._alive() else b"\xff" * len(data)

    def close(self) -> None:
        """Nothing to let go of."""


class SimulatedI2c:
    """A bus with chips on it; an address where none answers is a remote I/O error, as in Linux."""

    def __init__(self, chips: Mapping[int, tuple[Registers, Alive]]) -> None:
        self._chips = chips

    def read(self, address: int, register: int, count: int) -> bytes:
        """Read bytes from a register on."""
        return self._at(address).read(register, count)

    def write(self, address: int, register: int, data: bytes) -> None:
        """Write bytes from a register on."""
        self._at(address).write(register, data)

    def close(self) -> None:
        """Nothing to let go of."""

    def _at(self, address: int) -> Registers:
        chip, alive = self._chips.get(address, (None, lambda: False))
        if chip is None or not alive():
            raise OSError(errno.EREMOTEIO, os.strerror(errno.EREMOTEIO))
        return chip


class SimulatedPins:
    """Pins with something on them: `drive` is the world's side, the rest is the panel's."""

    def __init__(self, alive: Alive, refresh: Callable[[], None]) -> None:
        self._alive, self._refresh = alive, refresh
        self._driven: dict[int, bool] = {}
        self._pulled: dict[int, bool] = {}
        self._edges: dict[int, Edge] = {}
        self.outputs: dict[int, bool] = {}

    def drive(self, pin: int, level: bool) -> None:
        """Something outside sets an input's level; whoever watches it is told."""
        if self.level(pin) != level:
            self._driven[pin] = level
            if pin in self._edges and self._alive():
                self._edges[pin](pin, level)
        self._driven[pin] = level

    def level(self, pin: int) -> bool:
        """The level of a pin as it is, whoever asks."""
        return self._driven.get(pin, self._pulled.get(pin, True))

    def input(self, pin: int, pull: Pull) -> None:
        """Make a pin an input."""
        self._check()
        self._pulled[pin] = pull == "up"

    def output(self, pin: int, level: bool) -> None:
        """Make a pin an output."""
        self._check()
        self.outputs[pin] = level

    def read(self, pin: int) -> bool:
        """The level of an input."""
        self._check()
        if pin not in self._pulled:
            raise OSError(f"pin {pin} was not made an input")
        return self.level(pin)

    def write(self, pin: int, level: bool) -> None:
        """Set the level of an output."""
        self._check()
        if pin not in self.outputs:
            raise OSError(f"pin {pin} was not made an output")
        self.outputs[pin] = level

    def watch(self, pin: int, edge: Edge) -> bool:
        """Call `edge` after changes."""
        self._edges[pin] = edge
        return True

    def close(self) -> None:
        """Let go of the pins."""
        self._edges.clear()
        self._pulled.clear()

    def _check(self) -> None:
        self._refresh()
        if not self._alive():
            raise OSError("the simulated pins are dead")


class SimulatedEvents:
    """An encoder that the kernel decodes."""

    def __init__(self, alive: Alive, refresh: Callable[[], None]) -> None:
        self._alive, self._refresh = alive, refresh
        self._waiting: deque[int] = deque()

    def turn(self, by: int) -> None:
        """Turn it by some detents: one event each, and a report after it."""
        self._waiting.extend([1 if by > 0 else -1] * abs(by))

    def read(self) -> bytes:
        """The events that have come."""
        self._refresh()
        if not self._alive():
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        data = b""
        while self._waiting:
            data += EVENT.pack(0, 0, EV_REL, 0, self._waiting.popleft()) + EVENT.pack(0, 0, 0, 0, 0)
        return data

    def close(self) -> None:
        """Nothing to let go of."""
