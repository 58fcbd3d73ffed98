"""Admission, the one way in: what control asks before a bundle may play.

It takes about half a second for a small bundle and a few for a large one, blocks meanwhile, and
runs nothing of the bundle in this process; asyncio calls it in a thread.
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from device.admission.layout import read_manifest_bytes
from device.bundle import open_bundle
from device.errors import BundleError
from device.manifest import Manifest
from device.paths import shipped_folders
from device.words import printable

if TYPE_CHECKING:
    from device.admission.trial import Worker

Admit = Callable[[Path], Manifest]
"""Reads a bundle and proves it harmless; raises BundleError with a sentence."""

_MAX_SENTENCE = 400


def admit(path: Path, *, known: Path | None = None, worker: "Worker | None" = None) -> Manifest:
    """Admit a bundle: its layout, its manifest, its graphs, and a trial in a sandboxed process.

    `known` is a file that remembers what was admitted: such a bundle is not tried again. One that
    came with the program, and that only whoever installs programs can change, is not tried at all.
    `worker` is used for the trial if there is one; else one is started for it, on a box in the
    locked room.

    Raises:
        BundleError: naming the file, and why it may not play.
    """
    try:
        manifest = read_manifest_bytes(path)
        if not ships(path):
            _prove(path, manifest, known, worker)
        return open_bundle(path).manifest
    except BundleError as error:
        say = printable(str(error).replace(f"{path}: ", ""))
        if len(say) > _MAX_SENTENCE:
            say = say[: _MAX_SENTENCE - 3] + "..."
        raise BundleError(f"{path}: {say}") from None


def _prove(path: Path, manifest: bytes, known: Path | None, worker: "Worker | None") -> None:
    """Try it, unless that was done before."""
    from device.admission.known import is_known, mark, remember

    this = mark(manifest)
    if is_known(known, this):
        return
    _try(path, worker)
    if read_manifest_bytes(path) != manifest:
        raise BundleError("it was changed while it was being tried. Try again.")
    remember(known, this)


def _try(path: Path, worker: "Worker | None") -> None:
    if worker is None:
        from device.admission.room import checker_socket
        from device.admission.trial import Worker

        with Worker(checker_socket() if _is_for_all(path) else None) as own:
            _try(path, own)
        return
    outcome = worker.try_bundle(path)
    if outcome.say:
        raise BundleError(outcome.say)


def ships(path: Path, may_write: Callable[[Path], bool] | None = None) -> bool:
    """Whether it is a part of the program, and no more ours to change than the program is.

    `may_write` says what this process may change; the kernel does, unless it is given.
    """
    place = path.resolve()
    if place.parent not in shipped_folders():
        return False
    may = may_write or (lambda part: os.access(part, os.W_OK))
    return not any(may(part) for part in (place, place.parent))


def _is_for_all(path: Path) -> bool:
    """Who works in the locked room is nobody, and can read only what everybody can."""
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False
