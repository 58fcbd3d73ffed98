"""The layout of a bundle's file: a zip exactly as our writer lays one out, and no other.

    header | member | header | member | … | central directory | its end

Zip has many ways to say one thing twice (overlapping members, a name in the header and another in
the directory, 64-bit sizes beside 32-bit ones, bytes that belong to nobody), and readers differ in
which they believe. `zipfile` would also build an object for each of millions of entries. So this
looks at a few hundred bytes, before anything else looks at the file.
"""

import os
import re
import stat
import struct
from dataclasses import dataclass
from pathlib import Path

from device.admission.limits import MAX_GRAPH_BYTES, MAX_MANIFEST_BYTES, MAX_NAME_BYTES
from device.bundle import MANIFEST, MAX_BYTES, MAX_MEMBERS
from device.errors import BundleError

_END = struct.Struct("<4s4H2LH")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_UTF8 = 0x800
_NAME = re.compile(rb"[A-Za-z0-9_][A-Za-z0-9_.+-]*")


@dataclass(frozen=True)
class _Entry:
    """One line of the directory. `header` is what the member's own header must repeat."""

    name: bytes
    header: tuple[int, ...]
    size: int
    begin: int


def read_manifest_bytes(path: Path) -> bytes:
    """Check the layout of the file, whatever it is, and hand out its manifest as it is written.

    Raises:
        BundleError: without the path, if it is not laid out as a bundle is.
    """
    try:
        # A pipe of that name would keep us waiting for somebody to open its other end.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            return _checked(fd)
        finally:
            os.close(fd)
    except OSError as error:
        raise BundleError(f"it cannot be read ({error.strerror}). Check the path.") from None


def _checked(fd: int) -> bytes:
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode):
        raise BundleError("it is no plain file")
    if not _END.size <= found.st_size <= MAX_BYTES:
        raise BundleError(f"it has {found.st_size} bytes; a bundle has {_END.size} to {MAX_BYTES}")
    if os.pread(fd, 2, 0) != b"PK":
        raise BundleError("it is not an Ondine bundle (`ondine convert` makes one)")
    directory, begin = _directory(fd, found.st_size)
    entries = _entries(directory)
    manifest = None
    at = 0
    for entry in sorted(entries, key=lambda e: e.begin):
        if entry.begin != at:
            raise BundleError("its members overlap, or there is something between them")
        at = _end_of(fd, entry)
        if entry.name == MANIFEST.encode():
            if entry.size > MAX_MANIFEST_BYTES:
                raise BundleError(
                    f"its manifest has {entry.size} bytes; {MAX_MANIFEST_BYTES} are allowed"
                )
            manifest = os.pread(fd, entry.size, at - entry.size)
    if at != begin:
        raise BundleError("its members overlap, or there is something between them")
    if manifest is None:
        raise BundleError(f"there is no {MANIFEST} in it")
    return manifest


def _directory(fd: int, size: int) -> tuple[bytes, int]:
    """The central directory and where it begins."""
    sign, disk, first_disk, here, count, length, begin, comment = _END.unpack(
        os.pread(fd, _END.size, size - _END.size)
    )
    if sign != b"PK\5\6" or comment:
        raise BundleError("it does not end as a bundle does: it is cut short, or more was added")
    if disk or first_disk or here != count:
        raise BundleError("it is one part of several")
    if count > MAX_MEMBERS:
        raise BundleError(f"it has {count} members; at most {MAX_MEMBERS} are allowed")
    if begin + length + _END.size != size:
        raise BundleError("its directory is not where it should be")
    if length > count * (_ENTRY.size + MAX_NAME_BYTES):
        raise BundleError(f"its directory has {length} bytes for {count} members")
    return os.pread(fd, length, begin), begin


def _entries(directory: bytes) -> list[_Entry]:
    found: list[_Entry] = []
    at = 0
    while at < len(directory):
        if len(directory) - at < _ENTRY.size:
            raise BundleError("its directory is damaged")
        (sign, _, needs, flags, method, time, date, crc, packed, size, name_size, extra, comment,
         disk, _, _, begin) = _ENTRY.unpack_from(directory, at)  # fmt: skip
        name = directory[at + _ENTRY.size : at + _ENTRY.size + name_size]
        at += _ENTRY.size + name_size
        if sign != b"PK\1\2" or len(name) != name_size or extra or comment or disk:
            raise BundleError("its directory is damaged, or has more in it than a bundle's")
        if len(name) > MAX_NAME_BYTES or not _NAME.fullmatch(name):
            raise BundleError(
                f"a member has the name {name[:60].decode(errors='replace')!r}; a name is letters, "
                f"digits and _.+-, up to {MAX_NAME_BYTES}, without folders"
            )
        if flags & ~_UTF8 or method or packed != size:
            raise BundleError(
                f"{name.decode()} is compressed or encrypted; a bundle's members are stored plain"
            )
        found.append(_Entry(name, (needs, flags, method, time, date, crc, size, size), size, begin))
        if size > MAX_GRAPH_BYTES:
            raise BundleError(
                f"{name.decode()} has {size >> 20} MiB; {MAX_GRAPH_BYTES >> 20} are allowed"
            )
    if len({entry.name for entry in found}) != len(found):
        raise BundleError("it has two members of one name")
    return found


def _end_of(fd: int, entry: _Entry) -> int:
    """Where a member ends, if its own header agrees with the directory."""
    head = os.pread(fd, _LOCAL.size + len(entry.name), entry.begin)
    if len(head) != _LOCAL.size + len(entry.name):
        raise BundleError("it is cut short")
    sign, *header, name_size, extra = _LOCAL.unpack_from(head)
    name = head[_LOCAL.size :]
    if sign != b"PK\3\4" or (tuple(header), name, extra) != (entry.header, entry.name, 0):
        raise BundleError(f"{entry.name.decode()} is not what the file's directory says of it")
    if name_size != len(name):
        raise BundleError(f"{entry.name.decode()} is not what the file's directory says of it")
    return entry.begin + len(head) + entry.size
