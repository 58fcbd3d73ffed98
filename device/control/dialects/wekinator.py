"""Wekinator (Rebecca Fiebrink): what feeds it can feed this instrument, and so can what steers it.

    /wek/inputs f f f …            "wek/1", "wek/2", … in that order
    /wekinator/control/train …     a command by that name

Inputs have no range of their own: 0..1 is taken unless another is declared. Commands are those that
Wekinator 2 documents; what they do is for whoever takes them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from device.control.dialects.arguments import counted, floats, ranged
from device.control.dialects.heard import Argument, Command, Heard, Number
from device.control.osc_guard import RefusedError
from device.errors import ControlError

MOST_INPUTS = 256
MOST_OUTPUTS = 256
CONTROL = "/wekinator/control/"

Takes = Literal["nothing", "one", "ids", "numbers", "names"]

COMMANDS: dict[str, Takes] = {
    "startRecording": "nothing",
    "stopRecording": "nothing",
    "startDtwRecording": "one",
    "stopDtwRecording": "nothing",
    "train": "nothing",
    "cancelTrain": "nothing",
    "startRunning": "nothing",
    "stopRunning": "nothing",
    "deleteAllExamples": "nothing",
    "deleteExamplesForOutput": "one",
    "enableModelRecording": "ids",
    "disableModelRecording": "ids",
    "enableModelRunning": "ids",
    "disableModelRunning": "ids",
    "selectInputsForOutput": "ids",
    "setInputNames": "names",
    "setOutputNames": "names",
    "outputs": "numbers",
}
"""What each takes along: "one" and "ids" are whole numbers from 1, of an output or an input."""


@dataclass(frozen=True)
class WekinatorInputs:
    """`/wek/inputs`, each input from `minimum` to `maximum`."""

    minimum: float = 0.0
    maximum: float = 1.0
    app: str = "Wekinator inputs"
    port: int = 6448

    def __post_init__(self) -> None:
        if not self.minimum < self.maximum:
            raise ControlError(
                f"Wekinator inputs were declared to go from {self.minimum} to {self.maximum}; "
                "the first must be the lower one"
            )

    def read(self, address: str, arguments: Sequence[Argument]) -> Heard | None:
        if address != "/wek/inputs":
            return None
        if not 1 <= len(arguments) <= MOST_INPUTS:
            raise RefusedError("wrong arguments")
        return tuple(
            Number(f"wek/{i}", ranged(value, self.minimum, self.maximum))
            for i, value in enumerate(floats(arguments), 1)
        )


@dataclass(frozen=True)
class WekinatorControl:
    """`/wekinator/control/…`: named commands."""

    app: str = "Wekinator control"
    port: int = 6448

    def read(self, address: str, arguments: Sequence[Argument]) -> Heard | None:
        name = address.removeprefix(CONTROL)
        takes = COMMANDS.get(name)
        if takes is None or name == address:
            return None
        if takes == "nothing":
            # Senders put a 1 there, and buttons on a phone a 0 when they are let go.
            pressed = not len(arguments) or bool(floats(arguments)[0])
            return (Command(name),) if pressed else ()
        if not 1 <= len(arguments) <= MOST_OUTPUTS or (takes == "one" and len(arguments) > 1):
            raise RefusedError("wrong arguments")
        if takes == "names":
            if not all(isinstance(argument, str) for argument in arguments):
                raise RefusedError("wrong arguments")
            return (Command(name, tuple(str(argument) for argument in arguments)),)
        if takes == "numbers":
            return (Command(name, tuple(floats(arguments))),)
        ids = tuple(counted(argument, MOST_OUTPUTS) for argument in arguments)
        if 0 in ids:
            raise RefusedError("wrong arguments")
        return (Command(name, ids),)
