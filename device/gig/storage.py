"""The disk: room for takes and bundles, and whether it is well. Swap, which wears cards out."""

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from device.gig.finding import Finding
from device.gig.ground import Ground

MIN_FREE_BYTES = 1 << 30
"""An hour and a half of takes in stereo at 48 kHz and 24 bits."""
TIGHT_BYTES = 64 << 20
"""With less, a setting or a take may not be kept at all."""


@dataclass(frozen=True)
class Mount:
    """A line of /proc/mounts."""

    device: str
    folder: Path
    kind: str
    options: frozenset[str]


def storage(folders: Sequence[Path], ground: Ground) -> Iterator[Finding]:
    """One finding per disk that `folders` lie on (or would, once they are made), and of swap."""
    seen: set[Path] = set()
    for wanted in folders:
        folder = _existing(wanted)
        mount = mount_of(folder, ground)
        if mount and mount.folder not in seen:
            seen.add(mount.folder)
            yield _disk(folder, mount, ground)
    yield from _swap(ground)


def mount_of(folder: Path, ground: Ground) -> Mount | None:
    """Where a folder lies: the longest mount point above it; of two equal ones the later."""
    best = None
    for line in ground.read("proc/mounts").splitlines():
        parts = line.split()
        if len(parts) < 4:
            continue
        point = Path(_unescaped(parts[1]))
        near = folder == point or point in folder.parents
        if near and (best is None or len(point.parts) >= len(best.folder.parts)):
            best = Mount(_unescaped(parts[0]), point, parts[2], frozenset(parts[3].split(",")))
    return best


def _disk(folder: Path, mount: Mount, ground: Ground) -> Finding:
    free = shutil.disk_usage(folder).free
    told = f"{free / 2**30:.1f} GiB free at {mount.folder}"
    errors = ground.read(f"sys/fs/ext4/{Path(mount.device).name}/errors_count")
    if errors not in ("", "0"):
        return Finding(
            "disk",
            "worry",
            f"The file system at {mount.folder} has counted {errors} errors: the card may be "
            "dying. Copy what you need to another one before the concert.",
        )
    if "ro" in mount.options or not os.access(folder, os.W_OK):
        return Finding(
            "disk",
            "worry",
            f"{folder} cannot be written: the instrument plays, but takes and settings are not "
            "kept. A card that turned read-only by itself is dying: copy it.",
        )
    if free < TIGHT_BYTES:
        return Finding("disk", "worry", f"{told}: takes and settings are not kept. Make room.")
    if free < MIN_FREE_BYTES:
        return Finding("disk", "worry", f"{told}: few takes fit. Make room.")
    return Finding("disk", "fine", told)


def _swap(ground: Ground) -> Iterator[Finding]:
    """Swap in compressed memory is harmless; on a memory card it stops everything for long."""
    for line in ground.read("proc/swaps").splitlines()[1:]:
        name = line.split()[0] if line.split() else ""
        device = name
        if not name.startswith("/dev/") and (mount := mount_of(Path(name), ground)):
            device = mount.device
        if Path(device).name.startswith("mmcblk"):
            yield Finding(
                "swap",
                "worry",
                f"{name} swaps to the memory card: while it does, controls stall and, without a "
                "memory lock, so does the sound. Turn it off: sudo swapoff -a.",
            )
            return


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    folder = folder.absolute()
    return next((place for place in (folder, *folder.parents) if place.is_dir()), Path("/"))


def _unescaped(text: str) -> str:
    """A path as /proc writes it, with blanks in octal."""
    return text.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
