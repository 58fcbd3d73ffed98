"""Builds `.arm/root`: an arm64 Debian with Python, numpy and onnxruntime, and qemu to run it here.

    .arm/root/
        usr/ lib etc/ …   Debian 12 for arm64, unpacked only: python3.11 and what it needs
        wheels/           the aarch64 wheels of numpy and onnxruntime that a Pi installs
        x86/              this machine's own qemu-aarch64, its libraries and loader, icount.so

Nothing of arm64 runs while it is built (packages are unpacked, not configured), so neither
binfmt_misc nor qemu-user-static is needed. It takes about 20 seconds and, once made, nothing:
what it was made from is written in `.arm/root/made`, and it is made again when that changes.

`python -m tests.benchmark.arm.root` builds it. Needs root, Debian on x86-64, apt and pip.
"""

import fcntl
import hashlib
import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[2]
FOLDER = CHECKOUT / ".arm"
ROOT = FOLDER / "root"

SUITE, MIRROR = "bookworm", "http://deb.debian.org/debian"
PYTHON = "3.11"
"""bookworm's Python, for which onnxruntime has aarch64 wheels."""
WHEELS = ("numpy", "onnxruntime")
"""Installed in the versions of this environment, so that both machines run the same kernels."""
PLATFORM = "manylinux_2_28_aarch64"
TOOLS = {"mmdebstrap": "mmdebstrap", "qemu-aarch64": "qemu-user", "gcc": "gcc"}
"""Command → Debian package. The static qemu takes no plugins: it must be this one."""

ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "PYTHONPATH": "/wheels:/job",
    "PYTHONHASHSEED": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "LC_ALL": "C.UTF-8",
}
"""What the emulated program sees. The fixed hash seed makes counts repeat."""

# What configuring the packages would have made, and the places that `within` mounts on.
MERGE_USR = """cd "$1" && mkdir -p usr/bin usr/lib usr/sbin proc dev job &&
ln -s usr/bin usr/lib usr/sbin ."""


def ensure_root(say: bool = True) -> Path:
    """Build the root if it is missing or was made from something else; returns its path.

    Raises:
        RuntimeError: if this machine cannot do it, with what to do.
        subprocess.CalledProcessError: if apt, mmdebstrap, pip or gcc fails.
    """
    made(ROOT, _recipe(), _fill, say)
    return ROOT


def made(root: Path, recipe: str, fill: Callable[[Path, bool], None], say: bool) -> None:
    """Have `root` made by `fill`, if it is not there or was made from another recipe.

    Raises:
        RuntimeError: if this machine cannot do it, with what to do.
        subprocess.CalledProcessError: if a program fails.
    """
    _check_machine()
    root.parent.mkdir(exist_ok=True)
    with (root.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the second of two at once waits, and finds it made
        note = root / "made"
        if note.exists() and note.read_text() == recipe:
            return
        _install_tools(say)
        # Beside the place, and renamed: a root is whole or not there.
        building = root.with_name(f"{root.name}.partial")
        shutil.rmtree(building, ignore_errors=True)
        try:
            fill(building, say)
            (building / "made").write_text(recipe)
            shutil.rmtree(root, ignore_errors=True)
            building.rename(root)
        finally:
            shutil.rmtree(building, ignore_errors=True)


def emulate(root: Path, cpu: str, job: Path, arguments: list[str]) -> list[str]:
    """The command that runs `python3 arguments…` in the root on `cpu`, counting instructions."""
    return [
        *within(root, job),
        *("/x86/ld.so", "--library-path", "/x86", "/x86/qemu-aarch64"),
        *("-cpu", cpu, "-plugin", "/x86/icount.so", f"/usr/bin/python{PYTHON}", "-B", *arguments),
    ]


def within(root: Path, job: Path) -> list[str]:
    """What, put before a command, runs it in the root, with the folder `job` seen as `/job`.

    /proc and /dev are mounted in a mount namespace of the command's own, which ends with it,
    however it ends: nothing is left to clean up. /sys is not mounted: onnxruntime would read this
    machine's processor there and crash, and without it reads the emulated one's features, which are
    right.
    """
    script = (
        'mount --bind /proc "$1/proc" && mount --bind /dev "$1/dev" && '
        'mount --bind "$2" "$1/job" && chroot="$1" && shift 2 && exec chroot "$chroot" "$@"'
    )
    return [
        *("unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"),
        *(str(root), str(job)),
    ]


def _fill(root: Path, say: bool) -> None:
    unpack_debian(root, SUITE, (f"python{PYTHON}", "libstdc++6"), say)
    _install_wheels(root, say)
    copy_qemu(root, say)
    flags = ["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror"]
    run("gcc", *flags, "-o", str(root / "x86" / "icount.so"), str(HERE / "icount.c"))


def _check_machine() -> None:
    if platform.machine() != "x86_64" or shutil.which("apt-get") is None:
        raise RuntimeError(f"the emulated Pi needs Debian on x86-64, not {platform.platform()}")
    if os.geteuid() != 0:
        raise RuntimeError("the emulated Pi needs root, for chroot and mount. Run it with sudo.")


def _versions() -> list[str]:
    return [f"{name}=={importlib.metadata.version(name)}" for name in WHEELS]


def _recipe() -> str:
    """Everything the root is made from; a change of any of it makes it again."""
    sources = b"".join((HERE / name).read_bytes() for name in ("icount.c", "root.py"))
    return "\n".join([SUITE, *_versions(), hashlib.sha256(sources).hexdigest(), ""])


def _install_tools(say: bool) -> None:
    missing = [package for command, package in TOOLS.items() if shutil.which(command) is None]
    if missing:
        _say(say, f"installing {', '.join(missing)}")
        run("apt-get", "update", "-q")
        run("apt-get", "install", "-q", "-y", "--no-install-recommends", *missing)


def unpack_debian(root: Path, suite: str, packages: Sequence[str], say: bool) -> None:
    """A tree of Debian for arm64 with these packages: unpacked, not configured."""
    _say(say, f"unpacking Debian {suite} for arm64")
    run(
        *("mmdebstrap", "--quiet", "--arch=arm64", "--variant=extract", "--skip=check/qemu"),
        *(f"--include={','.join(packages)}", f"--setup-hook={MERGE_USR}"),
        *(suite, str(root), MIRROR),
    )


def _install_wheels(root: Path, say: bool) -> None:
    _say(say, f"installing {', '.join(_versions())} for aarch64")
    run(
        *(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-compile"),
        *("--target", str(root / "wheels"), "--platform", PLATFORM, "--only-binary=:all:"),
        *("--python-version", PYTHON, *_versions()),
    )


def copy_qemu(root: Path, say: bool) -> None:
    """qemu runs inside the chroot, so it takes its libraries and its loader along."""
    _say(say, "copying qemu")
    folder = root / "x86"
    folder.mkdir()
    qemu = shutil.which("qemu-aarch64")
    assert qemu is not None
    listing = subprocess.run(["ldd", qemu], check=True, capture_output=True, text=True).stdout
    libraries = re.findall(r"=> (/\S+)", listing)
    (loader,) = re.findall(r"^\s*(/\S*ld-linux\S+) \(", listing, re.MULTILINE)
    for path in (qemu, *libraries):
        shutil.copy(path, folder)
    shutil.copy(loader, folder / "ld.so")


def run(*command: str) -> None:
    """Run a program; what it said is printed only if it failed."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout[-2000:], done.stderr[-4000:], file=sys.stderr)
        done.check_returncode()


def _say(say: bool, what: str) -> None:
    if say:
        print(f"arm: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    print(ensure_root())
