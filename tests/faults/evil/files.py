"""Attacks on whoever opens the file: its kind, its size, and the many ways of a zip."""

import io
import os
import struct
import zipfile
from pathlib import Path

from tests.faults.evil.forge import (
    MEMBER,
    Attack,
    bundle,
    file,
    manifest,
    model,
    node,
    patched,
    seal,
    stored,
)

_GOOD = model([node("Tanh", "audio", "wet")]).SerializeToString()
_MEMBERS = {MEMBER: _GOOD}
_HEAD = seal(manifest(), _MEMBERS)
_PLAIN = stored([("manifest.json", _HEAD), (MEMBER, _GOOD)])


def _named(folder: Path, name: str) -> Path:
    raw = manifest()
    raw["methods"]["forward"]["graphs"]["fp32"]["member"] = name
    return bundle(folder, {name: _GOOD}, raw)


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "evil.ondine")
    return folder / "evil.ondine"


def _folder(folder: Path) -> Path:
    (folder / "evil.ondine").mkdir()
    return folder / "evil.ondine"


def _device(folder: Path) -> Path:
    (folder / "evil.ondine").symlink_to("/dev/zero")
    return folder / "evil.ondine"


def _hole(folder: Path) -> Path:
    path = file(folder, _PLAIN)
    os.truncate(path, 3 << 30)
    return path


def _zip(folder: Path, method: int) -> Path:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("manifest.json", _HEAD)
        archive.writestr(MEMBER, bytes(50_000_000))
    return file(folder, buffer.getvalue())


def _twice(folder: Path) -> Path:
    other = MEMBER.replace("forward", "forwarn")
    data = stored([("manifest.json", _HEAD), (MEMBER, _GOOD), (other, _GOOD)])
    return file(folder, patched(data, other.encode(), MEMBER.encode()))


def _overlap(folder: Path) -> Path:
    """The directory's last entry begins where the first does."""
    data = bytearray(stored([("manifest.json", _HEAD), (MEMBER, _GOOD)]))
    last = data.rindex(b"PK\1\2")
    struct.pack_into("<L", data, last + 42, 0)
    return file(folder, bytes(data))


def _other_name(folder: Path) -> Path:
    """Another name in the member's own header than in the directory."""
    begin = _PLAIN.rindex(b"PK\3\4")
    head = patched(_PLAIN[begin:], MEMBER.encode(), MEMBER.encode().swapcase(), 1)
    return file(folder, _PLAIN[:begin] + head)


def _zip64(folder: Path) -> Path:
    """Sizes of 0xFFFFFFFF, which mean: see the 64-bit ones."""
    data = bytearray(_PLAIN)
    struct.pack_into("<LL", data, data.rindex(b"PK\1\2") + 20, 0xFFFFFFFF, 0xFFFFFFFF)
    return file(folder, bytes(data))


def _encrypted(folder: Path) -> Path:
    data = bytearray(_PLAIN)
    for sign, offset in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        struct.pack_into("<H", data, data.rindex(sign) + offset, 1)
    return file(folder, bytes(data))


def _hidden(folder: Path) -> Path:
    """Bytes between the last member and the directory, which belong to nobody."""
    end = _PLAIN.index(b"PK\1\2")
    data = bytearray(_PLAIN[:end] + b"hidden" + _PLAIN[end:])
    struct.pack_into("<L", data, len(data) - 6, end + 6)
    return file(folder, bytes(data))


def _million(folder: Path) -> Path:
    """A directory of a million lines, in 46 MB."""
    line = _PLAIN[_PLAIN.index(b"PK\1\2") :][:46]
    directory = line * 1_000_000
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 64, 64, len(directory), 2, 0)
    return file(folder, b"PK" + directory + end)


def _many(folder: Path) -> Path:
    return file(folder, stored([("manifest.json", _HEAD), *((f"m{i}", b"") for i in range(5000))]))


def _stranger(folder: Path) -> Path:
    return file(folder, stored([("manifest.json", _HEAD), (MEMBER, _GOOD), ("more.onnx", _GOOD)]))


def _unused(folder: Path) -> Path:
    return bundle(folder, {MEMBER: _GOOD, "more.onnx": _GOOD})


def _wrong_sha(folder: Path) -> Path:
    other = model([node("Sin", "audio", "wet")]).SerializeToString()
    return file(folder, stored([("manifest.json", _HEAD), (MEMBER, other)]))


ATTACKS = (
    Attack("empty file", "no byte at all", "0 bytes", lambda f: file(f, b"")),
    Attack("text", "a text file by that name", "not an Ondine", lambda f: file(f, b"no zip" * 9)),
    Attack("named pipe", "opening it would wait for ever", "no plain file", _pipe),
    Attack("folder", "a folder by that name", "no plain file", _folder),
    Attack("device", "a link to /dev/zero, which has no end", "no plain file", _device),
    Attack("hole", "3 GiB, of which a kilobyte is there", "bytes", _hole),
    Attack("cut short", "half of a bundle", "cut short", lambda f: file(f, _PLAIN[:700])),
    Attack(
        "appended",
        "another file after its end",
        "does not end",
        lambda f: file(f, _PLAIN * 2 + b"x"),
    ),
    Attack("two in one", "a bundle after a bundle", "directory", lambda f: file(f, _PLAIN * 2)),
    Attack(
        "prepended",
        "a program before the zip",
        "not an Ondine",
        lambda f: file(f, b"\x7fELF" + _PLAIN),
    ),
    Attack(
        "zip bomb",
        "50 MB of zeros, deflated",
        "compressed",
        lambda f: _zip(f, zipfile.ZIP_DEFLATED),
    ),
    Attack(
        "zip bomb in lzma",
        "the same by another method",
        "compressed",
        lambda f: _zip(f, zipfile.ZIP_LZMA),
    ),
    Attack("encrypted member", "asks for a password", "encrypted", _encrypted),
    Attack("two of one name", "one is vetted, the other played", "one name", _twice),
    Attack("overlapping members", "one byte counted many times", "overlap", _overlap),
    Attack("two names", "header and directory disagree", "directory says", _other_name),
    Attack("zip64", "64-bit sizes beside 32-bit ones", "are allowed", _zip64),
    Attack("hidden bytes", "something between the members", "between", _hidden),
    Attack("million lines", "a directory of a million entries", "directory", _million),
    Attack("5000 members", "more files than a bundle has", "5001 members", _many),
    Attack(
        "climbing name",
        "../../etc/cron.d/evil",
        "without folders",
        lambda f: _named(f, "../../etc/cron.d/evil"),
    ),
    Attack("absolute name", "/etc/passwd", "without folders", lambda f: _named(f, "/etc/passwd")),
    Attack(
        "name with a zero",
        "what C reads as another name",
        "without folders",
        lambda f: _named(f, "a/\1.onnx"),
    ),
    Attack("long name", "60 kB of one", "directory", lambda f: _named(f, "a" * 60_000)),
    Attack("stranger", "a member the manifest does not name", "does not name", _stranger),
    Attack("unused member", "one that no method uses", "no method uses", _unused),
    Attack(
        "missing member",
        "a graph that is not there",
        "missing",
        lambda f: file(f, stored([("manifest.json", _HEAD)])),
    ),
    Attack(
        "no manifest", "graphs alone", "no manifest", lambda f: file(f, stored([(MEMBER, _GOOD)]))
    ),
    Attack("wrong sha256", "a graph that was exchanged", "sha256", _wrong_sha),
)
