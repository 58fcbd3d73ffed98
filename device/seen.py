"""What the bench has seen: a small file of measurements, and the choice that follows from them."""

import contextlib
import dataclasses
import json
import math
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from device.bench import FITS_LOAD, Result, deadline_ms, machine
from device.errors import ConfigError
from device.manifest import Manifest, Precision, fingerprint


def read_seen(path: Path) -> list[Result]:
    """What was measured before. A file that is missing or damaged is no reason not to play."""
    try:
        entries = json.loads(path.read_bytes())["results"]
        return [Result(**entry) for entry in entries if _sound(entry)]
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []


def write_seen(path: Path, results: Iterable[Result]) -> None:
    """Add results to the file, atomically, in place of older ones of their kind.

    Raises:
        ConfigError: if it cannot be written.
    """
    kept = {_kind(result): result for result in [*read_seen(path), *results]}
    entries = [dataclasses.asdict(result) for result in kept.values()]
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w") as file:
            json.dump({"results": entries}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise ConfigError(f"cannot keep the measurement in {path}: {error.strerror}") from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def choose_precision(
    m: Manifest,
    seen: Iterable[Result],
    *,
    headroom_frames: int | None = None,
    machine_name: str | None = None,
) -> Literal["auto"] | Precision:
    """The precision to play this bundle in here, at this headroom.

    The recommended one (`auto`) if it fits or was not measured; else one that fits; else the
    fastest.
    """
    here = machine_name or machine()
    sha = fingerprint(m)
    times: dict[Precision, float] = {
        result.precision: result.p999_ms
        for result in seen
        if result.bundle == sha and result.machine == here
    }
    headroom = m.block_frames if headroom_frames is None else headroom_frames
    most_ms = FITS_LOAD * deadline_ms(m.block_frames, headroom, m.sample_rate_hz)
    if times.get(m.recommended, 0.0) <= most_ms:
        return "auto"
    return min(times, key=lambda precision: times[precision])


def _sound(entry: dict) -> bool:
    """Whether an entry of the file has what a Result has: names, and numbers above zero."""
    names = {"name", "bundle", "machine", "precision"}
    return entry.keys() == {field.name for field in dataclasses.fields(Result)} and all(
        isinstance(value, str)
        if key in names
        else type(value) in (int, float) and 0 < value < math.inf
        for key, value in entry.items()
    )


def _kind(result: Result) -> tuple[str, str, str]:
    return result.bundle, result.machine, result.precision
