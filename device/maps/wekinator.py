"""Wekinator's control commands as acts of the learned map: what steers it can steer this one.

There a model is fed while a recording runs, trained when told, and run. Here a recording becomes
one pair if the pose was held, else a path; `train` has the network learn, in the background.
"""

from collections.abc import Iterable

from device.control.dialects.heard import Command
from device.errors import ControlError
from device.mapping.dataset import MAX_INPUTS
from device.mapping.learned import LearnedMap
from device.play.acts import Value

Line = list[Value]
"""An act and its arguments, such as ["map/kind", "network"]."""

ACTS: dict[str, tuple[Line, ...]] = {
    "startRecording": (["map/path/pose", 1.0], ["map/path/sound", 1.0]),
    "stopRecording": (["map/path/pose", 0.0], ["map/teach"]),
    "train": (["map/kind", "network"],),
    "cancelTrain": (["map/kind", "smooth"],),
    "startRunning": (["map/play"],),
    "stopRunning": (["map/teach"],),
    "deleteAllExamples": (["map/clear"],),
}

_INPUT = "wek/"


def acts_of(command: Command, map: LearnedMap | None, heard: Iterable[str]) -> list[Line]:
    """What to do for a command, in order; `heard` are the signals that have come in.

    Where there is no map yet, recording or setting the outputs begins one of every `/wek/inputs`
    that was heard.

    Raises:
        ControlError: for a command that has no meaning here, or names no output of the map.
    """
    name, arguments = command
    begun = _begun(heard) if map is None and name in ("startRecording", "outputs") else []
    if name in ACTS:
        return begun + [list(line) for line in ACTS[name]]
    if name == "outputs":
        return [*begun, ["map/sound", *arguments]]
    if name in ("enableModelRunning", "disableModelRunning"):
        on = float(name.startswith("enable"))
        return [["map/enable", _target(map, number), on] for number in arguments]
    raise ControlError(f"Wekinator's {name} has no meaning here: {_WHY.get(name, _OTHER)}")


def _begun(heard: Iterable[str]) -> list[Line]:
    """A map of its inputs, in their order, if there are any."""
    places = (name.removeprefix(_INPUT) for name in heard if name.startswith(_INPUT))
    inputs = sorted(int(place) for place in places if place.isdecimal())
    return [["map/begin", *(f"{_INPUT}{place}" for place in inputs[:MAX_INPUTS])]] if inputs else []


def _target(map: LearnedMap | None, number: object) -> str:
    """The target that Wekinator calls this output, from 1."""
    targets = () if map is None else map.dataset.targets
    if not isinstance(number, int) or not 1 <= number <= len(targets):
        raise ControlError(f"there is no output {number}; the map has {len(targets)}")
    return targets[number - 1]


_OTHER = "all targets learn from the same controls and pairs"
_WHY = {
    "startDtwRecording": "gestures are not told apart, paths are paired instead",
    "stopDtwRecording": "gestures are not told apart, paths are paired instead",
    "setInputNames": "controls are chosen by map/begin",
    "setOutputNames": "targets are chosen by map/targets",
}
