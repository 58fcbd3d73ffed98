"""A box in a folder: installed to with `--root`, looked at, and copied for the next test."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Box:
    """One tree, and the commands that change it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def run(self, command, *arguments, **more):
        """`systemd/install` or `systemd/update`: exit code, stdout, stderr."""
        script = Path(command) if "/" in str(command) else ROOT / "systemd" / command
        done = subprocess.run(
            [sys.executable, "-B", script, "--root", self.folder, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            **more,
        )
        return done.returncode, done.stdout, done.stderr

    def install(self, wheels, *arguments):
        return self.run("install", "--board", "pi4", "--wheels", wheels, *arguments)

    def at(self, path) -> Path:
        return self.folder / path.lstrip("/")

    def version(self) -> str:
        return os.readlink(self.at("/opt/ondine/current")).removeprefix("versions/")

    def versions(self) -> list[str]:
        return sorted(p.name for p in self.at("/opt/ondine/versions").iterdir())

    def snapshot(self) -> dict[str, tuple]:
        """Every file and folder: what it is, its date, its contents."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            info = path.lstat()
            if path.is_symlink():
                what = os.readlink(path)
            elif path.is_file():
                what = hashlib.sha256(path.read_bytes()).hexdigest()
            else:
                what = "folder"
            found[str(path.relative_to(self.folder))] = (what, info.st_mode, info.st_mtime_ns)
        return found

    def copy(self, folder: Path) -> "Box":
        shutil.copytree(self.folder, folder, symlinks=True)
        return Box(folder)
