"""What a player has wired and taught and not saved yet, for the control process after this one.

A control process that dies leaves the sound running, and this in the run folder: routes, macros,
the learned map, and which scene is on. It lies in memory; no disk is written for it.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from device.from_json import build

MAX_BYTES = 1 << 22
AFTER_S = 0.5
"""A change is written so long after it was made, with those that came meanwhile."""


@dataclass(frozen=True)
class Sketch:
    """Routes and macros as a scene has them, the learned map, and the scene that is on."""

    on: int | None = None
    mapping: dict[str, Any] = field(default_factory=dict)
    learned: dict[str, Any] = field(default_factory=dict)


class Sketching:
    """Writes `sketch()` to `path` a while after `changed`; a clean end takes the file away."""

    def __init__(self, path: Path, sketch: Callable[[], Sketch]) -> None:
        self.path, self._sketch = path, sketch
        self._timer: asyncio.TimerHandle | None = None

    def changed(self) -> None:
        """Something was wired, taught, saved or recalled."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(AFTER_S, self._write)

    def close(self) -> None:
        """It ended in good order: whatever was not saved was not meant to be."""
        if self._timer is not None:
            self._timer.cancel()
        self.path.unlink(missing_ok=True)

    def _write(self) -> None:
        self._timer = None
        sketch = self._sketch()
        partial = self.path.with_name(f".{self.path.name}.partial")
        with contextlib.suppress(OSError):
            partial.write_text(json.dumps(vars(sketch)))
            partial.replace(self.path)


def read_sketch(path: Path) -> Sketch | None:
    """What was sketched last; None if nothing was, or it cannot be understood."""
    problems: list[str] = []
    try:
        with path.open("rb") as file:
            sketch = build(Sketch, json.loads(file.read(MAX_BYTES)), "sketch", problems)
    except (OSError, ValueError, RecursionError):
        return None
    return sketch if isinstance(sketch, Sketch) and not problems else None
