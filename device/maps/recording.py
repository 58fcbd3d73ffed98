"""Recording a path of poses and a path of sounds, to be paired with each other.

Each may be recorded for itself: first a gesture, then the sound that is to go along it. They are
then walked at a constant pace, however they were played. Recorded at once, they begin and end
together, and what was at the same time belongs together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from device.mapping.trajectory import By, paired

Which = Literal["pose", "sound"]

EVERY_S = 0.02
STEPS = 16
"""Pairs that a path becomes: enough for a bend in it, few enough for sixty paths in a map."""
_MOST_ROWS = 3000
_STILL_POSE, _STILL_SOUND = 0.02, 1e-3
"""A path whose every input and target moves by less stands still. A hand and a sensor tremble."""


@dataclass
class _Path:
    """Rows in equal intervals. A long one keeps every second row, and goes on at half the pace."""

    every_s: float = EVERY_S
    rows: list[list[float]] = field(default_factory=list)
    last_s: float = -1e9

    def add(self, row: Sequence[float], now_s: float) -> None:
        if now_s - self.last_s < self.every_s * 0.999:
            return
        self.rows.append(list(row))
        self.last_s = now_s
        if len(self.rows) >= _MOST_ROWS:
            self.rows, self.every_s = self.rows[::2], 2 * self.every_s


@dataclass(frozen=True)
class Paths:
    """Two paths, brought to as many steps: [steps, inputs] and [steps, targets]."""

    poses: list[list[float]]
    sounds: list[list[float]]

    @property
    def still(self) -> bool:
        """Whether they are but one pose with one sound."""
        poses, sounds = np.ptp(self.poses, axis=0), np.ptp(self.sounds, axis=0)
        return bool(poses.max() <= _STILL_POSE and sounds.max() <= _STILL_SOUND)


class Recorder:
    """What is being recorded, and what was. The time is passed in."""

    def __init__(self) -> None:
        self.running: set[Which] = set()
        self._paths: dict[Which, _Path] = {}
        self._by: By = "length"

    def begin(self, which: Which) -> None:
        """Record this path, in the place of an earlier one."""
        self.running.add(which)
        self._by = "time" if len(self.running) == 2 else "length"
        # Both begin together: what only one of them has of the time before is left out.
        for each in self.running:
            self._paths[each] = _Path()

    def add(self, pose: Sequence[float] | None, sound: Sequence[float], now_s: float) -> None:
        """Where both are now; call it every 20 ms, or more often."""
        if "pose" in self.running and pose is not None:
            self._paths["pose"].add(pose, now_s)
        if "sound" in self.running:
            self._paths["sound"].add(sound, now_s)

    def end(self, which: Which) -> Paths | None:
        """Record it no more; both paths once both are there, and then they are forgotten.

        Raises:
            ControlError: if nothing was heard in one of them.
        """
        if self._by == "time":
            self.running.clear()
        self.running.discard(which)
        if self.running or len(self._paths) < 2:
            return None
        paths, self._paths = self._paths, {}
        by, self._by = self._by, "length"
        return Paths(*paired(paths["pose"].rows, paths["sound"].rows, STEPS, by))

    def steps(self, which: Which) -> int:
        """Rows of a path so far."""
        return len(self._paths[which].rows) if which in self._paths else 0

    def forget(self) -> None:
        """Another map: its poses and sounds are of other names."""
        self.running.clear()
        self._paths.clear()
        self._by = "length"
