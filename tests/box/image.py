"""The image of a box: Debian with this checkout installed, and two disks to switch it on with.

    root.img   the system's disk     installed by `systemd/install --root`
    data.img   the disk of /var/lib/ondine, mounted as docs/box.md has it
    vmlinuz, initrd                  Debian's kernel, and the modules that find the disks

Both disks are memory to the box (NVDIMM), so that no time passes in waiting for this machine's, and
each is a file here, so that what was written is still there after a power cut.
"""

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.box.debian import (
    CACHE,
    CHECKOUT,
    debian,
    key_of,
    made,
    needed_by,
    run,
    wheels,
)
from tests.box.kernel import kernel, kernel_version
from tests.box.needs import PYTHON, check_machine

HERE = Path(__file__).parent
GUEST = HERE / "guest"
BOARD = "desktop"
FIRST = ("nfit", "nd_pmem", "ext4", "crc32c_generic")
"""What the initramfs loads: the disks and their file system."""
LATER = (
    *("snd_aloop", "snd_usb_audio", "xhci_pci", "usb_storage", "sd_mod", "vfat", "nls_cp437"),
    *("nls_ascii", "nls_iso8859_1", "virtio_net", "virtio_pci", "autofs4", "box_panel"),
)
"""What systemd and udev can load when it is there."""
UNIT_MIB = 128
"""A disk of memory comes in pieces of so much."""
_SIGNED = b"~Module signature appended~\n"
TONE_HZ, TONE_PEAK = 220, 0.25
PROFILE = {"headroom_frames = 0 ": "headroom_frames = 512 "}
"""What the box's owner has changed in the profile: the loopback card counts in steps of 4 ms."""
FSTAB = "LABEL=ondine /var/lib/ondine ext4 noatime,data=journal,nofail 0 2\n"


