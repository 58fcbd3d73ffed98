"""A day of music, faster than real time: no sample that is no number, no growth.

The real loop plays a bundle through a file stream on virtual time, in a process of its own, while
every parameter keeps moving, out to its extremes and past them:

    programme ─► file stream ─► loop, deck, engine ─► listener   Stir moves params meanwhile
                                     └─► tape

The process writes how far it is after every hour of audio. One that was killed is followed by one
that goes on at that hour; growth is what one process gained since its first minute, so the report
also tells how many processes there were.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from device.audio import realtime
from device.audio.cost import Budget
from device.audio.deck import Changed, Deck
from device.audio.file import FileStream
from device.audio.fit import shape_of
from device.audio.loader import Load, Settings, make_track, open_engine
from device.audio.loop import run
from device.audio.orders import Orders
from device.audio.sound import Sound
from device.audio.tape import Tape
from device.params import SERIAL, ParamTable
from device.rung import Rung
from device.status import Status
from tests.faults.listener import Listener
from tests.faults.programme import programme
from tests.faults.report import Report
from tests.faults.stir import Stir

ROOT = Path(__file__).parents[2]
GROWTH_MB = 5.0
DC_LIMIT = 0.03
"""-30 dBFS over ten seconds, while gains jump by 80 dB and the limiter works on one side of a wave
more than on the other: what is really steady is far below."""
WARM_S = 60.0
"""Of audio, before growth is counted from."""

Told = Callable[[float], None]
"""Called with the hours of audio played so far."""


@dataclass
class Progress:
    """How far a long run is, as it is kept in its file."""

    hours: float = 0.0
    processes: int = 0
    growth_mb: float = 0.0
    resident_mb: float = 0.0
    peak: float = 0.0
    dc: float = 0.0
    blocks: int = 0
    late_blocks: int = 0
    xruns: int = 0
    repaired_blocks: int = 0
    wall_s: float = 0.0
    failures: list[str] = field(default_factory=list)


def run_hours(
    folder: Path, bundle: Path, hours: float, seed: int = 0, told: Told | None = None
) -> Report:
    """Play `hours` of audio through `bundle`, going on where a run in `folder` was killed."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.faults.long_run", str(folder), str(bundle)]
    command += [str(hours), str(seed)]
    with (folder / "errors").open("w+") as errors:
        # Its stdin is the end of a pipe, by which it knows that we are still there.
        child = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stderr=errors)
    try:
        while child.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(1.0)
            if told:
                told(read_progress(folder).hours)
    finally:
        # Stopped with what started it; the hour it was in is played again.
        child.kill()
        child.communicate()
    done = read_progress(folder)
    if told:
        told(done.hours)
    failures = list(done.failures)
    if child.returncode:
        sentence = (folder / "errors").read_text().strip()
        failures.append(f"the process ended with {child.returncode}: {sentence[-500:]}")
    return Report(
        f"a day: {bundle.stem}",
        round(done.hours * 3600.0),
        tuple(failures),
        {
            "growth_mb": done.growth_mb,
            "resident_mb": done.resident_mb,
            "processes": float(done.processes),
            "peak": done.peak,
            "dc": done.dc,
            "repaired_blocks": float(done.repaired_blocks),
            "wall_s": done.wall_s,
        },
    )


def shipped_or_tiny(name: str, folder: Path) -> Path:
    """The bundle `name` that ships, or a tiny one made in `folder` if there is none."""
    shipped = ROOT / "models" / "bundles" / f"{name}.ondine"
    if shipped.exists():
        return shipped
    from tests.bundles import save, tiny_effect

    folder.mkdir(parents=True, exist_ok=True)
    return save(tiny_effect(2048, delay=1000), folder / f"{name}.ondine")


def read_progress(folder: Path) -> Progress:
    """How far the run in `folder` is; afresh if there is none."""
    try:
        return Progress(**json.loads((folder / "progress.json").read_text()))
    except FileNotFoundError:
        return Progress()


