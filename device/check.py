"""`ondine check`: what stands in the way of tonight's concert, in plain sentences.

A finding is fine, a worry (it plays, with a risk) or a stop (it cannot play).
"""

import contextlib
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from device.config import load_profile
from device.errors import OndineError
from device.paths import bundles, find_bundle, model_folders, run_folder, seen_file

Level = Literal["fine", "worry", "stop"]

MIN_FREE_BYTES = 1 << 30
_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
_THROTTLED = {0: "too little voltage", 1: "a capped clock", 2: "throttling", 3: "too much heat"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    level: Level
    sentence: str


def examine(model: str | None = None) -> Iterator[Finding]:
    """Look at the machine, then at one instrument or at all of them."""
    yield from _programs()
    yield _settings()
    yield _cards()
    yield from _rights()
    yield _disk()
    yield from _processor()
    yield from _instruments(model)


def exit_code(findings: list[Finding]) -> int:
    """0: all is fine. 1: there are worries. 2: it cannot play."""
    levels = {finding.level for finding in findings}
    return 2 if "stop" in levels else 1 if "worry" in levels else 0


def _programs() -> Iterator[Finding]:
    yield Finding("Python", "fine", f"{platform.python_version()} on {platform.machine()}")
    try:
        import onnxruntime
    except ImportError as error:
        yield Finding("onnxruntime", "stop", f"cannot be loaded ({error}). Install Ondine again.")
    else:
        yield Finding("onnxruntime", "fine", onnxruntime.__version__)


def _settings() -> Finding:
    try:
        profile = load_profile()
        folder = run_folder()
    except OndineError as error:
        return Finding("settings", "stop", str(error))
    return Finding("settings", "fine", f"profile {profile.name}, tables in {folder.path}")


def _cards() -> Finding:
    try:
        from device.audio.cards import list_cards

        cards = list_cards()
    except ImportError as error:
        return Finding("sound", "stop", f"alsaaudio cannot be loaded ({error})")
    names = [
        f"{card.name} ({' and '.join(['in'] * card.captures + ['out'] * card.plays) or 'neither'})"
        for card in cards
    ]
    if not any(card.plays for card in cards):
        return Finding("sound", "worry", "No sound card that plays. Is it plugged in?")
    if not any(card.captures and card.plays for card in cards):
        return Finding("sound", "worry", f"No card with an input: {', '.join(names)}.")
    return Finding("sound", "fine", ", ".join(names))


def _rights() -> Iterator[Finding]:
    from device.audio import realtime

    refused = realtime.take_priority()
    realtime.step_back()
    yield Finding("real time", "worry" if refused else "fine", refused or "granted")
    refused = realtime.lock_memory()
    yield Finding("memory", "worry" if refused else "fine", refused or "can be locked")


def _disk() -> Finding:
    folder = next(f for f in [*model_folders()[1:], Path.home(), Path("/")] if f.is_dir())
    free = shutil.disk_usage(folder).free
    level: Level = "fine" if free >= MIN_FREE_BYTES else "worry"
    return Finding("disk", level, f"{free / 2**30:.1f} GiB free at {folder}")


def _processor() -> Iterator[Finding]:
    cores = len(os.sched_getaffinity(0))
    busy = os.getloadavg()[0] / cores
    yield Finding(
        "processor",
        "worry" if busy > 0.5 else "fine",
        f"{cores} cores, {busy:.0%} busy" + (": end other programs" if busy > 0.5 else ""),
    )
    with contextlib.suppress(OSError):
        governor = _GOVERNOR.read_text().strip()
        level: Level = "fine" if governor == "performance" else "worry"
        advice = "" if level == "fine" else ": dropouts are likelier than under performance"
        yield Finding("clock", level, f"governor {governor}{advice}")
    if shutil.which("vcgencmd"):
        yield _throttled()


def _throttled() -> Finding:
    """What a Raspberry Pi remembers of its power and heat since it started."""
    with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
        said = subprocess.run(
            ["vcgencmd", "get_throttled"], capture_output=True, text=True, timeout=5, check=True
        ).stdout
        bits = int(said.strip().partition("=")[2], 16)
        now = [name for bit, name in _THROTTLED.items() if bits >> bit & 1]
        ever = [name for bit, name in _THROTTLED.items() if bits >> bit + 16 & 1]
        if now:
            return Finding("power", "worry", f"now: {', '.join(now)}. Better supply or cooling.")
        if ever:
            return Finding("power", "worry", f"since it started: {', '.join(ever)}.")
        return Finding("power", "fine", "no throttling since it started")
    return Finding("power", "worry", "vcgencmd does not answer")


def _instruments(model: str | None) -> Iterator[Finding]:
    if model is not None:
        try:
            wanted = {Path(model).stem: find_bundle(model)}
        except OndineError as error:
            yield Finding("instrument", "stop", f"{error}.")
            return
    else:
        wanted = bundles()
    if not wanted:
        yield Finding("instruments", "stop", "There are none. `ondine convert MODEL.ts` makes one.")
    findings = [_instrument(name, path) for name, path in sorted(wanted.items())]
    # One sound instrument is enough to play; the bad ones are then only worries.
    playable = model is None and any(finding.level == "fine" for finding in findings)
    for finding in findings:
        level = "worry" if playable and finding.level == "stop" else finding.level
        yield Finding(finding.what, level, finding.sentence)


def _instrument(name: str, path: Path) -> Finding:
    """Whether a bundle is sound, loads into the engine, and fits by what the bench has seen."""
    from device.bench import fingerprint, machine
    from device.bundle import read_bundle
    from device.engine.engine import Engine
    from device.info import latency_parts
    from device.seen import read_seen

    try:
        bundle = read_bundle(path)
        Engine(bundle)
    except OndineError as error:
        return Finding(name, "stop", str(error))
    m = bundle.manifest
    seen = [
        result
        for result in read_seen(seen_file())
        if (result.bundle, result.machine) == (fingerprint(m), machine())
    ]
    fits = [result for result in seen if result.fits]
    if seen and not fits:
        return Finding(name, "worry", "it does not fit this machine, by its bench: it drops out")
    told = f"fits in {' and '.join(r.precision for r in fits)}" if fits else "not measured here yet"
    return Finding(name, "fine", f"{latency_parts(m, m.block_frames)}; {told}")
