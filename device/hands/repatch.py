"""Another patch in the place of the one that plays: heard at once, and stored.

And which controls there are to speak of: a panel's, those the patch names, and those heard.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice

from device.control.signal import Signal
from device.errors import ControlError
from device.mapping.patch import MAX_CONTROLS, Patch
from device.mapping.routes import MAX_ROUTES, sound_name
from device.words import nearest, printable

MOST_HEARD = 1024
MOST_GUESSED = 128
"""Of a slip of the finger: to look through a thousand names would hold up the hands."""


class Repatch:
    """`patch` tells which one plays, `change` plays another, and `store` keeps it for next time."""

    def __init__(
        self,
        panel: Collection[str],
        *,
        patch: Callable[[], Patch],
        change: Callable[[Patch], None],
        store: Callable[[Patch], None],
    ) -> None:
        """`panel` are the names of the panel's controls."""
        self._panel = tuple(panel)
        self._patch, self._change, self._store = patch, change, store
        self._heard: dict[str, None] = {}

    @property
    def patch(self) -> Patch:
        """The patch that plays."""
        return self._patch()

    def hear(self, signals: Sequence[Signal]) -> None:
        """Signals as they come, so that their names are known."""
        if len(self._heard) < MOST_HEARD:
            for name, _, _ in signals:
                if name not in self._heard and sound_name(name):
                    self._heard[name] = None

    def play(self, patch: Patch) -> None:
        """Put `patch` in place.

        Raises:
            ControlError: if it cannot be; the old one plays on then, and is stored.
        """
        for what, number, most in (
            ("routes", len(patch.routes), MAX_ROUTES),
            ("controls with settings", len(patch.controls), MAX_CONTROLS),
        ):
            if number > most:
                raise ControlError(f"there would be {number} {what}; {most} are allowed")
        self._change(patch)
        self._store(patch)

    def known(self, name: str) -> str:
        """The name again, if there is such a control.

        Raises:
            ControlError: if there is none, with the nearest one.
        """
        if name in self._heard or name in self._names():
            return name
        shown = printable(name)[:64]
        near = nearest(shown, list(islice(self._names(), MOST_GUESSED)))
        raise ControlError(
            f"there is no control {shown!r}{near or '; move it once, or look at control/list'}"
        )

    def _names(self) -> Iterator[str]:
        """All of them, the likeliest first."""
        patch = self.patch
        yield from self._panel
        yield from patch.controls
        yield from (route.source for route in patch.routes)
        yield from self._heard
