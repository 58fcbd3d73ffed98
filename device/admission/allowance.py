"""How long a bundle may take to be examined: what the watch goes by, and whoever waits for it.

A file of its own, without the engine: the control process only waits.
"""

from dataclasses import dataclass

from device.admission.limits import BYTES_PER_S, STAGE_S, TRIAL_S, WALL_FACTOR, WALL_S
from device.admission.outcome import Outcome


@dataclass(frozen=True)
class Allowance:
    """Seconds of the processor for all and for a stage, and by the clock on the wall for all."""

    whole_s: float
    stage_s: float
    wall_s: float


def allowance(file_bytes: int, used: Outcome | None = None) -> Allowance:
    """What a bundle of this size may take, after what has been `used`."""
    more_s = file_bytes / BYTES_PER_S
    used = used or Outcome()
    return Allowance(
        TRIAL_S + more_s - used.cpu_s,
        STAGE_S + more_s,
        WALL_S + WALL_FACTOR * more_s - used.wall_s,
    )
