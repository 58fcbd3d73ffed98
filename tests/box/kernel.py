"""Debian's kernel with one module more: a panel to turn and press.

    .cache/box/kernel-KEY/boot/vmlinuz-VERSION
                         /lib/modules/VERSION/…              Debian's
                         /lib/modules/VERSION/box_panel.ko   guest/panel, built against its headers

The headers are unpacked, not installed: nothing of this machine is changed.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.box.debian import key_of, made, run
from tests.box.needs import RefusalError

MODULE = Path(__file__).parent / "guest" / "panel" / "box_panel.c"


def kernel() -> Path:
    """A tree with Debian's newest kernel of its suite, and our module among its modules."""
    told = run("apt-cache", "depends", "linux-image-amd64")
    if not (found := re.search(r"Depends: (linux-image-\S+)", told)):
        raise RefusalError("apt knows no linux-image-amd64. Run: apt-get update")

    def make(place: Path) -> None:
        place.mkdir()
        with tempfile.TemporaryDirectory(prefix="box-") as folder:
            _unpack([found[1]], Path(folder), place)
            _build(Path(folder), kernel_version(place), place)
        run("depmod", "-b", str(place), kernel_version(place))

    return made("kernel", key_of(found[1], MODULE.read_text()), found[1], make)


def kernel_version(tree: Path) -> str:
    """Such as 6.1.0-56-amd64."""
    (modules,) = (tree / "lib/modules").iterdir()
    return modules.name


def _unpack(packages: Iterable[str], scratch: Path, place: Path) -> None:
    """Packages of Debian, into a tree."""
    for old in scratch.glob("*.deb"):
        old.unlink()
    run("apt-get", "download", "-q", *packages, cwd=scratch)
    for package in scratch.glob("*.deb"):
        run("dpkg-deb", "-x", str(package), str(place))


def _build(scratch: Path, version: str, place: Path) -> None:
    headers = f"linux-headers-{version}"
    needs = run("apt-cache", "depends", headers)
    kept = [n for n in re.findall(r"Depends: (linux-\S+)", needs) if "compiler" not in n]
    tree = scratch / "headers"
    _unpack([headers, *kept], scratch, tree)
    # Its makefile names the place where the package would be installed.
    entry = tree / "usr/src" / headers / "Makefile"
    entry.write_text(entry.read_text().replace("/usr/src/", f"{tree}/usr/src/"))
    source = scratch / "module"
    source.mkdir()
    shutil.copy(MODULE, source)
    (source / "Kbuild").write_text(f"obj-m := {MODULE.stem}.o\n")
    built = subprocess.run(
        ["make", "-s", "-C", str(entry.parent), f"M={source}", "modules"],
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        said = " / ".join(built.stderr.strip().splitlines()[:3])
        raise RefusalError(f"the panel's kernel module does not compile: {said}")
    shutil.copy(source / f"{MODULE.stem}.ko", place / "lib/modules" / version)
