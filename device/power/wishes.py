"""The wish that the whole box is switched off, or starts again, as systemd is told of it.

    control ── makes /run/ondine/poweroff ──► ondine-poweroff.path ──► ondine-poweroff.service
                                                 takes it away, ends; SuccessAction=poweroff

Control has no right to switch anything off, and gets none: it can make a file in a folder that is
its own. That systemd looks for just this file is all the right there is, and the service that acts
on it has none either; it is systemd itself that switches off, because it has ended.
"""

import contextlib
from pathlib import Path
from typing import Literal

from device.errors import ControlError

What = Literal["poweroff", "reboot"]


class Wishes:
    """The wishes that can be left in a run folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def leave(self, what: What) -> None:
        """Leave a wish.

        Raises:
            ControlError: if that cannot be done.
        """
        try:
            (self._folder / what).touch()
        except OSError as error:
            raise ControlError(f"the box cannot be told to ({error.strerror})") from None

    def waits(self, what: What) -> bool:
        """Whether nobody has seen to it yet."""
        return (self._folder / what).exists()

    def take_back(self, what: What) -> None:
        """It is not wished any more."""
        with contextlib.suppress(OSError):
            (self._folder / what).unlink(missing_ok=True)
