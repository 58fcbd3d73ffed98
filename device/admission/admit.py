"""Admission, the one way in: what control asks before a bundle may play.

It takes about half a second for a small bundle and a few for a large one, blocks meanwhile, and
runs nothing of the bundle in this process; asyncio calls it in a thread.
"""

import stat
from pathlib import Path

from device.admission.known import is_known, mark, remember
from device.admission.layout import read_manifest_bytes
from device.admission.room import checker_socket
from device.admission.trial import Worker
from device.bundle import open_bundle
from device.errors import BundleError
from device.manifest import Manifest
from device.words import printable

_MAX_SENTENCE = 400


def admit(path: Path, *, known: Path | None = None, worker: Worker | None = None) -> Manifest:
    """Admit a bundle: its layout, its manifest, its graphs, and a trial in a sandboxed process.

    `known` is a file that remembers what was admitted: such a bundle is not tried again. `worker`
    is used for the trial if there is one; else one is started for it, on a box in the locked room.

    Raises:
        BundleError: naming the file, and why it may not play.
    """
    try:
        manifest = read_manifest_bytes(path)
        this = mark(manifest)
        if not is_known(known, this):
            _try(path, worker)
            if read_manifest_bytes(path) != manifest:
                raise BundleError("it was changed while it was being tried. Try again.")
            remember(known, this)
        return open_bundle(path).manifest
    except BundleError as error:
        say = printable(str(error).replace(f"{path}: ", ""))
        if len(say) > _MAX_SENTENCE:
            say = say[: _MAX_SENTENCE - 3] + "..."
        raise BundleError(f"{path}: {say}") from None


def _try(path: Path, worker: Worker | None) -> None:
    if worker is None:
        with Worker(checker_socket() if _is_for_all(path) else None) as own:
            _try(path, own)
        return
    outcome = worker.try_bundle(path)
    if outcome.say:
        raise BundleError(outcome.say)


def _is_for_all(path: Path) -> bool:
    """Who works in the locked room is nobody, and can read only what everybody can."""
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False