@dataclass(frozen=True)
class Image:
    """What a box is switched on with. None of it is ever written to: boxes get copies."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "root.img"

    @property
    def data(self) -> Path:
        return self.folder / "data.img"

    @property
    def kernel(self) -> Path:
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        return self.folder / "initrd"


def image() -> Image:
    """The image of this checkout as it is now, made if need be.

    Raises:
        RefusalError: if this machine cannot make it, or something it needs failed.
    """
    check_machine()
    linux, installed = kernel(), _installed()

    def make(place: Path) -> None:
        place.mkdir()
        with tempfile.TemporaryDirectory(prefix="tmp-", dir=CACHE) as scratch:
            root = Path(scratch) / "root"
            run("cp", "-a", "--reflink=auto", str(installed), str(root))
            _add_modules(root, linux)
            _add_guest(root)
            _settle(root)
            _disk(place / "root.img", "root", root)
            _disk(place / "data.img", "ondine", root / "var/lib/ondine")
            _initrd(place / "initrd", Path(scratch) / "initrd", linux)
        shutil.copy(linux / f"boot/vmlinuz-{kernel_version(linux)}", place / "vmlinuz")

    own = [HERE / "image.py", *_guest_files()]
    key = key_of(installed.name, linux.name, *(path.read_bytes().hex() for path in own))
    return Image(made("box", key, "the disks of the box", make))


def _installed() -> Path:
    """A tree of Debian with this checkout installed."""
    tree, needed = debian(), wheels()
    systemd = [p for p in sorted((CHECKOUT / "systemd").rglob("*")) if p.is_file()]
    files = [*_project_files(), *(p for p in systemd if "__pycache__" not in p.parts)]
    contents = [f"{p.relative_to(CHECKOUT)} {_sha256(p)}" for p in files]

    def make(root: Path) -> None:
        run("cp", "-a", "--reflink=auto", str(tree), str(root))
        with tempfile.TemporaryDirectory(prefix="tmp-", dir=CACHE) as scratch:
            _install(root, Path(scratch), needed)

    key = key_of(tree.name, needed.name, BOARD, str(PROFILE), *contents)
    return made("installed", key, "the installation of this checkout", make)


def _install(root: Path, scratch: Path, needed: Path) -> None:
    """As a player does it: a wheel of this checkout, and the real installer."""
    found = scratch / "wheels"
    shutil.copytree(needed, found)
    source = scratch / "source"
    for path in _project_files():
        copy = source / path.relative_to(CHECKOUT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    run(PYTHON, "-m", "venv", str(scratch / "pip"))
    pip = [f"{scratch}/pip/bin/python", "-m", "pip", "wheel", "-q", "--no-deps"]
    run(*pip, "-w", str(found), str(source))
    install = [PYTHON, "-B", str(CHECKOUT / "systemd/install"), "--root", str(root)]
    told = run(*install, "--board", BOARD, "--wheels", str(found))
    (CACHE / "install.log").write_text(told)
    # A box of this kind has no panel by itself; it is to have what a Raspberry Pi's reads one with.
    (site,) = root.glob("opt/ondine/versions/*/lib/python3*/site-packages")
    more = [*pip[:3], "install", "-q", "--no-index", "--find-links", str(found)]
    run(*more, "--target", str(site), *needed_by("panel"), *needed_by("pi"))
    profile = root / "etc/ondine/profile.toml"
    text = profile.read_text()
    for before, after in PROFILE.items():
        assert before in text, f"{profile} has no {before!r}"
        text = text.replace(before, after)
    profile.write_text(text)


def _settle(root: Path) -> None:
    """What a first start would do and write: a box that was started once before."""
    (root / "etc/machine-id").write_text(hashlib.md5(b"ondine box").hexdigest() + "\n")
    (root / "etc/hostname").write_text("ondine\n")
    (root / "etc/fstab").write_text(f"LABEL=root / ext4 noatime 0 0\n{FSTAB}")
    run("chroot", str(root), "systemctl", "preset-all", "--preset-mode=enable-only")
    run("chroot", str(root), "chown", "-R", "ondine:ondine", "/var/lib/ondine")
    run("chroot", str(root), "sh", "-c", "touch /etc/.updated /var/.updated; ldconfig")


def _add_guest(root: Path) -> None:
    folder = root / "usr/lib/box"
    folder.mkdir(parents=True)
    for path in _guest_files():
        if path.suffix == ".service":
            shutil.copy(path, root / "etc/systemd/system")
            wants = root / "etc/systemd/system/multi-user.target.wants"
            wants.mkdir(exist_ok=True)
            (wants / path.name).symlink_to(f"../{path.name}")
        elif path.name != "init":
            shutil.copy(path, folder)
            (folder / path.name).chmod(0o755)
    (root / "etc/modules-load.d/box.conf").write_text("snd_aloop\n")
    (root / "etc/modprobe.d/box.conf").write_text("options snd_aloop pcm_substreams=1\n")
    # A whole number of waves in a second, so that it can go round and round.
    phase = 2.0 * np.pi * TONE_HZ * np.arange(48_000) / 48_000
    mono = np.round(TONE_PEAK * np.sin(phase) * 2**31).astype("<i4")
    (folder / "tone.raw").write_bytes(np.repeat(mono, 2).tobytes())


def _guest_files() -> list[Path]:
    return sorted(path for path in GUEST.iterdir() if path.is_file())


def _add_modules(root: Path, linux: Path) -> None:
    version = kernel_version(linux)
    for path in _modules(linux, [*FIRST, *LATER]):
        copy = root / "lib/modules" / version / path.relative_to(linux / "lib/modules" / version)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(_unsigned(path))
    for path in (linux / "lib/modules" / version).glob("modules.*"):
        shutil.copy(path, root / "lib/modules" / version)
    run("depmod", "-b", str(root), version)


def _modules(linux: Path, names: Sequence[str]) -> list[Path]:
    """The files of modules and of all that they need, in the order in which they can be loaded."""
    version = kernel_version(linux)
    if not (linux / "lib/modules" / version / "modules.dep").exists():
        run("depmod", "-b", str(linux), version)
    found: dict[Path, None] = {}
    for name in names:
        for line in run("modprobe", "-d", str(linux), "-S", version, "-D", name).splitlines():
            kind, _, path = line.strip().partition(" ")
            if kind == "insmod":
                found[Path(path.split()[0])] = None
    return list(found)


def _unsigned(path: Path) -> bytes:
    """A module without its signature: a Raspberry Pi's have none that would have to be checked."""
    data = path.read_bytes()
    if not data.endswith(_SIGNED):
        return data
    signature = int.from_bytes(data[-len(_SIGNED) - 4 : -len(_SIGNED)], "big")
    return data[: -len(_SIGNED) - 12 - signature]


def _initrd(place: Path, folder: Path, linux: Path) -> None:
    for name in ("bin", "modules", "proc", "sys", "dev", "root"):
        (folder / name).mkdir(parents=True)
    busybox = shutil.which("busybox")
    assert busybox is not None
    shutil.copy(busybox, folder / "bin/busybox")
    shutil.copy(GUEST / "init", folder / "init")
    (folder / "init").chmod(0o755)
    order = _modules(linux, FIRST)
    for path in order:
        (folder / "modules" / path.name).write_bytes(_unsigned(path))
    (folder / "modules/order").write_text("".join(f"{path.name}\n" for path in order))
    names = "".join(f"{p.relative_to(folder)}\n" for p in sorted(folder.rglob("*")))
    packed = subprocess.run(
        [busybox, "cpio", "-o", "-H", "newc"],
        input=names.encode(),
        cwd=folder,
        capture_output=True,
        check=True,
    )
    place.write_bytes(packed.stdout)


def _disk(place: Path, label: str, tree: Path) -> None:
    used = int(run("du", "-sm", str(tree)).split()[0])
    pieces = -(-(used * 5 // 4 + 48) // UNIT_MIB)
    options = ["-q", "-F", "-t", "ext4", "-L", label, "-m", "0", "-d", str(tree)]
    run("mke2fs", *options, str(place), f"{pieces * UNIT_MIB}M")


def _project_files() -> list[Path]:
    """What Ondine's wheel is made from."""
    found: list[Path] = []
    for name in (
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "device",
        "convert",
        "models",
        "hardware",
    ):
        top = CHECKOUT / name
        inside = [top] if top.is_file() else sorted(top.rglob("*"))
        found += [p for p in inside if p.is_file() and "__pycache__" not in p.parts]
    return found


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
