"""What a scenario found: one line of the report."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`what` was looked at, what was `seen`, what is `wanted`, and whether that is so."""

    what: str
    seen: str
    wanted: str
    ok: bool


def at_most(what: str, value: float, limit: float, unit: str = "s", digits: int = 2) -> Finding:
    """A number with a limit."""
    seen = f"{value:.{digits}f} {unit}".rstrip()
    return Finding(what, seen, f"≤ {limit:g} {unit}".rstrip(), value <= limit)


def exactly(what: str, value: object, wanted: object) -> Finding:
    """Something that is to be just so."""
    return Finding(what, str(value), str(wanted), value == wanted)


def holds(what: str, seen: str, ok: bool, wanted: str = "yes") -> Finding:
    """Something that is or is not so; `seen` in words."""
    return Finding(what, seen, wanted, ok)


def noted(what: str, seen: str) -> Finding:
    """Something to be known that has no limit."""
    return Finding(what, seen, "", True)


def all_ok(findings: Iterable[Finding]) -> bool:
    """Whether each is as wanted."""
    return all(finding.ok for finding in findings)
