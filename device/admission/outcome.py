"""The outcome of a trial, as it crosses from the worker to whoever asked for it."""

import dataclasses
import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """One bundle in one precision, or all of it. `say` is why it is refused, '' if it is not."""

    say: str = ""
    stage: str = "start"
    """How far it came: start, open, load, play, end."""
    precisions: tuple[str, ...] = ()
    """What the bundle can be played in; tried one after the other."""
    slowdown: float = 0.0
    """The fastest step's time over the time of the sound that it made."""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_bytes: int = 0
    """The most memory that was resident."""
    missing: str = ""
    """What of the sandbox this kernel does not have."""

    def line(self) -> bytes:
        """As one line of JSON."""
        return json.dumps(dataclasses.asdict(self)).encode() + b"\n"


def read_outcome(line: bytes) -> Outcome | None:
    """What `line` wrote; None for anything else. The other side may be out of its mind."""
    try:
        raw = json.loads(line)
        blank = Outcome()
        values = {
            field.name: type(getattr(blank, field.name))(raw[field.name])
            for field in dataclasses.fields(Outcome)
        }
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
    return Outcome(**values)
