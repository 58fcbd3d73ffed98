"""What a model remembers, taken out of one that plays.

    control: "remember" ─► stagehand lays arrays out ─► the loop copies, once ─► file

How it is put into another is in `start.py`.
"""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from device.caches import pack_caches
from device.engine.chain import Caches
from device.engine.engine import Engine
from device.errors import ControlError


@dataclass(frozen=True)
class Remember:
    """Write what plays remembers to `path`; the status says `ticket` when that is over."""

    path: Path
    ticket: int


@dataclass(frozen=True)
class Remembered:
    """`caches` of `engine` are copied for this wish; None if it plays no more."""

    wish: Remember
    engine: Engine | None
    caches: Caches | None


def write_remembered(remembered: Remembered) -> bool:
    """Put the file in place, whole; False if there is nothing to write or it cannot be written."""
    path, caches = remembered.wish.path, remembered.caches
    path.unlink(missing_ok=True)
    if caches is None:
        return False
    partial = path.with_name(f".{path.name}.partial")
    with contextlib.suppress(OSError, ControlError):
        partial.write_bytes(pack_caches({"\t".join(key): a for key, a in caches.items()}))
        partial.replace(path)
        return True
    return False
