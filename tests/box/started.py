"""A box that was started once before: what most starts find, and what most scenarios begin with.

At its first start a box tries its instrument out in the locked room, and notes that it is good. So
the first start is a scenario of its own, and the disks that it leaves are kept for the others.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.box import ask
from tests.box.debian import CACHE, made, say
from tests.box.image import Image
from tests.box.machine import Disks, Machine


@dataclass(frozen=True)
class Started:
    """An image after its first start, and what that start took."""

    image: Image
    first_s: float
    """From the kernel to the first block."""


def started(image: Image, folder: Path) -> Started:
    """The image after its first start, made if need be; `folder` is for its run."""

    def make(place: Path) -> None:
        disks = Disks(image, folder)
        # /var/lib/ondine is on both layouts: what the first start notes, it notes on each.
        for partition in (False, True):
            with Machine(disks, partition=partition) as box:
                first_s = ask.wait_for_sound(box)
                ask.wait_for_control(box)
                box.show("sync")
            if not partition:
                plain_s = first_s
        place.mkdir()
        shutil.move(disks.root, place / "root.img")
        shutil.move(disks.data, place / "data.img")
        for path in (image.kernel, image.initrd):
            shutil.copy(path, place)
        (place / "first.json").write_text(json.dumps(plain_s))
        disks.remove()

    key = image.folder.name.partition("-")[2] or image.folder.name
    if not (CACHE / f"started-{key}").exists():
        say("starting it for the first time")
    place = made("started", key, "disks that were started once", make)
    return Started(Image(place), json.loads((place / "first.json").read_text()))
