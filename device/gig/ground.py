"""Where the gig check looks: this machine, or in tests a folder laid out like one."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from device.board import ask_vcgencmd


@dataclass(frozen=True)
class Ground:
    """`root` stands for `/` in front of the kernel's files; `environment` says whose machine it is.

    `python` runs what must not bring the check down with it; `ask_firmware` is `vcgencmd`.
    """

    root: Path = Path("/")
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    python: str = sys.executable
    ask_firmware: Callable[[], str] = ask_vcgencmd

    def read(self, path: str) -> str:
        """A small file of the kernel's, stripped; '' if it is not there or cannot be read."""
        try:
            return (self.root / path).read_text(errors="replace").strip("\0\n ")
        except OSError:
            return ""
