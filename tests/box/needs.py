"""What the emulated box needs of this machine."""

import os
import platform
import shutil
from pathlib import Path

PYTHON = "/usr/bin/python3"
"""The distribution's own: the environment on the box is made with it, and finds the same there."""
SUITE, PYTHON_VERSION = "bookworm", "3.11"
PACKAGES = {
    "qemu-system-x86": "qemu-system-x86_64",
    "mmdebstrap": "mmdebstrap",
    "busybox-static": "busybox",
    "e2fsprogs": "mke2fs",
    "dosfstools": "mkfs.fat",
    "mtools": "mcopy",
    "kmod": "modprobe",
    "python3-venv": "/usr/share/python-wheels",
    "gcc": "gcc",
    "make": "make",
    "libasound2-dev": "/usr/include/alsa/asoundlib.h",
    "python3-dev": "/usr/include/python3.11/Python.h",
}
"""Debian package → a command or a path that is there if it is."""


class RefusalError(RuntimeError):
    """The box cannot be built or run here; a sentence that says what to do."""


def missing() -> list[str]:
    """The packages that are not there, in the order of `PACKAGES`."""
    return [package for package, sign in PACKAGES.items() if not _is_there(sign)]


def check_machine() -> None:
    """Raise RefusalError, in a sentence, if this machine cannot do it."""
    if platform.machine() != "x86_64" or shutil.which("apt-get") is None:
        raise RefusalError(
            f"the emulated box needs Debian {SUITE} on x86-64, and this is {platform.platform()}"
        )
    if os.geteuid() != 0:
        raise RefusalError("the emulated box is built as root. Start this with sudo")
    if lacking := missing():
        raise RefusalError(
            "packages are missing; run: apt-get install --no-install-recommends "
            + " ".join(lacking)
        )


def _is_there(sign: str) -> bool:
    return Path(sign).exists() if sign.startswith("/") else shutil.which(sign) is not None
