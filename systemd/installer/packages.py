"""What is needed of the distribution: asked for by the command or file that it brings."""

import shutil
import sys
from pathlib import Path

from .ground import Ground
from .source import Source

NEEDED = {
    "python3-venv": ("python3", ""),
    "util-linux": ("chrt", ""),
    "libasound2-dev": ("", "/usr/include/alsa/asoundlib.h"),
    "gcc": ("gcc", ""),
    "python3-dev": ("python3-config", ""),
    "swig": ("swig", ""),
}
"""Package → a command, or a file, that is there if it is."""
_TO_COMPILE = ("libasound2-dev", "gcc", "python3-dev")
"""For pyalsaaudio, which has no wheel of its own; not if one is among the wheels."""
_LGPIO_WHEELS_END = (3, 13)
"""The first Python for which a Pi's lgpio has no wheel: it is compiled, and swig writes a part."""


def missing(source: Source) -> list[str]:
    """The packages that are not there."""
    unwanted = spared(source)
    return [
        package
        for package, (command, file) in NEEDED.items()
        if package not in unwanted and not (shutil.which(command) if command else _is_file(file))
    ]


def spared(source: Source, python: tuple[int, ...] = sys.version_info) -> set[str]:
    """Those that nothing has to be compiled with, on this Python."""
    unwanted: set[str] = set()
    if source.wheels is not None and any(source.wheels.glob("pyalsaaudio-*.whl")):
        unwanted |= set(_TO_COMPILE)
    if source.wheels is not None or not source.on_pi or python < _LGPIO_WHEELS_END:
        unwanted.add("swig")
    return unwanted


def fetch(ground: Ground, source: Source) -> None:
    """Install what is missing, if this is a running system with a network to fetch it from."""
    lacking = missing(source)
    if not lacking:
        ground.kept.append("packages of the distribution")
        return
    command = f"apt-get install {' '.join(lacking)}"
    if not ground.live or source.wheels is not None or not shutil.which("apt-get"):
        ground.refused.append(f"packages are missing; run: sudo {command}")
        return
    ground.did.append(f"installed {', '.join(lacking)}")
    ground.system("apt-get", "update", "-q")
    ground.system("apt-get", "install", "-q", "-y", "--no-install-recommends", *lacking)


def _is_file(path: str) -> bool:
    return Path(path).is_file()
