"""How many times faster than its own `.ts` a bundle plays: measured by turns, in one run.

A shared machine is now fast, now slow, for seconds at a time. So TorchScript, fp32 and int8 take
turns of some milliseconds, each round gives a ratio of its own, and their median is the result.
Times are the thread's own on the processor, which other programs cannot stretch by holding it;
one thread does all the work, so on an idle machine they are what a clock on the wall says.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.table import Table

from device.bundle import open_bundle
from device.engine.step import Step
from device.manifest import Manifest, Precision
from tests.benchmark.torchscript import TorchScript

ROUNDS = 15
TORCH_BLOCKS, OUR_BLOCKS = 4, 12
"""In a turn. One more before them finds the caches as the turn before left them: not counted."""


@dataclass(frozen=True)
class Ratio:
    """One model's times, medians in ms per block of encode and decode, one thread."""

    manifest: Manifest
    goal: float
    torchscript_ms: float
    ours_ms: dict[Precision, float]
    ratios: dict[Precision, float]

    @property
    def recommended(self) -> float:
        """The ratio in the precision that is played unless the player chooses otherwise."""
        return self.ratios[self.manifest.recommended]


def measure(model: Path, bundle_path: Path, goal: float, rounds: int = ROUNDS) -> Ratio:
    """Measure a model of kind `autoencoder` in every precision that its bundle has.

    Raises:
        BundleError: if the bundle cannot be played.
        RuntimeError: if the model cannot.
    """
    bundle = open_bundle(bundle_path)
    m = bundle.manifest
    precisions = list(m.methods["decode"].graphs)
    plays = {
        p: player([Step(bundle, name, p) for name in ("encode", "decode")]) for p in precisions
    }
    theirs: list[float] = []
    ours: dict[Precision, list[float]] = {p: [] for p in precisions}
    with TorchScript(model, m.block_frames) as torchscript:
        for _ in range(rounds):
            theirs.append(statistics.median(torchscript.seconds(TORCH_BLOCKS + 1)[1:]))
            for p, play in plays.items():
                ours[p].append(statistics.median([timed(play) for _ in range(OUR_BLOCKS + 1)][1:]))
    return Ratio(
        m,
        goal,
        1e3 * statistics.median(theirs),
        {p: 1e3 * statistics.median(ours[p]) for p in precisions},
        {
            p: statistics.median(a / b for a, b in zip(theirs, ours[p], strict=True))
            for p in precisions
        },
    )


def player(steps: list[Step]) -> Callable[[], None]:
    """A function that makes one block: every step once, on noise. Warmed up."""
    random = np.random.default_rng(0)
    for step in steps:
        for array in step.inputs.values():
            array[...] = 0.1 * random.standard_normal(array.shape, np.float32)

    def play() -> None:
        for step in steps:
            step.run()

    for _ in range(10):
        play()
    return play


def timed(call: Callable[[], None]) -> float:
    """Seconds on the processor that a call takes."""
    began_s = time.thread_time()
    call()
    return time.thread_time() - began_s


def speed_table(found: list[Ratio]) -> Table:
    """Speed against the goals, and what int8 costs in quality."""
    headings = (
        *("model", "block", "TorchScript ms", "fp32 ms", "int8 ms", "fp32 ×", "int8 ×", "goal ×"),
        *("met", "int8 MACs", "SNR dB", "LSD dB", "fp32 MB", "int8 MB"),
    )
    table = Table(title="encode + decode against the model's own .ts, one thread")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("model", "met") else "right")
    for ratio in found:
        table.add_row(*_cells(ratio))
    return table


def _cells(r: Ratio) -> list[str]:
    m = r.manifest
    encode, decode = (m.measured[name] for name in ("encode", "decode"))
    macs = encode["macs_per_block"], decode["macs_per_block"]
    shares = encode["int8_share_of_macs"], decode["int8_share_of_macs"]
    share = sum(a * b for a, b in zip(macs, shares, strict=True)) / sum(macs)
    weights = [
        f"{(encode[f'{p}_weight_bytes'] + decode[f'{p}_weight_bytes']) / 1e6:.1f}"
        for p in ("fp32", "int8")
    ]
    return [
        m.name.split("-")[0],
        str(m.block_frames),
        f"{r.torchscript_ms:.2f}",
        *(f"{r.ours_ms[p]:.2f}" for p in ("fp32", "int8")),  # type: ignore[index]
        *(f"{r.ratios[p]:.1f}" for p in ("fp32", "int8")),  # type: ignore[index]
        f"{r.goal:g}",
        "yes" if r.recommended >= r.goal else "no",
        f"{share:.0%}",
        f"{encode['int8_snr_db']:.1f} / {decode['int8_snr_db']:.1f}",
        f"{decode['int8_log_spectral_distance_db']:.2f}",
        *weights,
    ]
