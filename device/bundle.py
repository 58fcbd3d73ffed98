"""The bundle: one `.ondine` file, an uncompressed zip of a manifest and ONNX graphs.

It is read in memory and never unpacked, so a member's name can reach no path. It is written to a
temporary file beside its place, synced and renamed: a reader sees the old file or the new one.

A large model in both precisions is 160 MB, and a memory card gives 40 MB a second. So what plays a
bundle opens it and reads only the graphs it plays; what wants it whole reads it.
"""

import contextlib
import dataclasses
import hashlib
import io
import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from device.errors import BundleError
from device.manifest import Manifest, decode_manifest, encode_manifest

MANIFEST = "manifest.json"
MAX_BYTES = 1 << 30
MAX_MEMBERS = 64
MAX_MANIFEST_BYTES = 1 << 20

_DAMAGE = (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, ValueError)
"""What `zipfile` raises, one time or another, over a file that is not as it should be."""


@dataclass(frozen=True)
class Bundle:
    """A manifest and the bytes of its members; each is checked before it is handed out."""

    manifest: Manifest
    members: Mapping[str, bytes]


def read_bundle(path: Path) -> Bundle:
    """Read a bundle whole and check it: structure, format, manifest, sha256 of every member.

    Raises:
        BundleError: naming the file, what is wrong with it and what to do.
    """
    return _whole(open_bundle(path))


def open_bundle(path: Path) -> Bundle:
    """Read and check a bundle's structure and manifest; read each member when it is asked for.

    A member's sha256 is checked then, and nothing is kept: whoever wants it twice reads it twice.
    The file stays open with the bundle, so another that takes its name meanwhile changes nothing.

    Raises:
        BundleError: as `read_bundle` does; what is wrong with a member, when it is asked for.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            begin = file.read(2)
    except OSError as error:
        raise BundleError(f"cannot read {path}: {error.strerror}. Check the path.") from None
    if size > MAX_BYTES:
        raise BundleError(f"{path} is larger than {MAX_BYTES >> 20} MiB; no bundle is")
    return _open(path, begin, size, f"{path}: ")


def parse_bundle(data: bytes) -> Bundle:
    """The same as `read_bundle`, from memory."""
    return _whole(_open(io.BytesIO(data), data[:2], len(data), ""))


def _whole(bundle: Bundle) -> Bundle:
    return Bundle(bundle.manifest, dict(bundle.members))


def _open(file: Path | io.BytesIO, begin: bytes, size: int, where: str) -> Bundle:
    """`begin` is the file's first bytes, `size` its length; errors start with `where`."""
    with _explained(where):
        if begin != b"PK":
            raise BundleError("this is not an Ondine bundle (`ondine convert` makes one)")
        archive = zipfile.ZipFile(file)
        names = _names(archive, size)
        if MANIFEST not in names:
            raise BundleError(f"there is no {MANIFEST} in it, so it is not an Ondine bundle")
        if (claimed := archive.getinfo(MANIFEST).file_size) > MAX_MANIFEST_BYTES:
            raise BundleError(f"its manifest has {claimed} bytes; {MAX_MANIFEST_BYTES} are allowed")
        manifest = decode_manifest(archive.read(MANIFEST))
        names.remove(MANIFEST)
        if missing := manifest.members.keys() - names:
            raise BundleError(f"members are missing: {', '.join(sorted(missing))}. Copy it again.")
        if strangers := names - manifest.members.keys():
            raise BundleError(f"members the manifest does not name: {', '.join(sorted(strangers))}")
    return Bundle(manifest, _Stored(archive, manifest.members, where))


def _names(archive: zipfile.ZipFile, size: int) -> set[str]:
    """The members' names, if the archive is one that we would write."""
    infos = archive.infolist()
    names = {info.filename for info in infos}
    if len(infos) > MAX_MEMBERS:
        raise BundleError(f"it has {len(infos)} members; at most {MAX_MEMBERS} are allowed")
    if len(names) != len(infos):
        raise BundleError("it has two members of one name")
    # Stored only: a compressed member could grow without bound when it is read.
    if packed := [i.filename for i in infos if i.compress_type != zipfile.ZIP_STORED]:
        raise BundleError(f"{packed[0]} is compressed; a bundle's members are stored plain")
    if sum(info.file_size for info in infos) > size:
        raise BundleError("its members overlap or claim more bytes than the file has")
    return names


class _Stored(Mapping[str, bytes]):
    """Members that are read from an open archive, and checked, each time they are asked for."""

    def __init__(self, archive: zipfile.ZipFile, digests: Mapping[str, str], where: str) -> None:
        self._archive, self._digests, self._where = archive, digests, where

    def __getitem__(self, name: str) -> bytes:
        digest = self._digests[name]
        with _explained(self._where):
            content = self._archive.read(name)
            if hashlib.sha256(content).hexdigest() != digest:
                raise BundleError(
                    f"{name} is not what the converter wrote (its sha256 differs). "
                    "Copy the file again or convert the model again."
                )
        return content

    def __iter__(self) -> Iterator[str]:
        return iter(self._digests)

    def __len__(self) -> int:
        return len(self._digests)


@contextlib.contextmanager
def _explained(where: str) -> Iterator[None]:
    """Turn whatever reading a damaged file raises into a sentence that starts with `where`."""
    try:
        yield
    except BundleError as error:
        raise BundleError(f"{where}{error}") from None
    except _DAMAGE as error:
        raise BundleError(
            f"{where}the file is damaged or cut short ({error}). Copy it again."
        ) from None


def write_bundle(path: Path, manifest: Manifest, members: Mapping[str, bytes]) -> Manifest:
    """Write a bundle atomically; returns the manifest with the members' sha256 filled in.

    Raises:
        BundleError: if it could not be read again, or cannot be written there, and why.
    """
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}
    manifest = dataclasses.replace(manifest, members=digests)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in [(MANIFEST, encode_manifest(manifest)), *members.items()]:
            # A fixed date makes the same conversion give the same bytes.
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content)
    parse_bundle(buffer.getvalue())
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with temporary.open("wb") as file:
            file.write(buffer.getbuffer())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise BundleError(
            f"cannot write {path}: {error.strerror}. Check the folder, its rights and its space."
        ) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return manifest


def _sync_folder(folder: Path) -> None:
    """Make a rename in it survive a power cut. Some network folders cannot, and are let off."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(fd)
    finally:
        os.close(fd)
