"""The bundle: one `.ondine` file, an uncompressed zip of a manifest and ONNX graphs.

It is read in memory and never unpacked, so a member's name can reach no path. It is written to a
temporary file beside its place, synced and renamed: a reader sees the old file or the new one.
"""

import contextlib
import dataclasses
import hashlib
import io
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from device.errors import BundleError
from device.manifest import Manifest, decode_manifest, encode_manifest

MANIFEST = "manifest.json"
MAX_BYTES = 1 << 30
MAX_MEMBERS = 64


@dataclass(frozen=True)
class Bundle:
    """A manifest and the bytes of its members, as read from one file and checked."""

    manifest: Manifest
    members: Mapping[str, bytes]


def read_bundle(path: Path) -> Bundle:
    """Read a bundle whole and check it: structure, format, manifest, sha256 of every member.

    Raises:
        BundleError: naming the file, what is wrong with it and what to do.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BundleError(f"{path} is larger than {MAX_BYTES >> 20} MiB; no bundle is")
        data = path.read_bytes()
    except OSError as error:
        raise BundleError(f"cannot read {path}: {error.strerror}. Check the path.") from None
    try:
        return parse_bundle(data)
    except BundleError as error:
        raise BundleError(f"{path}: {error}") from None


def parse_bundle(data: bytes) -> Bundle:
    """The same as `read_bundle`, from memory."""
    members = _members(data)
    if MANIFEST not in members:
        raise BundleError(f"there is no {MANIFEST} in it, so it is not an Ondine bundle")
    manifest = decode_manifest(members.pop(MANIFEST))
    if missing := manifest.members.keys() - members.keys():
        raise BundleError(f"members are missing: {', '.join(sorted(missing))}. Copy it again.")
    if strangers := members.keys() - manifest.members.keys():
        raise BundleError(f"members the manifest does not name: {', '.join(sorted(strangers))}")
    for name, content in members.items():
        if hashlib.sha256(content).hexdigest() != manifest.members[name]:
            raise BundleError(
                f"{name} is not what the converter wrote (its sha256 differs). "
                "Copy the file again or convert the model again."
            )
    return Bundle(manifest, members)


def _members(data: bytes) -> dict[str, bytes]:
    if not data.startswith(b"PK"):
        raise BundleError("this is not an Ondine bundle (`ondine convert` makes one)")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if len(infos) > MAX_MEMBERS:
                raise BundleError(f"it has {len(infos)} members; at most {MAX_MEMBERS} are allowed")
            if len({info.filename for info in infos}) != len(infos):
                raise BundleError("it has two members of one name")
            # Stored only: a compressed member could grow without bound when it is read.
            if packed := [i.filename for i in infos if i.compress_type != zipfile.ZIP_STORED]:
                raise BundleError(f"{packed[0]} is compressed; a bundle's members are stored plain")
            if sum(info.file_size for info in infos) > len(data):
                raise BundleError("its members overlap or claim more bytes than the file has")
            return {info.filename: archive.read(info) for info in infos}
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        if isinstance(error, BundleError):
            raise
        raise BundleError(f"the file is damaged or cut short ({error}). Copy it again.") from None


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
