"""The ground: the file tree that is changed, with a record of every change.

    as wanted already    kept     nothing is touched, not even its date
    missing, or ours     did      written whole beside it, brought to the disk, renamed
    changed by someone   refused  left alone, and said

`root` is / on a box, and any folder for an image or a test. A dry ground says all and does nothing.
The record of what is ours lies in /opt/ondine/installed.json: it is what an uninstall takes away.
"""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

from .refusal import RefusalError

RECORD = "/opt/ondine/installed.json"


class Ground:
    """One tree. `did`, `kept` and `refused` are lines of the report, in order."""

    def __init__(self, root: Path, *, dry: bool = False) -> None:
        self.root, self.dry = root.resolve(), dry
        self.live = self.root == Path("/")
        self.did: list[str] = []
        self.kept: list[str] = []
        self.refused: list[str] = []
        self._ours: dict[str, str] = self._read_record()

    def place(self, path: str) -> Path:
        """Where `path` of the box is in this tree."""
        return self.root / path.lstrip("/")

    def file(self, path: str, data: bytes, mode: int = 0o644) -> bool:
        """Have a file of ours. False if somebody changed it, and it was let be."""
        place, mark = self.place(path), _mark(data)
        if place.is_symlink() or place.is_dir():
            self.refused.append(f"{path} is no plain file; it was let be")
            return False
        if place.exists():
            there = place.read_bytes()
            if there == data and place.stat().st_mode & 0o777 == mode:
                self.kept.append(path)
                self._ours[path] = mark
                return True
            if there != data and self._ours.get(path) != _mark(there):
                self.refused.append(
                    f"{path} was changed by somebody; it was let be. Move it away to have ours"
                )
                return False
        self.did.append(f"wrote {path}")
        self._write(place, data, mode)
        self._ours[path] = mark
        return True

    def seed(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Have a file that is the player's from then on: never overwritten, never taken away."""
        place = self.place(path)
        if place.exists() or place.is_symlink():
            self.kept.append(f"{path}, which is yours")
            return
        self.did.append(f"wrote {path}, which is yours from now on")
        self._write(place, data, mode)

    def link(self, path: str, target: str) -> bool:
        """Have a symbolic link of ours. False if something of somebody's is there."""
        place, mark = self.place(path), f"link {target}"
        if place.is_symlink() and os.readlink(place) == target:
            self.kept.append(path)
            # One that was there before us stays when we go.
            return True
        there = place.is_symlink() or place.exists()
        if there and (not place.is_symlink() or f"link {os.readlink(place)}" != self._of(path)):
            self.refused.append(f"{path} was put there by somebody; it was let be")
            return False
        self.did.append(f"linked {path} to {target}")
        if not self.dry:
            place.parent.mkdir(parents=True, exist_ok=True)
            beside = place.with_name(f".{place.name}.partial")
            beside.unlink(missing_ok=True)
            beside.symlink_to(target)
            beside.replace(place)
            _flush(place.parent)
        self._ours[path] = mark
        return True

    def folder(self, path: str, mode: int = 0o755) -> None:
        """Have a folder. It is never taken away while something lies in it."""
        place = self.place(path)
        if place.is_dir():
            self.kept.append(path)
            return
        self.did.append(f"made {path}")
        if not self.dry:
            place.mkdir(parents=True, mode=mode)

    def edit(self, path: str, data: bytes, what: str) -> None:
        """Change a file that is not ours, such as the boot loader's. `what` says how."""
        self.did.append(f"{path}: {what}")
        place = self.place(path)
        self._write(place, data, place.stat().st_mode & 0o777 if place.exists() else 0o644)

    def drop(self, path: str) -> None:
        """Take away what is ours, if nobody has changed it."""
        place, mark = self.place(path), self._of(path)
        if not mark:
            return
        if place.is_symlink():
            ours = f"link {os.readlink(place)}" == mark
        elif place.is_file():
            ours = _mark(place.read_bytes()) == mark
        else:
            ours = not place.exists()
            if ours:
                self._ours.pop(path)
                return
        if not ours:
            self.refused.append(f"{path} was changed by somebody; it was let be")
            return
        self.did.append(f"took away {path}")
        if not self.dry:
            place.unlink()
            _prune(place.parent, self.root)
        self._ours.pop(path)

    def clear(self, path: str, why: str) -> None:
        """Take a whole folder of ours away."""
        place = self.place(path)
        if place.exists():
            self.did.append(f"took away {path}{why and ': '}{why}")
            if not self.dry:
                shutil.rmtree(place)
                _prune(place.parent, self.root)

    def ours(self) -> list[str]:
        """All that the record says is ours."""
        return sorted(self._ours)

    def system(self, *command: str) -> None:
        """Have the running system do something; in a tree that is no system, nothing."""
        if self.live and not self.dry:
            self._call(*command)

    def image(self, command: str, *arguments: str) -> None:
        """Have a program of systemd's do something to an image; to a running system, nothing."""
        image = (self.root / "etc/passwd").is_file() and shutil.which(command)
        if not self.live and not self.dry and image:
            self._call(command, f"--root={self.root}", *arguments)

    def _call(self, *command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            self.refused.append(f"`{' '.join(command)}` failed: {''.join(said)}")

    def save(self) -> None:
        """Write the record down, if it changed; without anything of ours, take it away."""
        if self.dry:
            return
        place = self.place(RECORD)
        if not self._ours:
            place.unlink(missing_ok=True)
            _prune(place.parent, self.root)
        elif self._read_record() != self._ours:
            data = json.dumps(self._ours, indent=1, sort_keys=True).encode()
            self._write(place, data, 0o644)

    def _of(self, path: str) -> str:
        return self._ours.get(path, "")

    def _write(self, place: Path, data: bytes, mode: int) -> None:
        if self.dry:
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = place.with_name(f".{place.name}.partial")
        try:
            with beside.open("wb") as file:
                os.fchmod(file.fileno(), mode)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(place)
        finally:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
        _flush(place.parent)

    def _read_record(self) -> dict[str, str]:
        try:
            raw = json.loads(self.place(RECORD).read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            raise RefusalError(
                f"the record {RECORD} cannot be read. Move it away: then nothing there is taken "
                "for Ondine's"
            ) from None
        if not isinstance(raw, dict):
            raise RefusalError(f"the record {RECORD} is damaged. Move it away")
        return {str(path): str(mark) for path, mark in raw.items()}


def report(ground: Ground) -> list[str]:
    """What was done, kept and refused, in lines."""
    lines = [f"  {line}" for line in ground.did] or ["  nothing had to be done"]
    if ground.kept:
        lines.append(f"  kept {len(ground.kept)} things as they were")
        lines += [f"    {line}" for line in ground.kept if "yours" in line]
    return [*lines, *(f"  ! {line}" for line in ground.refused)]


def _mark(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _flush(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _prune(folder: Path, root: Path) -> None:
    """Take away folders of ours that are empty by now."""
    while folder != root and "ondine" in str(folder.relative_to(root)):
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
