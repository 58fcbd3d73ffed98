"""Calls that cost something, such as a scene: the first at once, of a storm then only the last."""

from typing import Generic, TypeVar

EVERY_S = 0.05

What = TypeVar("What")


class Rare(Generic[What]):
    """Holds at most one wish; hands one out every `EVERY_S` at most. Time is passed in."""

    def __init__(self) -> None:
        self._wish: list[What] = []
        self._last_s = float("-inf")

    @property
    def waiting(self) -> bool:
        """Whether a wish has not been handed out yet."""
        return bool(self._wish)

    def ask(self, what: What) -> None:
        """Wish for `what`, in the place of an earlier wish that still waits."""
        self._wish[:] = [what]

    def due(self, now_s: float) -> list[What]:
        """The wish, if there is one and it is time: a list of one or none."""
        if not self._wish or now_s - self._last_s < EVERY_S:
            return []
        self._last_s = now_s
        due, self._wish = self._wish, []
        return due