def play(folder: Path, bundle: Path, hours: float, seed: int) -> None:
    """In the child: play on from the hour that `folder` tells, to the end."""
    progress = read_progress(folder)
    if progress.hours >= hours:
        return
    progress.processes += 1
    threading.Thread(target=_end_with_whoever_started_it, daemon=True).start()
    params = ParamTable(folder / "params", create=True)
    status = Status(folder / "status", create=True)
    params.write({SERIAL: 1.0})
    load = Load(bundle, serial=1)
    engine = open_engine(load, Settings(seed=seed))
    shape = shape_of(engine)
    rate_hz, block = shape.sample_rate_hz, shape.block_frames
    start_s = 3600.0 * progress.hours
    clock = Stir(params, engine.manifest, seed + progress.processes, start_s)
    listener = Listener(shape.channels_out, rate_hz, block, clock.ceiling, DC_LIMIT)
    orders = Orders()
    count = Count(listener, orders, folder, progress, status, hours, rate_hz)
    stream = FileStream(
        Sound(programme(shape.channels_in, rate_hz), endless=True),
        count,
        clock,
        sample_rate_hz=rate_hz,
        block_frames=block,
        headroom_frames=block,
        channels_out=shape.channels_out,
    )
    deck = Deck(
        shape,
        orders,
        budget=Budget(block / rate_hz, block / rate_hz),
        latency_frames=engine.delay_frames,
    )
    deck.start(make_track(engine, load, Rung.MODEL, shape))
    realtime.freeze_garbage()  # as the audio process does: a cycle that is made is growth
    run(stream, deck, params, status, clock, orders, tape=_tape(shape.channels_out, rate_hz))
    count.note()


def _end_with_whoever_started_it() -> None:
    sys.stdin.read()
    os._exit(1)


def _tape(channels: int, rate_hz: int) -> Tape:
    """A tape that has been round before growth is counted; its file is gone with this process."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as place:
        return Tape(
            Path(place) / "tape",
            channels=channels,
            sample_rate_hz=rate_hz,
            seconds=WARM_S / 2.0,
            create=True,
        )


class Count:
    """A sink before the listener that looks up from time to time: growth, progress, the end."""

    def __init__(
        self,
        listener: Listener,
        orders: Orders,
        folder: Path,
        progress: Progress,
        status: Status,
        hours: float,
        rate_hz: int,
    ) -> None:
        self._listener, self._orders = listener, orders
        self._folder, self._status = folder, status
        self._before, self._progress = Progress(**asdict(progress)), progress
        self._rate_hz, self._hours = rate_hz, hours
        self._began_s = time.monotonic()
        self._warm_mb: float | None = None
        self._left: list[str] = []
        self._look_at = round(min(WARM_S, 1800.0 * hours) * rate_hz)

    def put(self, block: np.ndarray) -> None:
        """Hand the block on; look up if it is time."""
        self._listener.put(block)
        if self._listener.frames < self._look_at:
            return
        if self._warm_mb is None:
            self._warm_mb = resident_mb()
        self.note()
        left_s = 3600.0 * (self._hours - self._progress.hours)
        if left_s <= 0.0:
            self._orders.stop = True
            return
        # Hours end on the hour, so that one that is played again begins where it began.
        step_s = min(left_s, 3600.0 - (3600.0 * self._progress.hours) % 3600.0)
        self._look_at += round(step_s * self._rate_hz)

    def close(self) -> None:
        """Nothing to finish."""

    def note(self) -> None:
        """Write how far it is."""
        before, now, listener, status = self._before, self._progress, self._listener, self._status
        now.hours = before.hours + listener.frames / self._rate_hz / 3600.0
        now.resident_mb = max(before.resident_mb, resident_mb())
        grown_mb = resident_mb() - (self._warm_mb or resident_mb())
        now.growth_mb = max(before.growth_mb, now.growth_mb, grown_mb)
        now.peak = max(before.peak, listener.peak)
        now.dc = max(before.dc, listener.dc)
        now.blocks = before.blocks + int(status["blocks"])
        now.late_blocks = before.late_blocks + int(status["late_blocks"])
        now.xruns = before.xruns + int(status["xruns"])
        now.repaired_blocks = before.repaired_blocks + int(status["repaired_blocks"])
        now.wall_s = before.wall_s + time.monotonic() - self._began_s
        while not self._orders.told.empty():
            told = self._orders.told.get()
            if isinstance(told, Changed) and told.rung is not Rung.MODEL:
                self._left.append(f"{told.reason}: {told.rung.sentence}")
        now.failures = [*before.failures, *listener.failures, *self._left]
        if now.growth_mb >= GROWTH_MB:
            now.failures.append(f"memory grew by {now.growth_mb:.1f} MB in one process")
        if now.late_blocks or now.xruns:
            now.failures.append(f"{now.late_blocks} late blocks, {now.xruns} xruns in virtual time")
        partial = self._folder / "progress.partial"
        partial.write_text(json.dumps(asdict(now)))
        partial.replace(self._folder / "progress.json")


def resident_mb() -> float:
    """This process's resident memory, in MB of 10^6 bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


if __name__ == "__main__":
    play(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
