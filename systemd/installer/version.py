"""Versions: each a virtual environment with units of its own, side by side in /opt/ondine/versions.

    /opt/ondine/current ──► versions/0.2.0-…     the one that plays; a link, changed in one step
                            versions/0.1.0-…     the one before it, to go back to

One that is not whole has no `.whole` in it, and is made again.
"""

import glob
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from .ground import Ground
from .refusal import RefusalError
from .source import Source

VERSIONS = "/opt/ondine/versions"
CURRENT = "/opt/ondine/current"
_NEEDED_BYTES = 350 << 20
"""An environment with numpy and onnxruntime: 190 MiB, and about as much while it is unpacked."""
_NEEDED_WITH_WHEEL_BYTES = 1 << 20


def current(ground: Ground) -> str:
    """The name of the version that plays; '' if there is none."""
    place = ground.place(CURRENT)
    return os.path.basename(os.readlink(place)) if place.is_symlink() else ""


def is_whole(ground: Ground, name: str) -> bool:
    """Whether a version was made to its end."""
    return bool(name) and ground.place(f"{VERSIONS}/{name}/.whole").is_file()


def switch(ground: Ground, name: str) -> None:
    """Have `current` point to a version, in one step."""
    if current(ground) == name:
        ground.kept.append(f"version {name}")
        return
    ground.did.append(f"{name} is the version that plays")
    if ground.dry:
        return
    place = ground.place(CURRENT)
    beside = place.with_name(".current.partial")
    beside.unlink(missing_ok=True)
    beside.symlink_to(f"versions/{name}")
    beside.replace(place)


def make(ground: Ground, source: Source, name: str) -> bool:
    """Make a version, unless it is there; whether it had to be made.

    Raises:
        RefusalError: if it cannot be made. What was begun is taken away.
    """
    path = f"{VERSIONS}/{name}"
    if is_whole(ground, name):
        ground.kept.append(path)
        return False
    ground.clear(path, "it was left half-finished")
    ground.did.append(f"made {path}")
    _check_room(ground, source)
    if ground.dry:
        return True
    place = ground.place(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        _run([sys.executable, "-m", "venv", "--without-pip", str(place)])
        _install(place, source)
        shutil.copytree(source.units, place / "units")
        if not ground.live:
            _move_home(place, path, ground.root)
        _bring_to_disk(place)
        (place / ".whole").write_text("")
        _bring_to_disk(place)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    return True


def drop_others(ground: Ground, keep: set[str]) -> None:
    """Take away all versions but those to `keep`."""
    place = ground.place(VERSIONS)
    for other in sorted(place.iterdir()) if place.is_dir() else []:
        if other.name not in keep:
            ground.clear(f"{VERSIONS}/{other.name}", "nobody goes back to it any more")


def _check_room(ground: Ground, source: Source) -> None:
    place = ground.place(VERSIONS)
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    needed = _NEEDED_BYTES
    if source.wheels is not None:
        # Unpacked, wheels are three times what they were.
        needed = 3 * sum(p.stat().st_size for p in source.wheels.glob("*.whl"))
        needed += _NEEDED_WITH_WHEEL_BYTES
    if free < needed:
        raise RefusalError(
            f"there are {free >> 20} MiB free at {place}, and {needed >> 20} are needed. Make "
            "room, and start this again; what plays now is untouched"
        )


def _install(place: Path, source: Source) -> None:
    python = str(place / "bin/python")
    pip = [python, "-I", f"{_pip()}/pip", "install", "--quiet", "--disable-pip-version-check"]
    if source.wheels is not None:
        pip += ["--no-index", "--find-links", str(source.wheels.resolve())]
    if wheel := source.wheel:
        _run([*pip, f"{wheel.resolve()}{source.requirement}"])
        return
    with tempfile.TemporaryDirectory() as scratch:
        # Not in the checkout: building leaves things behind, and it may be read-only.
        for path in source.files():
            copy = Path(scratch) / path.relative_to(source.folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)
        _run([*pip, f"{scratch}{source.requirement}"])


def _pip() -> str:
    """pip as it comes with Python, a wheel that runs as it is: a box keeps none."""
    folders = [sysconfig.get_config_var("WHEEL_PKG_DIR") or "", "/usr/share/python-wheels"]
    folders.append(os.path.join(sysconfig.get_path("stdlib"), "ensurepip/_bundled"))
    for folder in folders:
        if folder and (found := sorted(glob.glob(f"{folder}/pip-*.whl"))):
            return found[-1]
    raise RefusalError("Python's venv is missing. Run: sudo apt-get install python3-venv")


def _run(command: list[str]) -> None:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PIP_"))}
    clean["PYPI"] = "1"  # lgpio, where it is compiled: with its library inside, as in its wheels
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=clean, stdin=subprocess.DEVNULL
    )
    if done.returncode == 0:
        return
    # What pip asks of another pip is indented.
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if "ERROR" in line] or lines[-1:]
    said = errors[-1].rstrip(".") if errors else f"it ended with {done.returncode}"
    if "No space left" in done.stderr:
        raise RefusalError(
            "the disk is full. What was there before is untouched; make room, and start this again"
        )
    raise RefusalError(
        f"the packages cannot be installed: {said}. With --wheels the folder has to hold all of "
        "them; without it, the network has to be there. What was there before is untouched"
    )


def _move_home(place: Path, path: str, root: Path) -> None:
    """Have programs in an image look for their Python where it will be, not where it was made."""
    here, there = str(place).encode(), path.encode()
    for program in [*sorted((place / "bin").iterdir()), place / "pyvenv.cfg"]:
        if program.is_symlink() or not program.is_file():
            continue
        data = program.read_bytes()
        if here in data:
            mode = program.stat().st_mode
            program.write_bytes(data.replace(here, there))
            program.chmod(mode)


def _bring_to_disk(place: Path) -> None:
    """All of it, in one call: a file each would take minutes on a card."""
    import ctypes

    fd = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if ctypes.CDLL(None).syncfs(fd) != 0:
            os.sync()
    finally:
        os.close(fd)
