"""Trying something out in a process of its own: what it takes it gives back, if it dies it is told.

A probe is a module of this package that prints one JSON object.
"""

import json
import os
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from device.gig.ground import Ground

LIMIT_S = 60.0
"""A slow card needs some seconds to read onnxruntime."""


@dataclass(frozen=True)
class Outcome:
    """What a probe `said`, or in `died` how it ended: words that follow `it`."""

    said: dict[str, Any] = field(default_factory=dict)
    died: str = ""


def run_probe(name: str, ground: Ground, limit_s: float = LIMIT_S) -> Outcome:
    """Run `device.gig.<name>` and wait for it; never raises."""
    ours = str(Path(__file__).parents[2])
    theirs = ground.environment.get("PYTHONPATH")
    path = f"{ours}{os.pathsep}{theirs}" if theirs else ours
    try:
        ended = subprocess.run(
            # -P: a folder `device` in the working folder is not ours.
            [ground.python, "-P", "-m", f"device.gig.{name}"],
            env={**ground.environment, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Outcome(died=f"was not done after {limit_s:.0f} s")
    except OSError as error:
        return Outcome(died=f"could not be started ({error.strerror})")
    if ended.returncode < 0:
        return Outcome(died=f"died by {_signal(-ended.returncode)}")
    try:
        said = json.loads(ended.stdout)
    except ValueError:
        said = None
    if ended.returncode or not isinstance(said, dict):
        last = ended.stderr.decode(errors="replace").strip().splitlines()[-1:]
        return Outcome(died=f"ended with status {ended.returncode} ({' '.join(last)[:200]})")
    return Outcome(said)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
