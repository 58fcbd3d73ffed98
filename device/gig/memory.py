"""Memory: whether the largest instrument fits, twice, for the next one loads while one plays."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from device.board import memory_free_bytes
from device.config import Profile
from device.gig.finding import Finding
from device.gig.ground import Ground
from device.manifest import Manifest, Precision

MIB = 1 << 20
# Measured: an engine of RAVE v2 takes 64 MiB for 32 MiB of int8 graphs and 156 for 121 of float.
_PROCESS_BYTES = 60 * MIB
_ENGINE_BYTES = 10 * MIB
_PER_GRAPH_BYTE = 1.7


def graph_bytes(path: Path, manifest: Manifest, precision: Literal["auto"] | Precision) -> int:
    """The size of the graphs that are played in a precision; 0 if the file cannot be read."""
    wanted = manifest.recommended if precision == "auto" else precision
    played = (
        m.graphs.get(wanted) or next(iter(m.graphs.values())) for m in manifest.methods.values()
    )
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(archive.getinfo(graph.member).file_size for graph in played)
    except (OSError, KeyError, zipfile.BadZipFile):
        return 0


def memory(
    sizes: Mapping[str, int], profile: Profile, playing: bool, ground: Ground
) -> Finding | None:
    """What is free against what the largest of the instruments needs; `sizes` is in graph bytes.

    None where the kernel does not tell.
    """
    free = memory_free_bytes(ground.root)
    if free is None:
        return None
    name, graphs = max(sizes.items(), key=lambda item: item[1], default=("an instrument", 0))
    engine = _ENGINE_BYTES + _PER_GRAPH_BYTE * graphs
    # One engine plays, one is made beside it, and while it is made its graphs are there as well.
    need = engine + graphs
    if not playing:
        tape = 22 * MIB * profile.recording.minutes
        need += _PROCESS_BYTES + engine + tape
    left = free - need - profile.memory.keep_free_mib * MIB
    told = f"{_mib(free)} MiB free"
    if left >= 0:
        return Finding("memory", "fine", f"{told}, {_mib(need)} needed at most ({name})")
    if free < need:
        short = f"{name} needs {_mib(need)} to play and to be changed for"
    else:
        short = f"{name} needs {_mib(need)}, and {profile.memory.keep_free_mib} shall stay free"
    return Finding(
        "memory",
        "worry",
        f"{told}, but {short}: changing instruments may fail, or make the system swap. End other "
        "programs, or set recording.minutes lower.",
    )


def _mib(count: float) -> int:
    return round(count / MIB)
