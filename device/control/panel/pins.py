"""Pins: what a panel asks of a processor's pins, and the one library name that all boards have.

RPi.GPIO (Pi 4), rpi-lgpio (Pi 4 and 5) and Jetson.GPIO all provide the module `RPi.GPIO`; only one
of them may be installed. A Jetson cannot pull its pins up or down: it needs resistors there. Its
library (2.1.13) closes a pin that it is to watch, so that it can be read no more: there all pins
are polled.
"""

import contextlib
import importlib
import logging
from collections.abc import Callable, Iterator
from typing import Any, Literal, Protocol

Pull = Literal["up", "down"]
Edge = Callable[[int, bool], None]
"""Called with a pin and its level, in any thread, soon after it has changed."""

log = logging.getLogger("ondine.panel")


class Pins(Protocol):
    """A few pins by the processor's numbers. Levels are True (high) and False (low).

    Every method raises OSError if the pins cannot be used.
    """

    def input(self, pin: int, pull: Pull) -> None:
        """Make a pin an input."""

    def output(self, pin: int, level: bool) -> None:
        """Make a pin an output with that level."""

    def read(self, pin: int) -> bool:
        """The level of an input."""

    def write(self, pin: int, level: bool) -> None:
        """Set the level of an output."""

    def watch(self, pin: int, edge: Edge) -> bool:
        """Call `edge` after changes of an input. False if the board cannot: it must be read."""

    def close(self) -> None:
        """Let go of the pins; calling it twice is allowed."""


def open_pins() -> "GpioPins":
    """The pins of this board.

    Raises:
        OSError: if there is no library for them, or it does not find its board.
    """
    try:
        module = importlib.import_module("RPi.GPIO")
    except ImportError:
        raise OSError(
            "no library for pins is installed; pip install 'ondine[pi]' or 'ondine[jetson]'"
        ) from None
    except Exception as error:  # each library has its own way of saying "not my board"
        raise OSError(f"the library for pins does not work here: {error}") from None
    return GpioPins(module)


class GpioPins:
    """Pins through a module that has the names of RPi.GPIO, which is handed in."""

    def __init__(self, gpio: Any) -> None:
        self._gpio = gpio
        self._jetson = hasattr(gpio, "JETSON_INFO")
        self._used: list[int] = []
        with _as_oserror():
            gpio.setwarnings(False)
            gpio.setmode(gpio.BCM)

    def input(self, pin: int, pull: Pull) -> None:
        """Make a pin an input."""
        gpio = self._gpio
        pulled = {"pull_up_down": gpio.PUD_UP if pull == "up" else gpio.PUD_DOWN}
        with _as_oserror():
            # Asked to, Jetson.GPIO would only warn that it does not.
            gpio.setup(pin, gpio.IN, **({} if self._jetson else pulled))
        self._used.append(pin)

    def output(self, pin: int, level: bool) -> None:
        """Make a pin an output."""
        gpio = self._gpio
        with _as_oserror():
            gpio.setup(pin, gpio.OUT, initial=gpio.HIGH if level else gpio.LOW)
        self._used.append(pin)

    def read(self, pin: int) -> bool:
        """The level of an input."""
        with _as_oserror():
            return bool(self._gpio.input(pin))

    def write(self, pin: int, level: bool) -> None:
        """Set the level of an output."""
        with _as_oserror():
            self._gpio.output(pin, self._gpio.HIGH if level else self._gpio.LOW)

    def watch(self, pin: int, edge: Edge) -> bool:
        """Have the library call on both edges, undebounced: the state tables do that better."""
        gpio = self._gpio
        if self._jetson:
            return False
        try:
            gpio.add_event_detect(
                pin, gpio.BOTH, callback=lambda pin: edge(pin, bool(gpio.input(pin)))
            )
        except Exception as error:  # RPi.GPIO on new kernels: "Failed to add edge detection"
            log.warning("pin %d tells of no edges and is polled (%s)", pin, error)
            return False
        return True

    def close(self) -> None:
        """Let go of the pins."""
        used, self._used = self._used, []
        for pin in used:
            with contextlib.suppress(Exception):
                self._gpio.remove_event_detect(pin)
        if used:
            with contextlib.suppress(Exception):
                self._gpio.cleanup(used)


@contextlib.contextmanager
def _as_oserror() -> Iterator[None]:
    """The three libraries raise RuntimeError, ValueError, lgpio.error and OSError as they like."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise OSError(f"the pins cannot be used: {error}") from None
