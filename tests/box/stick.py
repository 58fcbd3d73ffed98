"""USB sticks for a box: made as a shop sells them, plugged in and pulled out.

make_stick(path, {"glass.ondine": file})      one partition-less FAT disk, as many sticks are
plug(box, path, "one", bytes_s=2_000_000)     a slow one
pull(box, "one")
"""

from collections.abc import Mapping
from pathlib import Path

from tests.box.debian import run
from tests.box.machine import Machine

USB = ("-device", "qemu-xhci,id=usb")
"""What a machine is started with that sticks are plugged into."""
PLACE = "/run/ondine-sticks"
MODELS = "/var/lib/ondine/models"


def make_stick(path: Path, files: Mapping[str, Path]) -> None:
    """A FAT disk with these files on its top, by name."""
    room = sum(file.stat().st_size for file in files.values()) + (16 << 20)
    with path.open("wb") as disk:
        disk.truncate(room)
    run("mkfs.vfat", "-F", "32", "-n", "STICK", str(path))
    for name, file in files.items():
        run("mcopy", "-i", str(path), str(file), f"::{name}")


def plug(box: Machine, path: Path, name: str, bytes_s: int = 0) -> None:
    """Plug a stick in; `bytes_s` is how fast it is, 0: as fast as may be."""
    disk = {"driver": "raw", "read-only": True}
    file = {"driver": "file", "filename": str(path), "read-only": True}
    if bytes_s:
        limits = {"bps-total": bytes_s}
        box.qmp(
            "object-add", **{"qom-type": "throttle-group", "id": f"{name}-slow", "limits": limits}
        )
        file = {"driver": "throttle", "throttle-group": f"{name}-slow", "file": file}
    box.qmp("blockdev-add", **disk, **{"node-name": name, "file": file})
    box.qmp("device_add", driver="usb-storage", id=name, drive=name, bus="usb.0")


def pull(box: Machine, name: str) -> None:
    """Pull it out, whatever is being done with it."""
    box.qmp("device_del", id=name)
