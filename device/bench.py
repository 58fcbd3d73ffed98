"""The bench: does this bundle fit its deadline on this very machine?

It plays noise through the engine, block after block, and looks at the slow end of the times: a
musician hears the worst blocks, not the mean. `device.seen` keeps what it saw, where `play` reads
it to choose between precisions.

It measures the engine's step alone, back to back. On stage a block also has to be read and written
(0.15 ms at most), and finds the processor's caches colder; `FITS_LOAD` leaves room for that. It
does not ask for priority: a caller that may have SCHED_FIFO should take it first, or the
slowest steps tell of the other programs on the machine.
"""

import gc
import os
import platform
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from rich.markup import escape
from rich.table import Table

from device.bundle import Bundle
from device.engine.engine import Engine
from device.errors import ConfigError
from device.manifest import Precision, fingerprint
from device.params import default_values

FITS_LOAD = 0.8
"""A bundle fits if 999 blocks of 1000 take no more than this share of the deadline."""
WARM_UP_STEPS = 50
MAX_STEPS = 1_000_000


@dataclass(frozen=True)
class Result:
    """What one bundle in one precision took on one machine; times of a step in milliseconds."""

    name: str
    bundle: str
    """sha256 of the manifest, which holds the sha256 of every member."""
    machine: str
    precision: Precision
    sample_rate_hz: int
    block_frames: int
    headroom_frames: int
    steps: int
    p50_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float

    @property
    def deadline_ms(self) -> float:
        """What a step may take."""
        return deadline_ms(self.block_frames, self.headroom_frames, self.sample_rate_hz)

    def load(self, step_ms: float) -> float:
        """A step time as a share of the deadline."""
        return step_ms / self.deadline_ms

    @property
    def fits(self) -> bool:
        """Whether it can be played here."""
        return self.load(self.p999_ms) <= FITS_LOAD


def bench(
    bundle: Bundle,
    precision: Literal["auto"] | Precision = "auto",
    *,
    steps: int | None = None,
    seconds: float | None = None,
    headroom_frames: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Result:
    """Play `steps` blocks, or as many as make up `seconds` of sound, and measure each.

    If neither is given: 5 seconds, and 1000 steps at least, so that p99.9 is not just the slowest.
    `headroom_frames` is one block if not given. `clock` returns seconds; it is read twice a block.

    Raises:
        ConfigError: if there is nothing to measure, or the bundle lacks the precision.
        BundleError: if the bundle cannot be played.
    """
    m = bundle.manifest
    headroom = m.block_frames if headroom_frames is None else headroom_frames
    if steps is None:
        in_a_second = m.sample_rate_hz / m.block_frames
        steps = round(max(1000, 5 * in_a_second) if seconds is None else seconds * in_a_second)
    if headroom < 1 or not 1 <= steps <= MAX_STEPS:
        raise ConfigError(
            f"headroom is {headroom} frames (1 or more), steps are {steps} (1 to {MAX_STEPS})"
        )
    engine = Engine(bundle, precision=precision)
    random = np.random.default_rng(0)
    # Noise at a musical level: silence would let a model off lightly, and so would a limiter.
    sound = 0.1 * random.standard_normal((8, m.channels_in, m.block_frames), np.float32)
    out = np.zeros((m.channels_out, m.block_frames), np.float32)
    params = default_values(m)
    for k in range(WARM_UP_STEPS):
        engine.process(sound[k % 8], out, params)
    times_s = np.zeros(steps)
    collecting = gc.isenabled()
    gc.disable()  # as in the audio process, which freezes it
    try:
        for k in range(steps):
            began_s = clock()
            engine.process(sound[k % 8], out, params)
            times_s[k] = clock() - began_s
    finally:
        if collecting:
            gc.enable()
    # "higher": a real step's time, never one between two, and for few steps the slowest of them.
    tails = np.percentile(1000.0 * times_s, [50, 99, 99.9, 100], method="higher")
    p50, p99, p999, most = (float(ms) for ms in tails)
    return Result(
        m.name, fingerprint(m), machine(), engine.precision, m.sample_rate_hz, m.block_frames,
        headroom, steps, p50, p99, p999, most,
    )  # fmt: skip


def bench_each(bundle: Bundle, **options: Any) -> list[Result]:
    """`bench` in every precision the bundle has, fp32 first; options are `bench`'s."""
    have = {p for method in bundle.manifest.methods.values() for p in method.graphs}
    return [bench(bundle, precision, **options) for precision in sorted(have)]


def verdict(results: Iterable[Result]) -> str:
    """`fits`, `fits in int8` (fp32 does not), `fits in fp32` (int8 does not) or `does not fit`."""
    by_precision = {result.precision: result.fits for result in results}
    fitting = [precision for precision, fits in by_precision.items() if fits]
    if not fitting:
        return "does not fit"
    return "fits" if all(by_precision.values()) else f"fits in {fitting[0]}"


def report(results: Iterable[Result]) -> Table:
    """A table of the results for people, times in ms and as a share of the deadline."""
    table = Table(title_justify="left")
    for heading in ("precision", "deadline", "p50", "p99", "p99.9", "slowest", ""):
        table.add_column(heading, justify="left" if heading in ("precision", "") else "right")
    for r in results:
        table.title = escape(f"{r.name} on {r.machine}, {r.steps} steps of {r.block_frames} frames")
        cells = [
            f"{ms:.3f} ms {r.load(ms):4.0%}" for ms in (r.p50_ms, r.p99_ms, r.p999_ms, r.max_ms)
        ]
        ending = "[green]fits[/]" if r.fits else "[red]does not fit[/]"
        table.add_row(r.precision, f"{r.deadline_ms:.2f} ms", *cells, ending)
    return table


def machine() -> str:
    """This machine, as far as speed goes: board or processor, architecture and cores."""
    return f"{_model()} ({platform.machine()}, {os.cpu_count()} cores)"


def deadline_ms(block_frames: int, headroom_frames: int, sample_rate_hz: int) -> float:
    """What a step may take: the headroom, but at most one block, or blocks would pile up."""
    return 1000.0 * min(headroom_frames, block_frames) / sample_rate_hz


def _model() -> str:
    """The board's name where it has one (a Pi, a Jetson), else the processor's."""
    for path, key in (("/proc/device-tree/model", ""), ("/proc/cpuinfo", "model name")):
        try:
            text = Path(path).read_text(errors="replace")
        except OSError:
            continue
        if not key:
            return text.strip("\0\n ")
        for line in text.splitlines():
            name, _, value = line.partition(":")
            if name.strip() == key:
                return value.strip()
    return platform.processor() or "unknown processor"
