"""A box that was started once before: what most starts find, and what most scenarios begin with.

At its first start a box tries its instrument out in the locked room, and notes that it is good. So
the first start is a scenario of its own, and the disks that it leaves are kept for the others.
"""

import json
import os
import shutil
from dataclasses import dataclass, replace
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

    def kept(self, folder: Path) -> "Started":
        """The same in another folder: it stays when the checkout's next image is made."""
        for path in self.image.folder.iterdir():
            os.link(path, folder / path.name)
        return replace(self, image=Image(folder))


def started(image: Image, folder: Path) -> Started:
    """The image after its first start, made if need be; `folder` is for its run."""

    def make(place: Path) -> None:
        disks = Disks(image, folder)
        with Machine(disks) as box:
            first_s = ask.wait_for_sound(box)
            ask.wait_for_control(box)
            # What it noted goes onto the other disk, too, for boxes that have it there.
            box.show("mount -L ondine /mnt && cp -a /var/lib/ondine/. /mnt && umount /mnt; sync")
        place.mkdir()
        shutil.move(disks.root, place / "root.img")
        shutil.move(disks.data, place / "data.img")
        for path in (image.kernel, image.initrd):
            shutil.copy(path, place)
        (place / "first.json").write_text(json.dumps(first_s))
        disks.remove()

    key = image.folder.name.partition("-")[2] or image.folder.name
    if not (CACHE / f"started-{key}").exists():
        say("starting it for the first time")
    place = made("started", key, "disks that were started once", make)
    return Started(Image(place), json.loads((place / "first.json").read_text()))
