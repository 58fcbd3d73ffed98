"""Which bundles were admitted on this machine, so that the next start need not try them again.

A bundle is remembered by the sha256 of its manifest as it stands in the file, which holds the
sha256 of every other member; the trial's result holds for one onnxruntime, one processor and one
set of rules. The file is a convenience: one that is missing or damaged only costs time.
"""

import contextlib
import hashlib
import importlib.metadata
import json
import os
import platform
from pathlib import Path

_RULES = 1
"""Counted up when the rules become stricter: what they admitted before is tried again."""
_MOST = 500
_RUNTIMES = ("onnxruntime", "onnxruntime-gpu")


def mark(manifest: bytes) -> str:
    """What a bundle is remembered by."""
    digest = hashlib.sha256(manifest).hexdigest()
    return f"{digest} {_RULES} {runtime_version()} {platform.machine()}"


def runtime_version() -> str:
    """Which onnxruntime is installed, under whatever name: builds for graphics cards have others.

    Nothing of it is imported.
    """
    found = []
    for name in _RUNTIMES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found.append(f"{name}-{importlib.metadata.version(name)}")
    return "+".join(found)


def is_known(path: Path | None, mark: str) -> bool:
    """Whether `remember` has seen the mark."""
    return path is not None and mark in _read(path)


def remember(path: Path | None, mark: str) -> None:
    """Add a mark, on disk before this returns; where it cannot be written, nothing happens."""
    if path is None:
        return
    older = [m for m in _read(path) if m != mark]
    marks = [*older[1 - _MOST :], mark]
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w") as file:
            json.dump({"admitted": marks}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        fd = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
    with contextlib.suppress(OSError):
        temporary.unlink(missing_ok=True)


def _read(path: Path) -> list[str]:
    try:
        marks = json.loads(path.read_bytes())["admitted"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
    return [m for m in marks if isinstance(m, str)] if isinstance(marks, list) else []
