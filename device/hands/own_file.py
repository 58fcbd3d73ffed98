"""A file of this player's own that the box writes: whole or not at all, and never over what was
made by hand and cannot be read.

    read ─┬► what is in it
          └► cannot be used ─► set aside as NAME.damaged; it is never thrown away
    put  ──► a new one in its place, as `device.mapping.disk.put` does it

All of it waits for the disk.
"""

import errno

from device.errors import ControlError
from device.mapping.disk import Disk, put, why

MOST_ASIDE = 1000


class OwnFile:
    """One file `name` on a disk; `what` names it in sentences, such as "your patch"."""

    def __init__(self, disk: Disk, name: str, what: str, most_bytes: int) -> None:
        self._disk, self._name = disk, name
        self.what, self._most_bytes = what, most_bytes

    def read(self) -> bytes | None:
        """What is in it; None if there is none. Of one that is too long, a byte too many.

        Raises:
            ControlError: if the disk will not tell; what is there may well be sound.
        """
        try:
            return self._disk.read(self._name, self._most_bytes)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ControlError(f"cannot read {self.what}: {_why(error)}") from None

    def set_aside(self) -> str:
        """Give it another name, which is returned, so that it lies in nobody's way.

        Raises:
            ControlError: if the disk will not; it is where it was then.
        """
        try:
            with self._disk.alone():
                there = set(self._disk.names())
                endings = ["", *(f".{number}" for number in range(2, MOST_ASIDE))]
                names = (f"{self._name}.damaged{ending}" for ending in endings)
                aside = next((free for free in names if free not in there), "")
                if not aside:
                    raise ControlError(
                        f"{self.what} cannot be set aside: {MOST_ASIDE - 1} damaged ones lie there "
                        "already. Remove some"
                    )
                self._disk.rename(self._name, aside)
                self._disk.sync()
        except OSError as error:
            raise ControlError(f"{self.what} cannot be set aside: {_why(error)}") from None
        return aside

    def put(self, data: bytes) -> None:
        """Put this in its place.

        Raises:
            ControlError: if it is too long to be read again, or the disk will not have it; the old
                one is still there then.
        """
        if len(data) > self._most_bytes:
            raise ControlError(
                f"{self.what} would have {len(data)} bytes; {self._most_bytes} are allowed. Forget "
                "something first"
            )
        try:
            with self._disk.alone():
                put(self._disk, self._name, data)
        except OSError as error:
            raise ControlError(f"cannot write {self.what}: {_why(error)}") from None


def _why(error: OSError) -> str:
    if error.errno in (errno.EACCES, errno.EPERM):
        return "it is not allowed. Check who owns it, or set XDG_CONFIG_HOME to a folder of yours"
    return why(error)
