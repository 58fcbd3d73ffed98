"""What a fault trial found: how often it was tried, what went wrong, the worst that was seen."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Report:
    """One trial, or one piece of it. It is good if there are no failures."""

    name: str
    count: int
    """how many faults were injected, or cycles gone through"""
    failures: tuple[str, ...] = ()
    """a sentence for each thing that must not happen and did, with the seed that shows it again"""
    worst: dict[str, float] = field(default_factory=dict)
    """the largest value seen of each thing measured; the name ends in its unit"""

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError(f"A trial was given a count of {self.count}; a count is 0 or more.")


def joined(a: Report, b: Report) -> Report:
    """Both pieces of one trial as one: counts are added, of the worst the worse is kept.

    Raises:
        ValueError: they are pieces of different trials.
    """
    if a.name != b.name:
        raise ValueError(f"Reports of {a.name!r} and {b.name!r} cannot be joined: one trial only.")
    worst = dict(a.worst)
    for what, value in b.worst.items():
        worst[what] = max(value, worst.get(what, value))
    return Report(a.name, a.count + b.count, a.failures + b.failures, worst)
