"""A simulated panel under the keys of a terminal.

[ ]  or arrows left, right   choose a control        - =  or arrows down, up   move it
space   press a button, or unplug and plug what can fail         0 1   to one end
"""

import asyncio
import os
import termios
import tty
from collections.abc import Callable
from typing import Any

from device.control.panel.simulate import SimulatedWiring
from device.control.source import Take
from device.errors import ControlError

STEP = 0.05
_ARROWS = {"\x1b[C": "]", "\x1b[D": "[", "\x1b[A": "=", "\x1b[B": "-"}


class Keys:
    """What each key does to a simulated panel. `chosen` is the control that keys move."""

    def __init__(self, wiring: SimulatedWiring) -> None:
        """Raises ControlError if there is nothing to move."""
        self._wiring = wiring
        self._names = list(wiring.controls)
        self._at = 0

    @property
    def chosen(self) -> str:
        """The control that keys move."""
        return self._names[self._at]

    def press(self, key: str) -> str:
        """Do what a key does; returns what to show, or "" for a key that does nothing."""
        key = _ARROWS.get(key, key)
        name, value = self.chosen, self._wiring.value(self.chosen)
        spec = self._wiring.controls[name]
        # An encoder's range is in detents, all others' is 0..1.
        step = 1.0 if spec.maximum > 1.0 else STEP
        match key:
            case "[" | "]":
                self._at = (self._at + (1 if key == "]" else -1)) % len(self._names)
            case "-" | "=" | "+":
                self._wiring.move(name, value + (-step if key == "-" else step))
            case " ":
                self._wiring.move(name, 0.0 if value >= 0.5 else 1.0)
            case "0" | "1":
                self._wiring.move(name, float(key))
            case _:
                return ""
        return f"{self.chosen} {self._wiring.value(self.chosen):g}"


class Keyboard:
    """Reads the terminal's keys on the control loop; the terminal is put back by `close`."""

    name = "keyboard"

    def __init__(
        self, wiring: SimulatedWiring, say: Callable[[str], None], terminal: int = 0
    ) -> None:
        """`terminal` is an open file; 0 is where the instrument was started.

        Raises:
            ControlError: if it is no terminal.
        """
        if not os.isatty(terminal):
            raise ControlError("a panel is simulated by keys only on a terminal; give a script")
        self._keys, self._say, self._file = Keys(wiring), say, terminal
        self._before: list[Any] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, loop: asyncio.AbstractEventLoop, take: Take) -> None:
        """Begin: keys move the panel, which is heard by itself; nothing goes to `take`.

        Ctrl-C goes on to stop the instrument.
        """
        self._before = termios.tcgetattr(self._file)
        tty.setcbreak(self._file)
        self._loop = loop
        loop.add_reader(self._file, self._read)
        self._say(f"Keys move the panel: [ ] choose, - = move, space press. {self._keys.chosen}")

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._loop is not None:
            self._loop.remove_reader(self._file)
            self._loop = None
        if self._before is not None:
            termios.tcsetattr(self._file, termios.TCSADRAIN, self._before)
            self._before = None

    def _read(self) -> None:
        typed = os.read(self._file, 64).decode(errors="ignore")
        if not typed and self._loop is not None:
            self._loop.remove_reader(self._file)  # the terminal was closed
        for key in [typed] if typed in _ARROWS else typed:
            if said := self._keys.press(key):
                self._say(said)
