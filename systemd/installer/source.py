"""What is installed: a checkout or an unpacked release, and the wheels that came with it."""

import hashlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from .refusal import RefusalError

_PARTS = ("pyproject.toml", "README.md", "LICENSE", "device", "convert", "models", "hardware")
_LEFT_OUT = {"__pycache__", ".git", ".pytest_cache"}
_EXTRAS = {"pi4": "phone,pi", "pi5": "phone,pi", "jetson-orin-nano": "phone,jetson"}


@dataclass(frozen=True)
class Source:
    """A folder with `systemd/` in it, for one kind of box."""

    folder: Path
    board: str
    wheels: Path | None
    """A folder of wheels: nothing is fetched from the network then."""

    @property
    def units(self) -> Path:
        return self.folder / "systemd/units"

    @property
    def config(self) -> Path:
        return self.folder / "systemd/config"

    @property
    def wheel(self) -> Path | None:
        """Ondine's own wheel, if it is among the wheels; the newest."""
        found = sorted(self.wheels.glob("ondine-*.whl")) if self.wheels else []
        return found[-1] if found else None

    @property
    def requirement(self) -> str:
        """What pip is asked for, with the extras of the board; of a source, without its folder."""
        return f"[{_EXTRAS.get(self.board, 'phone')}]"

    @property
    def on_pi(self) -> bool:
        """Whether the board's pins are a Raspberry Pi's."""
        return "pi" in _EXTRAS.get(self.board, "").split(",")

    def boards(self) -> list[str]:
        """The boxes that there are profiles for."""
        return sorted(p.parent.name for p in self.folder.glob("hardware/*/profile.toml"))

    def files(self) -> list[Path]:
        """Everything that a version is made of."""
        found: list[Path] = []
        for part in _PARTS:
            top = self.folder / part
            inside = [top] if top.is_file() else sorted(top.rglob("*"))
            found += [p for p in inside if p.is_file() and not _LEFT_OUT & set(p.parts)]
        return found

    def version(self) -> str:
        """The version's name: the number it has, and a fingerprint of what it is made of."""
        digest = hashlib.sha256(f"{self.requirement} {sys.version_info[:2]} {self.board}".encode())
        if wheel := self.wheel:
            number = wheel.name.split("-")[1]
            digest.update(wheel.read_bytes())
        else:
            match = re.search(r'^version = "([0-9][\w.]*)"', self._project(), re.MULTILINE)
            number = match[1] if match else "0"
            for path in self.files():
                digest.update(str(path.relative_to(self.folder)).encode() + path.read_bytes())
        for path in sorted(self.units.iterdir()):
            digest.update(path.name.encode() + path.read_bytes())
        return f"{number}-{digest.hexdigest()[:10]}"

    def _project(self) -> str:
        return (self.folder / "pyproject.toml").read_text()


def find_source(folder: Path, board: str | None, wheels: Path | None, model: str) -> Source:
    """The source at `folder`. `board` is asked for, or found out from `model`, the board's name.

    Raises:
        RefusalError: naming what is missing.
    """
    source = Source(folder, board or board_of(model), wheels)
    for needed in (source.units / "ondine-audio.service", folder / "hardware"):
        if not needed.exists():
            raise RefusalError(f"{needed} is missing: start this from a whole checkout or release")
    if source.board not in source.boards():
        raise RefusalError(
            f"there is no box {source.board!r}; there are {', '.join(source.boards())}. "
            "Choose one with --board"
        )
    if wheels is not None:
        if not wheels.is_dir():
            raise RefusalError(f"there is no folder {wheels} with wheels. Check the path")
        if not any(wheels.glob("*.whl")):
            raise RefusalError(f"there are no wheels (*.whl) in {wheels}. Check the path")
    return source


def board_of(model: str) -> str:
    """The box that a device tree's `model` speaks of."""
    for start, board in (
        ("Raspberry Pi 5", "pi5"),
        ("Raspberry Pi 4", "pi4"),
        ("NVIDIA Jetson Orin Nano", "jetson-orin-nano"),
    ):
        if model.startswith(start):
            return board
    return "desktop"
