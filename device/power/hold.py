"""A button that is held while the power comes on: back to the first day.

    power on │ control looks for the first time
             ▼
    ▁▁▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔    held from within 10 s on, and 10 s long: reset
             │◄── 10 s ──►│
    ▁▁▁▁▁▁▁▁▁▁▁▔▔▔▔▔▔▔▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁    let go earlier: nothing
    ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▔▔▔▔▔▔▔▔    later: an ordinary press

Only in the first control process since the power came: one that died and came back does not begin
to count in the middle of a concert. Time is passed in, in seconds of any steady clock.
"""

from dataclasses import dataclass, replace

WITHIN_S = 10.0
HELD_S = 10.0


@dataclass(frozen=True)
class Hold:
    """The button between two looks; `began_s` is when its panel was first looked at."""

    began_s: float
    since_s: float | None = None
    """Since when it counts; None: it does not."""
    over: bool = False
    """It was let go, or came too late: from now on it is a button like others."""

    @property
    def counts(self) -> bool:
        """Whether it is being held for this, and so means nothing else."""
        return self.since_s is not None and not self.over

    def held(self, now_s: float) -> bool:
        """Whether it was held for long enough."""
        return self.counts and self.since_s is not None and now_s - self.since_s >= HELD_S


def heard(hold: Hold, down: bool, now_s: float) -> Hold:
    """The state after the button went down or up."""
    if hold.over:
        return hold
    if down and hold.since_s is None:
        late = now_s - hold.began_s > WITHIN_S
        return replace(hold, over=True) if late else replace(hold, since_s=now_s)
    return hold if down else replace(hold, over=True)
