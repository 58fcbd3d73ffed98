"""What routes and macros may move: the parameters of a bundle and the macros, by id."""

from collections.abc import Iterable

from device.words import nearest

_MOST_GUESSED = 12
"""Guesses at a name take milliseconds each; no more mistakes than these are shown anyway."""


class Targets:
    """The ids that can be moved, and sentences about those that cannot."""

    def __init__(self, parameters: Iterable[str], macros: Iterable[str]) -> None:
        self.ids = frozenset(parameters) | frozenset(macros)
        self._guessed = 0

    def problems(self, id: str, where: str) -> list[str]:
        """Nothing if `id` can be moved; else why not, as one sentence that begins with `where`."""
        if id in self.ids:
            return []
        self._guessed += 1
        near = nearest(id, sorted(self.ids)) if self._guessed <= _MOST_GUESSED else ""
        return [f"{where}: there is no parameter or macro {id[:64]!r}{near}"]
