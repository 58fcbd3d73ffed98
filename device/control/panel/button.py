"""Buttons and footswitches: what a bouncing contact means, with the time passed in.

contact   ▁▁▏▕▔▔▔▔▔▔▔▔▔▔▏▕▁▁▁        a change is believed once it has lasted debounce_s
button    ▁▁▁▁▔▔▔▔▔▔▔▔▔▔▔▔▁▁▁
long      ▁▁▁▁▁▁▁▁▁▔▔▔▔▔▔▔▁▁▁        from long_s after the press until it is let go
"""

from dataclasses import dataclass, replace
from typing import Literal

Said = Literal["", "long", "double"]


@dataclass(frozen=True)
class Button:
    """A button between two looks at its contact."""

    contact: bool = False
    """Closed or not, when last looked at."""
    since_s: float = 0.0
    """Since when it is that."""
    down: bool = False
    """Believed to be pressed."""
    pressed_s: float = -1e9
    on: bool = False
    """A latching one's: on or off."""
    long: bool = False
    double: bool = False
    second: bool = False
    """The last press was the second of a double one, and so is no first of another."""


@dataclass(frozen=True)
class Manner:
    """How a button is read; times of 0 switch long and double presses off."""

    latching: bool = False
    debounce_s: float = 0.005
    long_s: float = 0.0
    double_s: float = 0.0


def looked(
    button: Button, contact: bool, now_s: float, manner: Manner
) -> tuple[Button, list[tuple[Said, bool]]]:
    """The state after a look at the contact, and what it says: which of its values became what.

    "" is the button itself. A change is dated from when the contact last moved, and believed with
    the first look that finds it `debounce_s` old.
    """
    if contact != button.contact:
        button = replace(button, contact=contact, since_s=now_s)
    said: list[tuple[Said, bool]] = []
    if button.contact != button.down and now_s - button.since_s >= manner.debounce_s:
        button = _changed(button, manner, said)
    if button.down and not button.long and 0 < manner.long_s <= now_s - button.pressed_s:
        button = replace(button, long=True)
        said.append(("long", True))
    return button, said


def _changed(button: Button, manner: Manner, said: list[tuple[Said, bool]]) -> Button:
    if not button.contact:
        if not manner.latching:
            said.append(("", False))
        said += [("long", False)] if button.long else []
        said += [("double", False)] if button.double else []
        return replace(button, down=False, long=False, double=False)
    on = not button.on
    said.append(("", on if manner.latching else True))
    double = not button.second and button.since_s - button.pressed_s <= manner.double_s
    said += [("double", True)] if double else []
    pressed_s = button.since_s
    return replace(button, down=True, on=on, double=double, second=double, pressed_s=pressed_s)
