"""What the rehearsal of a bundle on a graphics card has found, beside what was built for it.

    /var/lib/ondine/engines/BUNDLE-PRECISION-PROVIDER-RUNTIME/   found.json, and TensorRT's engines

It is the admission of a bundle to one provider: one that was admitted to the processor is not
thereby admitted to CUDA, nor one that was built by another onnxruntime or JetPack. Without it the
processor computes, so the sound never waits for engines to be built. A file that is missing or
damaged only costs time.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from device.admission.known import runtime_version
from device.manifest import Manifest, fingerprint
from device.provider import CPU, WORDS, Name, Provider

_FOUND = "found.json"
_MAX_BYTES = 1 << 16
RELEASE = Path("/etc/nv_tegra_release")
"""Which JetPack this is: engines of another are of no use."""


@dataclass(frozen=True)
class Found:
    """What plays a bundle best, of what was asked for and what stands below it."""

    name: Name
    say: str = ""
    """Why it is not what was asked for; '' if it is."""
    step_ms: float = 0.0
    """The slowest step, once warm; 0 where the processor is to play."""
    block_ms: float = 0.0


def place(manifest: Manifest, provider: Provider, precision: str) -> Path:
    """The folder of one bundle, one precision and one provider of this machine.

    Raises:
        ValueError: if the provider has no folder for engines.
    """
    if provider.engines is None:
        raise ValueError(f"{provider.name} has no folder for what is found and built")
    release = ""
    with contextlib.suppress(OSError):
        release = RELEASE.read_text(errors="replace")
    runtime = hashlib.sha256(f"{runtime_version()} {release}".encode()).hexdigest()[:12]
    return provider.engines / f"{fingerprint(manifest)[:32]}-{precision}-{provider.key}-{runtime}"


def read_found(folder: Path) -> Found | None:
    """What was found; None if nothing was, or it cannot be read."""
    try:
        with (folder / _FOUND).open("rb") as file:
            raw = json.loads(file.read(_MAX_BYTES))
        found = Found(raw["name"], str(raw["say"]), float(raw["step_ms"]), float(raw["block_ms"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if found.name in get_args(Name) else None


def write_found(folder: Path, found: Found) -> None:
    """Write what was found, atomically: until then nothing is found.

    Raises:
        OSError: if it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{_FOUND}.{os.getpid()}.partial"
    try:
        with temporary.open("w") as file:
            json.dump(dataclasses.asdict(found), file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / _FOUND)
    finally:
        temporary.unlink(missing_ok=True)


def admitted_provider(manifest: Manifest, asked: Provider, precision: str) -> Provider:
    """What may play a bundle now: what its rehearsal found, or the processor and why."""
    if asked.name == "cpu" or asked.engines is None:
        return asked
    folder = place(manifest, asked, precision)
    found = read_found(folder)
    if found is None:
        why = f"{manifest.name} was not tried with {WORDS[asked.name]} yet"
        return dataclasses.replace(CPU, why=why)
    return dataclasses.replace(asked, name=found.name, engines=folder, why=found.say)
