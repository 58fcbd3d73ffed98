"""One thing that the gig check looked at, and what all of them together mean."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["fine", "worry", "stop"]


@dataclass(frozen=True)
class Finding:
    """`fine`; `worry`: it plays, with a risk that the sentence names; `stop`: it cannot play."""

    what: str
    """A word or two."""
    level: Level
    sentence: str
    """What was found and, unless it is fine, what it costs and what to do."""


VERDICTS = (
    "Ready to play.",
    "It plays, with the risks marked !.",
    "It cannot play: see what is marked ✗.",
)
"""By exit code."""


def exit_code(findings: Iterable[Finding]) -> int:
    """0: all is fine. 1: there are worries. 2: it cannot play."""
    levels = {finding.level for finding in findings}
    return 2 if "stop" in levels else 1 if "worry" in levels else 0


def fine_unless(what: str, trouble: str, fine: str) -> Finding:
    """A worry with the sentence `trouble`, or where that is empty, fine."""
    return Finding(what, "worry", trouble) if trouble else Finding(what, "fine", fine)
