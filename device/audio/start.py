"""What an instrument begins with instead of its defaults: values, and what a model remembers.

    control: "load" with `start`, a file ─► loaded, warm, its caches put in ─► crossfaded

It is never put into a model that sounds already: that would be heard as a jump.
"""

import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from device.caches import unpack_caches
from device.errors import BundleError, ControlError
from device.params import SLOTS

MAX_BYTES = 1 << 25


@dataclass(frozen=True)
class Start:
    """What an instrument begins with."""

    values: Mapping[int, float]
    """By slot, in units."""
    caches: Mapping[tuple[str, str], np.ndarray]
    """By method and state; empty: its memory begins afresh."""


def write_start(path: Path, values: Mapping[int, float], caches: bytes | None) -> None:
    """What a load may begin with, as a file for the audio process.

    Raises:
        ControlError: if it cannot be written.
    """
    own = np.full(SLOTS, np.nan, np.float32)
    for slot, value in values.items():
        own[slot] = value
    try:
        with path.open("wb") as file:
            np.savez(file, own=own, caches=np.frombuffer(caches or b"", np.uint8))
    except OSError as error:
        raise ControlError(f"cannot write {path}: {error.strerror or error}") from None


def read_start(path: Path) -> Start:
    """What `write_start` wrote.

    Raises:
        BundleError: if it cannot be used.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError("it is too large")
        with zipfile.ZipFile(path) as members:
            # Stored as they are, so that the file's size bounds what they take.
            if any(m.compress_type != zipfile.ZIP_STORED for m in members.infolist()):
                raise ValueError("it is compressed")
        with np.load(path, allow_pickle=False) as file:
            own, packed = file["own"], file["caches"].tobytes()
        if own.shape != (SLOTS,) or own.dtype != np.float32:
            raise ValueError("its values are none")
        states = unpack_caches(packed) if packed else {}
    except Exception as error:  # numpy and zipfile raise many unrelated types
        raise BundleError(f"what it should begin with cannot be read ({error})") from None
    values = {slot: float(v) for slot, v in enumerate(own.tolist()) if math.isfinite(v)}
    caches: dict[tuple[str, str], np.ndarray] = {}
    for name, array in states.items():
        method, _, state = name.partition("\t")
        caches[method, state] = array
    return Start(values, caches)
