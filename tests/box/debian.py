"""The parts of an image that change seldom: Debian, the wheels. Each is made once.

    .cache/box/debian-KEY/    a root tree by mmdebstrap          a minute and a half
    .cache/box/kernel-KEY/    see kernel.py                      seconds
    .cache/box/wheels-KEY/    what pyproject.toml asks for       a minute

KEY is a hash of what it was made from; another one takes the place of the one before.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path

from tests.box.needs import PYTHON, PYTHON_VERSION, SUITE, RefusalError

CHECKOUT = Path(__file__).parents[2]
CACHE = CHECKOUT / ".cache" / "box"
MIRROR = "http://deb.debian.org/debian"
SECURITY = "deb http://deb.debian.org/debian-security bookworm-security main"
DEBIAN = (
    *("systemd-sysv", "systemd", "udev", "dbus", "kmod", "e2fsprogs", "util-linux", "procps"),
    *("python3", "libasound2", "alsa-utils", "libstdc++6", "zlib1g", "iproute2"),
)
"""About what a Raspberry Pi OS Lite has of use here, and the programs that listen."""
EXTRAS = ("phone", "panel", "pi")
"""As the installer asks for, of a Raspberry Pi; of what shows pictures, nothing."""


def debian() -> Path:
    """A tree of Debian, as mmdebstrap leaves it."""
    key = key_of(SUITE, MIRROR, SECURITY, *DEBIAN)

    def make(place: Path) -> None:
        run(
            *("mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(DEBIAN)}"),
            *("--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*"),
            *("--dpkgopt=path-exclude=/usr/share/locale/*", "--aptopt=Apt::Install-Recommends 0"),
            *(SUITE, str(place), f"deb {MIRROR} {SUITE} main", SECURITY),
        )

    return made("debian", key, "Debian, by mmdebstrap", make)


def wheels() -> Path:
    """A folder of wheels of all that Ondine needs on this box, but not of Ondine."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(w for extra in EXTRAS for w in needed_by(extra))]

    def make(place: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="box-") as folder:
            run(PYTHON, "-m", "venv", folder)
            run(f"{folder}/bin/python", "-m", "pip", "wheel", "-q", "-w", str(place), *wanted)

    return made("wheels", key_of(PYTHON_VERSION, *wanted), "the wheels of what Ondine needs", make)


def needed_by(extra: str) -> list[str]:
    """What an extra of pyproject.toml asks for, but not the extras that it names in turn."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    wanted: list[str] = project["optional-dependencies"][extra]
    return [name for name in wanted if not name.startswith("ondine[")]


def run(*command: str, cwd: Path | None = None) -> str:
    """What a program printed.

    Raises:
        RefusalError: with its last words, if it failed.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        said = " / ".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-3:])
        raise RefusalError(f"`{' '.join(command)[:160]}` failed: {said}")
    return done.stdout


def say(sentence: str) -> None:
    """Tell whoever waits."""
    print(f"box: {sentence}", flush=True)


def made(name: str, key: str, what: str, make: Callable[[Path], None]) -> Path:
    """`.cache/box/NAME-KEY`, made if need be; it takes the place of others of that name."""
    place = CACHE / f"{name}-{key}"
    if place.exists():
        return place
    say(f"making {what}")
    partial = CACHE / f"{name}.partial"
    CACHE.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(partial, ignore_errors=True)
    make(partial)
    for old in CACHE.glob(f"{name}-*"):
        shutil.rmtree(old)
    partial.rename(place)
    return place


def key_of(*parts: str) -> str:
    """What stands for all of these."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
