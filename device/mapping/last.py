"""Which scene is on and how the box was started lately: two small files beside the scenes.

Both are put in place as scenes are, so that after a crash each is the old or the new one. One that
cannot be read is no reason not to play.
"""

import json
from collections.abc import Sequence

from device.errors import ControlError
from device.mapping.disk import Disk, put, why
from device.mapping.scene import MOST_SCENES
from device.mapping.starts import Start, decode_starts, encode_starts

LAST, STARTS = "last.json", "starts.json"
_MAX_BYTES = 1 << 16


def read_last(disk: Disk) -> int | None:
    """The scene that was on; None if that is not known."""
    try:
        number = json.loads(_read(disk, LAST))["number"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return number if type(number) is int and 0 <= number < MOST_SCENES else None


def write_last(disk: Disk, number: int) -> None:
    """Note which scene is on; writes nothing if that is what is noted. Waits for the disk.

    Raises:
        ControlError: if the disk will not have it.
    """
    if number != read_last(disk):
        _put(disk, LAST, json.dumps({"number": number}).encode() + b"\n")


def read_starts(disk: Disk) -> tuple[Start, ...]:
    """The log of starts; empty if there is none that can be read."""
    return decode_starts(_read(disk, STARTS))


def write_starts(disk: Disk, log: Sequence[Start]) -> None:
    """Keep the log of starts. Waits for the disk.

    Raises:
        ControlError: if the disk will not have it.
    """
    _put(disk, STARTS, encode_starts(log))


def _read(disk: Disk, name: str) -> bytes:
    try:
        return disk.read(name, _MAX_BYTES)[:_MAX_BYTES]
    except OSError:
        return b""


def _put(disk: Disk, name: str, data: bytes) -> None:
    try:
        with disk.alone():
            put(disk, name, data)
    except OSError as error:
        raise ControlError(f"cannot note which scene is on: {why(error)}") from None
