"""Presses: a signal that rises past the middle does something, such as recalling a scene.

A footswitch, a note, a controller: whatever has a signal can press. It presses once, and again only
after it has fallen back, with some way between, so that a trembling hand presses once.

A button that does another thing when it is held (button/1/long) does its own when it is let go, and
only if it was not held: whoever holds it to save a scene does not want the next one first.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from device.control.signal import Signal

DOWN, UP = 0.5, 0.25
"""Pressed above the one, let go below the other."""
LONG = "/long"
"""Ends the name of what a button says while it is held."""


class Presses:
    """Calls `press` with what the signal is to do, by `acts`: signal name to act."""

    def __init__(
        self,
        acts: Mapping[str, str],
        press: Callable[[str], None],
        buttons: Collection[str] = (),
    ) -> None:
        """`buttons` are the names of signals that are only ever heard because somebody pressed."""
        self._acts, self._press, self._buttons = dict(acts), press, frozenset(buttons)
        self._down: set[str] = set()
        self._heard: set[str] = set()
        self._waiting: set[str] = set()
        """Pressed, and yet to be let go or held."""

    def hear(self, signals: Sequence[Signal]) -> None:
        """Signals that came together. Where a control stands when it is first heard is no press."""
        for name, value, _ in signals:
            act = self._acts.get(name)
            if act is None:
                continue
            first = name not in self._heard
            self._heard.add(name)
            if value > DOWN and name not in self._down:
                self._down.add(name)
                self._waiting.discard(name.removesuffix(LONG))
                if first and name not in self._buttons and not _momentary(name):
                    continue
                if name + LONG in self._acts:
                    self._waiting.add(name)
                else:
                    self._press(act)
            elif value < UP:
                self._down.discard(name)
                if name in self._waiting:
                    self._waiting.discard(name)
                    self._press(act)

    def change(self, acts: Mapping[str, str]) -> None:
        """Other presses do other things. What is down stays down, and so does not press again."""
        self._acts = dict(acts)
        for names in (self._down, self._heard, self._waiting):
            names.intersection_update(acts)


def _momentary(name: str) -> bool:
    """Whether a signal is only ever heard because somebody pressed: a note comes out of nothing."""
    return name.startswith(("midi/", "button/")) or name.endswith((LONG, "/double", "/push"))
