"""Undo and redo, for anything that is replaced rather than changed.

What is kept is whole: frozen data shares its parts, so a step back costs a few pointers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

MAX_STEPS = 500
"""Steps that can be undone; of more, the oldest are forgotten."""

T = TypeVar("T")


@dataclass(frozen=True)
class History(Generic[T]):
    """What stands now, what stood before it (oldest first) and what was undone (next to redo last).

    now=c  past=(a, b)  undone=()      do(d)  →  now=d  past=(a, b, c)  undone=()
                                       undo() →  now=b  past=(a,)       undone=(c,)
    """

    now: T
    past: tuple[T, ...] = ()
    undone: tuple[T, ...] = ()

    def do(self, new: T) -> History[T]:
        """`new` stands now. What was undone is forgotten; to do what is already so is no step."""
        if new == self.now:
            return self
        return History(new, (*self.past, self.now)[-MAX_STEPS:])

    def undo(self) -> History[T]:
        """One step back, or this very history where there is none."""
        if not self.past:
            return self
        return History(self.past[-1], self.past[:-1], (*self.undone, self.now))

    def redo(self) -> History[T]:
        """One undone step again, or this very history where nothing is undone."""
        if not self.undone:
            return self
        return History(self.undone[-1], (*self.past, self.now), self.undone[:-1])
