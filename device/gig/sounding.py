"""Whether Ondine plays at this moment: then the check keeps its hands off the card."""

from dataclasses import dataclass

from device.errors import AudioError
from device.gig.ground import Ground
from device.paths import RunFolder

SILENT_S = 10.0
"""Longer than any block: an audio process that was not heard from for so long does not play."""


@dataclass(frozen=True)
class Sounding:
    """What plays now, as its status tells."""

    name: str
    card: str
    """'' if it plays without one, or its card is gone."""
    trouble: str
    """'' or why it does not play as it should."""
    dropouts: int
    realtime: bool
    locked: bool


def sounding(folder: RunFolder, now_s: float, ground: Ground) -> Sounding | None:
    """What plays in a run folder at `now_s` on the monotonic clock; None if nothing does."""
    from device.status import Status

    if not folder.status.exists():
        return None
    try:
        status = Status(folder.status)
    except AudioError:
        return None  # Of another version: nothing of ours plays.
    heard_s = max(status["started_s"], status["heartbeat_s"])
    alive = (ground.root / f"proc/{status['pid']:.0f}").is_dir()
    if status["stopped"] or not alive or now_s - heard_s > SILENT_S:
        return None
    return Sounding(
        status.text("name") or "an instrument",
        status.text("card"),
        status.text("trouble"),
        int(max(status["late_blocks"], status["xruns"])),
        bool(status["realtime"]),
        bool(status["locked"]),
    )
