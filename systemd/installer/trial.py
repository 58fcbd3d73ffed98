"""The trial of a new version: the old one is kept until the new one has played.

    make it, beside the old ──► rehearse: a second without a card ──► trial.json ──► switch
                                  │ fails                                              │
                                  ▼                                     plays within a minute?
                       taken away; nothing changed                yes: kept        no: the old one

The power may go at any moment. `trial.json` is written before the switch, and while it is there
`ondine-settle.service` asks the same question at every start.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .ground import Ground
from .refusal import RefusalError
from .version import CURRENT, VERSIONS, current, drop_others, is_whole, switch

TRIAL = "/opt/ondine/trial.json"
WITHIN_S = 60.0
_LOOK_S = 0.5
_REHEARSAL_S = 60
_STATUS_S = 10


@dataclass(frozen=True)
class Trial:
    """Which version is on trial, and which it took the place of."""

    old: str
    new: str


def rehearse(ground: Ground, name: str) -> str:
    """Have a version play for a second, without a card and without anybody hearing it.

    Returns '' or its own sentence.
    """
    with tempfile.TemporaryDirectory(prefix="ondine-") as scratch:
        own = {"XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "HOME"}
        sound = ["--card", "none", "--input", "silence", "--osc-port", "0", "--seconds", "1"]
        return _failure(
            [*_ondine(ground, f"{VERSIONS}/{name}"), "play", *sound],
            dict.fromkeys(own, scratch),
            _REHEARSAL_S,
        )


def plays(ground: Ground, sleep: Callable[[float], object] = time.sleep) -> bool:
    """Whether it sounds at this moment: blocks are made."""
    before = _blocks(ground)
    if before is None:
        return False
    sleep(_LOOK_S)
    after = _blocks(ground)
    return after is not None and after > before


def begin(ground: Ground, trial: Trial) -> None:
    """Write down that it begins, and switch."""
    place = ground.place(TRIAL)
    beside = place.with_name(".trial.json.partial")
    with beside.open("w") as file:
        json.dump({"old": trial.old, "new": trial.new}, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(place)
    switch(ground, trial.new)


def pending(ground: Ground) -> Trial | None:
    """The trial that was begun and not ended; one that cannot be read is none."""
    try:
        raw = json.loads(ground.place(TRIAL).read_bytes())
        return Trial(str(raw["old"]), str(raw["new"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def settle(
    ground: Ground,
    within_s: float,
    *,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> str:
    """End the trial that was begun: keep the new version if it plays, else go back; says which.

    Raises:
        RefusalError: if it went back to the old one.
    """
    trial = pending(ground)
    if trial is None:
        ground.place(TRIAL).unlink(missing_ok=True)
        return "There is no update to decide about."
    ends_s = now() + within_s
    while current(ground) == trial.new:
        if plays(ground, sleep):
            ground.place(TRIAL).unlink(missing_ok=True)
            drop_others(ground, {trial.new, trial.old})
            return f"{trial.new} plays, and stays. {trial.old} is kept beside it."
        if now() >= ends_s:
            break
        sleep(_LOOK_S)
    return go_back(ground, trial, f"{trial.new} did not play within {within_s:.0f} s")


def go_back(ground: Ground, trial: Trial, why: str) -> str:
    """Have the old version play again.

    Raises:
        RefusalError: always, with `why`; it says which one plays now.
    """
    if not is_whole(ground, trial.old):
        ground.place(TRIAL).unlink(missing_ok=True)
        raise RefusalError(f"{why}, and there is no older version to go back to")
    switch(ground, trial.old)
    restart(ground)
    ground.place(TRIAL).unlink(missing_ok=True)
    drop_others(ground, {trial.old})
    raise RefusalError(f"{why}. {trial.old} is back in its place")


def restart(ground: Ground) -> None:
    """Have what `current` points to be what runs."""
    ground.system("systemctl", "daemon-reload")
    ground.system("systemctl", "restart", "ondine.target")


def _blocks(ground: Ground) -> float | None:
    """How many blocks were made by what runs; None if nothing does."""
    run = str(ground.place("/run"))
    command = [*_as_ondine(ground), *_ondine(ground, CURRENT), "status", "--json"]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=_STATUS_S,
            check=False,
            env={**os.environ, "XDG_RUNTIME_DIR": run},
        )
        told = json.loads(done.stdout)
        return float(told["blocks"]) if told["state"] == "playing" else None
    except (OSError, ValueError, TypeError, KeyError, subprocess.TimeoutExpired):
        return None


def _ondine(ground: Ground, path: str) -> list[str]:
    # Its Python by its place in this tree: in an image the program's first line is not true yet.
    place = ground.place(path)
    return [str(place / "bin/python"), "-P", str(place / "bin/ondine")]


def _as_ondine(ground: Ground) -> list[str]:
    """The run folder answers its owner alone."""
    if not ground.live:
        return []
    return ["setpriv", "--reuid=ondine", "--regid=ondine", "--init-groups"]


def _failure(command: list[str], environment: dict[str, str], within_s: float) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "ONDINE_"))}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=within_s,
            check=False,
            env=clean | environment,
            cwd=Path(environment["HOME"]),
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return f"it did not end within {within_s:.0f} s"
    except OSError as error:
        return f"it cannot be started ({error.strerror})"
    if done.returncode == 0:
        return ""
    said = [line for line in done.stderr.splitlines() if line.strip()][-1:]
    return "".join(said).removeprefix("ondine: ").rstrip(".") or f"status {done.returncode}"
