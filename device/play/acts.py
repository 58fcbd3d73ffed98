"""Acts: what a player can have done while it plays, the same from OSC, a command line or a button.

    /ondine/scene/recall 3      ondine scene recall 3      a press: "scene/recall 3"
                    └──────────────────┴──────────────────────────┘
                       Acts.do("scene/recall", ["3"]) ─► a sentence

What acts there are is data (`ActSpec`), so that addresses, commands and pages are made from it.
"""

import inspect
import math
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from device.errors import ControlError
from device.words import nearest, printable

MAX_ARGUMENTS = 160
MAX_TEXT = 4096

Value = float | str
Do = Callable[..., str | Awaitable[str]]
"""Does it and returns a sentence; raises OndineError with one if it cannot."""


@dataclass(frozen=True)
class Argument:
    """One argument of an act."""

    name: str
    kind: Literal["number", "text"] = "text"
    """A text may be given as a number too: scenes are found by either."""
    about: str = ""
    optional: bool = False
    many: bool = False
    """Any number of them; only the last argument may be."""


@dataclass(frozen=True)
class ActSpec:
    """What an act is called, what it takes, and what it does in one line."""

    name: str
    about: str
    arguments: tuple[Argument, ...] = ()
    local: bool = False
    """Names files of this machine: from its command line only, not from the network."""
    slow: bool = False
    """Waits for a disk or a model: from the network only twice a second."""

    @property
    def usage(self) -> str:
        """Such as `scene/rename NUMBER NAME`."""
        words = [self.name]
        for argument in self.arguments:
            word = argument.name.upper() + ("…" if argument.many else "")
            words.append(f"[{word}]" if argument.optional else word)
        return " ".join(words)


class Acts:
    """The acts of a performance, by name."""

    def __init__(self, bound: Mapping[ActSpec, Do]) -> None:
        self._bound = {spec.name: (spec, do) for spec, do in bound.items()}

    @property
    def specs(self) -> list[ActSpec]:
        """Every act there is."""
        return [spec for spec, _ in self._bound.values()]

    async def do(self, name: str, arguments: Sequence[object] = ()) -> str:
        """Have it done; returns what to say.

        Raises:
            OndineError: if there is no such act, its arguments are wrong, or it cannot be done.
        """
        spec, do = self._named(name)
        said = do(*checked(spec, arguments))
        return await said if inspect.isawaitable(said) else str(said)

    def read(self, line: str) -> tuple[ActSpec, list[Value]]:
        """An act as a patch writes it for a button, such as `scene/recall 3`.

        Raises:
            ControlError: if it cannot be understood.
        """
        try:
            words = shlex.split(line)
        except ValueError as error:
            raise ControlError(f"{line[:80]!r} cannot be read ({error})") from None
        if not words:
            raise ControlError("an act is missing; write one such as scene/next")
        spec, _ = self._named(words[0])
        return spec, checked(spec, words[1:])

    def _named(self, name: str) -> tuple[ActSpec, Do]:
        if found := self._bound.get(name):
            return found
        shown = printable(name)[:64]
        raise ControlError(f"there is no act {shown!r}{nearest(shown, self._bound)}")


def checked(spec: ActSpec, arguments: Sequence[object]) -> list[Value]:
    """The arguments as an act takes them: numbers as floats, texts as they are.

    Raises:
        ControlError: if there are too few or too many, or one is of the wrong kind.
    """
    most = MAX_ARGUMENTS if spec.arguments and spec.arguments[-1].many else len(spec.arguments)
    least = sum(not argument.optional for argument in spec.arguments)
    if not least <= len(arguments) <= most:
        raise ControlError(f"{spec.name} was given {len(arguments)} arguments; send {spec.usage}")
    last = len(spec.arguments) - 1
    return [
        _value(spec, spec.arguments[min(place, last)], given)
        for place, given in enumerate(arguments)
    ]


def _value(spec: ActSpec, argument: Argument, given: object) -> Value:
    if isinstance(given, bool) or not isinstance(given, (int, float, str)):
        raise ControlError(f"{argument.name} of {spec.name} is neither a number nor a text")
    if argument.kind == "number":
        number = _number(given)
        if not math.isfinite(number):
            shown = printable(given)[:40] if isinstance(given, str) else f"{number:g}"
            raise ControlError(f"{argument.name} of {spec.name} is {shown!r}; send a number")
        return number
    if isinstance(given, (int, float)):
        # 2024.0 is how a phone sends 2024.
        number = _number(given)
        return str(int(number)) if number.is_integer() else str(number)
    if len(given) > MAX_TEXT or "\0" in given:
        raise ControlError(f"{argument.name} of {spec.name} is too long, or no text")
    return given


def _number(given: float | str) -> float:
    """As a float; not finite if it is none, or too large for one."""
    try:
        return float(given)
    except ValueError:
        return math.nan
    except OverflowError:
        return math.inf
