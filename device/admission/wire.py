"""Protobuf's wire format, read strictly: numbered fields, each a number or a run of bytes.

    key varint = number << 3 | type      0: varint   1: 8 bytes   2: length, bytes   5: 4 bytes

It knows nothing of what the fields mean, goes into no message by itself, and copies no bytes. What
protobuf would forgive (groups, unknown types, numbers beyond 64 bits) it does not.
"""

from collections.abc import Iterator

from device.admission.limits import MAX_FIELDS
from device.errors import BundleError

VARINT, EIGHT, BYTES, FOUR = 0, 1, 2, 5
_SIZES = {EIGHT: 8, FOUR: 4}
_TOO_SHORT = "it ends in the middle of a field"


class Wire:
    """Reads messages of one file and counts their fields."""

    def __init__(self, most: int = MAX_FIELDS) -> None:
        self._most = self._left = most

    def fields(self, data: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
        """(number, type, value) of every field of a message; varints are 0..2^64-1.

        Raises:
            BundleError: if these bytes are no message, or the file has too many fields.
        """
        at, end = 0, len(data)
        while at < end:
            self._left -= 1
            if self._left < 0:
                raise BundleError(f"it has more than {self._most} fields")
            key, at = varint(data, at)
            number, kind = key >> 3, key & 7
            if not 0 < number < 1 << 29:
                raise BundleError(f"it has a field of number {number}")
            if kind == VARINT:
                value, at = varint(data, at)
                yield number, kind, value
                continue
            if kind == BYTES:
                size, at = varint(data, at)
            elif kind in _SIZES:
                size = _SIZES[kind]
            else:
                raise BundleError(f"it has a field of the unknown type {kind}")
            if size > end - at:
                raise BundleError(_TOO_SHORT)
            yield number, kind, data[at : at + size]
            at += size


def varint(data: memoryview, at: int) -> tuple[int, int]:
    """The number that begins at `at`, 0..2^64-1, and where the next thing begins."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise BundleError(_TOO_SHORT)
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> 64:
                break
            return value, at
    raise BundleError("it has a number of more than 64 bits")


def varints(data: memoryview, most: int) -> list[int]:
    """Packed numbers, 0..2^64-1; `most` of them are read."""
    found: list[int] = []
    at = 0
    while at < len(data):
        if len(found) == most:
            raise BundleError(f"it has a list of more than {most} numbers")
        value, at = varint(data, at)
        found.append(value)
    return found


def signed(value: int) -> int:
    """A varint as the int64 that protobuf means by it."""
    return value - (1 << 64) if value >> 63 else value
