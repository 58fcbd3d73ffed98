"""Pitch, roll and energy from an accelerometer and a gyroscope.

The accelerometer knows where down is, but only while nothing moves; the gyroscope knows how it
turns, but drifts. A complementary filter trusts the second for less than half a second and the
first for longer (S. Colton, "The Balance Filter", 2007; angles as in Freescale AN3461).
"""

import math
from typing import NamedTuple

TRUST_S = 0.5
DECAY_S = 0.2
_GAP_S = 0.25
"""After a longer pause nothing is known of the turns in between."""


class Motion(NamedTuple):
    """What was measured: acceleration in g, turns in degrees per second, about x, y and z."""

    ax: float
    ay: float
    az: float
    gx: float
    gy: float
    gz: float


class Tilt(NamedTuple):
    """How something is held. Pitch is -90..90, roll -180..180; energy is 0 or more, in g."""

    pitch_deg: float
    roll_deg: float
    energy_g: float


def leaning(motion: Motion) -> Tilt:
    """How it is held if it does not move: from gravity alone."""
    pitch = math.degrees(math.atan2(-motion.ax, math.hypot(motion.ay, motion.az)))
    roll = math.degrees(math.atan2(motion.ay, motion.az))
    energy = abs(math.sqrt(motion.ax**2 + motion.ay**2 + motion.az**2) - 1.0)
    return Tilt(pitch, roll, energy)


def followed(tilt: Tilt | None, motion: Motion, passed_s: float) -> Tilt:
    """How it is held now, `passed_s` after `tilt`.

    Energy rises at once and falls within DECAY_S, so that a stroke is not over before it is heard.
    """
    rest = leaning(motion)
    if tilt is None or not 0 <= passed_s <= _GAP_S:
        return rest
    share = passed_s / (TRUST_S + passed_s)
    pitch = tilt.pitch_deg + motion.gy * passed_s
    roll = tilt.roll_deg + motion.gx * passed_s
    # Near ±180 the short way leads over the edge.
    pitch += share * (rest.pitch_deg - pitch)
    roll += share * _wrapped(rest.roll_deg - roll)
    energy = max(rest.energy_g, tilt.energy_g * math.exp(-passed_s / DECAY_S))
    return Tilt(min(max(pitch, -90.0), 90.0), _wrapped(roll), energy)


def _wrapped(angle_deg: float) -> float:
    """The same angle, -180..180."""
    return (angle_deg + 180.0) % 360.0 - 180.0
