"""The settings of one control, from outside: its range by moving it, the others by their names.

control/range knob/1 ─► from end to end ─► control/range knob/1 ─► learned, and stored
control/set knob/1 curve exponential 4
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import get_args

from device.control.osc_reply import Answer
from device.errors import ControlError
from device.hands.acts import RANGE, RANGED, SET
from device.hands.movable import Movable
from device.hands.repatch import Repatch
from device.mapping.conditioning import Conditioning, Takeover, problems_of
from device.mapping.curve import MAX_POINTS, Curve
from device.play.acts import ActSpec, Do
from device.words import nearest, printable

MOST_LEARNING = 64
MOST_SHOWN = 64
_KEYS = tuple(field.name for field in fields(Conditioning))
_WORDS = {"direction": ("up", "down"), "takeover": get_args(Takeover)}
_CURVES = ("linear", "exponential", "s", "table")


class ControlSettings:
    """Settings that are changed while it plays."""

    def __init__(
        self,
        movable: Movable,
        repatch: Repatch,
        *,
        learn_range: Callable[[str], None],
        range_learned: Callable[[str], Conditioning],
    ) -> None:
        """The two are those of `device.hands.hands.Hands`."""
        self._movable, self._repatch = movable, repatch
        self._begin, self._end = learn_range, range_learned
        self._learning: set[str] = set()

    def acts(self) -> dict[ActSpec, Do]:
        """What a player can have done."""
        return {RANGE: self.learn_range, RANGED: self.range_learned, SET: self.change}

    def learn_range(self, name: str) -> str:
        """Begin to learn a range, or end it; returns what the player has to do or what was learned.

        Raises:
            ControlError: if there is no such control, or it was hardly moved.
        """
        if name in self._learning:
            return self.range_learned(name)
        self._repatch.known(name)
        if len(self._learning) >= MOST_LEARNING:
            raise ControlError(f"the ranges of {MOST_LEARNING} controls are being learned; end one")
        self._learning.add(name)
        self._begin(name)
        return f"Move {name} from end to end, then press again."

    def range_learned(self, name: str) -> str:
        """End it.

        Raises:
            ControlError: if it was not begun, or the control was hardly moved; the old range holds.
        """
        if name not in self._learning:
            shown = printable(name)[:64]
            near = nearest(shown, sorted(self._learning))
            raise ControlError(f"the range of {shown!r} is not being learned{near}")
        self._learning.discard(name)
        before = self._settings(name)
        learned = self._end(name)
        settings = replace(before, low=learned.low, high=learned.high)
        self._hold(name, settings)
        return f"{name} goes from {settings.low:.3f} to {settings.high:.3f} of what it can tell."

    def change(self, name: str, key: str, *value: str) -> str:
        """Change one setting.

        Raises:
            ControlError: if there is no such control or setting, or the value is not allowed.
        """
        self._repatch.known(name)
        if key not in _KEYS:
            shown = printable(key)[:64]
            near = nearest(shown, _KEYS)
            raise ControlError(
                f"there is no setting {shown!r}{near or '; there are ' + ', '.join(_KEYS)}"
            )
        where = f"{name}.{key}"
        read: Curve | float | str
        if key == "curve":
            read = _curve(value, where)
        elif len(value) != 1:
            raise ControlError(f"{where} was given {len(value)} values; give one")
        elif words := _WORDS.get(key):
            read = _word(value[0], words, where)
        else:
            read = _number(value[0], where)
        changes: dict[str, object] = {key: read}
        self._hold(name, replace(self._settings(name), **changes))  # type: ignore[arg-type]
        return f"{where} is {' '.join(value)} now."

    def answers(self) -> list[Answer]:
        """One `/ondine/control/setting` each: name, low, high, direction, curve, deadband,
        smoothing, takeover."""
        controls = self._repatch.patch.controls
        told: list[Answer] = [
            ("/ondine/control/ranging", [name]) for name in sorted(self._learning)
        ]
        for name, s in list(controls.items())[:MOST_SHOWN]:
            numbers = (s.direction, s.curve.kind, s.deadband, s.smoothing_ms, s.takeover)
            told.append(("/ondine/control/setting", [name, s.low, s.high, *numbers]))
        return told

    def _settings(self, name: str) -> Conditioning:
        """Those it has, else usual ones: a stream of another app takes over at once, as before."""
        if settings := self._repatch.patch.controls.get(name):
            return settings
        if self._movable.touched(name):
            return Conditioning()
        return Conditioning(deadband=0.0, smoothing_ms=0.0, takeover="jump")

    def _hold(self, name: str, settings: Conditioning) -> None:
        if problems := problems_of(settings, name):
            raise ControlError("; ".join(problems))
        patch = self._repatch.patch
        self._repatch.play(replace(patch, controls={**patch.controls, name: settings}))


def _word(text: str, words: Sequence[str], where: str) -> str:
    if text in words:
        return text
    shown = printable(text)[:40]
    raise ControlError(f"{where} was given {shown!r}; it may be {' or '.join(words)}")


def _number(text: str, where: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ControlError(f"{where} was given {printable(text)[:40]!r}; give a number")
    return number


def _curve(values: Sequence[str], where: str) -> Curve:
    """Such as `exponential 4`, or `table 0.5 0.2 0.8 0.9`: its points one after the other."""
    kind = values[0] if values else ""
    if kind not in _CURVES:
        shown = printable(kind)[:40]
        raise ControlError(
            f"{where} was given {shown!r}{nearest(shown, _CURVES)}; it may be {', '.join(_CURVES)}"
        )
    numbers = [_number(text, where) for text in values[1:]]
    if kind == "table":
        if len(numbers) % 2 or len(numbers) > 2 * MAX_POINTS:
            raise ControlError(
                f"{where} was given {len(numbers)} numbers; a table has an x and a y for each of "
                f"up to {MAX_POINTS} points"
            )
        return Curve("table", points=tuple(zip(numbers[::2], numbers[1::2], strict=True)))
    if len(numbers) > (0 if kind == "linear" else 1):
        raise ControlError(f"{where} was given {len(numbers)} numbers; only a bend, such as s 3")
    if kind == "linear":
        return Curve()
    bend = numbers[0] if numbers else Curve().bend
    return Curve("exponential" if kind == "exponential" else "s", bend)
