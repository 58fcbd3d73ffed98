"""What stands between a control and what it moves: its range, direction, curve, deadband,
smoothing and takeover, as settings of one control.

    reading ─► range, ends pulled in ─► deadband ─► direction ─► curve ─► smoothing ─► signal
    0..1       0 … 1 always reached     ±2 counts                         one pole     0..1

Range and deadband follow what works on norns, Organelle and Mutable Instruments' modules: stored
ends for each control, light smoothing, and a dead band that never costs the ends.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from device.errors import ControlError
from device.mapping.curve import Curve
from device.mapping.curve import problems_of as problems_of_curve

Takeover = Literal["pickup", "jump"]

MIN_SPAN = 0.02
"""The least travel a range may have: less is the noise of a control that nobody moved."""
MAX_DEADBAND = 0.25
MAX_SMOOTHING_MS = 10_000.0


@dataclass(frozen=True)
class Conditioning:
    """The settings of one control. Readings are 0..1 of what its hardware can tell."""

    low: float = 0.0
    """The reading at one end of its travel."""
    high: float = 1.0
    """The reading at the other end, above `low`."""
    direction: Literal["up", "down"] = "up"
    """`down`: its signal falls as its readings rise."""
    curve: Curve = field(default_factory=Curve)
    deadband: float = 2 / 1023
    """Readings this near to the one that counts are noise: ± 2 counts of a 10-bit converter."""
    smoothing_ms: float = 10.0
    """Time constant of the one-pole filter; 0: none."""
    takeover: Takeover = "pickup"
    """What happens once something else has moved the parameter; see `device.mapping.pickup`."""

    def inside(self, reading: float) -> float:
        """A finite reading, clamped between the ends that count.

        They lie a deadband inside the stored ones: those were learned with noise on top, and at
        rest against the stop a control may never read quite as far again.
        """
        margin = self._margin()
        return min(max(reading, self.low + margin), self.high - margin)

    def at_end(self, inside: float) -> bool:
        """Whether what `inside` gave is one of the ends."""
        margin = self._margin()
        return inside <= self.low + margin or inside >= self.high - margin

    def position(self, reading: float) -> float:
        """The signal, 0..1, of a control that rests at a finite reading."""
        margin = self._margin()
        first, last = self.low + margin, self.high - margin
        share = (self.inside(reading) - first) / (last - first)
        return self.curve.at(1.0 - share if self.direction == "down" else share)

    def _margin(self) -> float:
        # A deadband wider than the range leaves half of the travel, not none.
        return min(self.deadband, 0.25 * (self.high - self.low))


def problems_of(settings: Conditioning, where: str) -> list[str]:
    """What well-formed settings still cannot be; `where` names them."""
    found = []
    if not 0.0 <= settings.low < settings.high <= 1.0:
        found.append(
            f"{where} has its range from {settings.low:g} to {settings.high:g}; low and high lie "
            "in 0..1, low below high (direction turns a control round)"
        )
    elif settings.high - settings.low < MIN_SPAN:
        found.append(
            f"{where} has its range from {settings.low:g} to {settings.high:g}, less than "
            f"{MIN_SPAN:g}; learn it again, from end to end"
        )
    if not 0.0 <= settings.deadband <= MAX_DEADBAND:
        found.append(f"{where}.deadband is {settings.deadband:g}, outside 0..{MAX_DEADBAND:g}")
    if not 0.0 <= settings.smoothing_ms <= MAX_SMOOTHING_MS:
        found.append(
            f"{where}.smoothing_ms is {settings.smoothing_ms:g}, outside 0..{MAX_SMOOTHING_MS:g}"
        )
    return found + problems_of_curve(settings.curve, f"{where}.curve")


def refuse_unsound(controls: Mapping[str, Conditioning]) -> None:
    """Check settings by the name of their control.

    Raises:
        ControlError: with everything that is wrong with them.
    """
    found = [problem for name, s in controls.items() for problem in problems_of(s, name)]
    if found:
        raise ControlError("; ".join(found))


class RangeLearner:
    """The range of a control, learned while it is moved from end to end, whichever end is first."""

    def __init__(self) -> None:
        self.low, self.high = 1.0, 0.0

    def hear(self, reading: float) -> None:
        """One more reading; what is not finite is nothing that was moved."""
        if math.isfinite(reading):
            reading = min(max(reading, 0.0), 1.0)
            self.low, self.high = min(self.low, reading), max(self.high, reading)

    def learned(self, settings: Conditioning, name: str) -> Conditioning:
        """The settings with the range that was seen.

        Raises:
            ControlError: if the control was hardly moved, and the old range is the better one.
        """
        span = max(self.high - self.low, 0.0)
        if span < MIN_SPAN:
            raise ControlError(
                f"{name} was moved over {100 * span:.1f} % of its travel; its range is learned "
                f"from at least {100 * MIN_SPAN:g} %: move it from end to end"
            )
        return replace(settings, low=self.low, high=self.high)
