"""A file, played by the audio process: on an emulated processor, and on this one; then compared.

It is the process that plays on a box, with its loop, its deck and the card that is none. That
card's clock is slowed down until emulation keeps up with it: a block that came late would be left
out. Both hear the same sound and draw the same noise, so both write the same file, but for the
rounding of other kernels.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from tests.aarch64.root import HERE, Suite, emulated
from tests.benchmark.arm.root import CHECKOUT

INSIDE = "/opt/ondine"
"""Where the package is installed in the root."""
SPEEDS = (0.03, 0.006, 0.002)
"""Of the card, under emulation: the next where a busy machine did not keep up with one."""
HERE_SPEEDS = (1.0, 0.1, 0.01)
SECONDS, RATE_HZ, SEED = 0.4, 48_000, 7
PLAY_S = 600.0
MOST_OF_PEAK = 1e-4
"""How far fp32 may differ, of the largest sample."""
LEAST_SNR_DB = 40.0
"""How near int8 must come: a rounding that falls to the other side is a whole step there."""
FOLLOWING = ("reed",)
"""They follow the input's pitch, and add it up to a phase: the last bit of a frequency is heard in
every later sample. On x86 alone, an input that differs by 1e-7 of itself moves reed by 1.5e-3 of
its peak. They have to come as near as int8, in every precision."""


@dataclass(frozen=True)
class Case:
    """One instrument in one precision."""

    instrument: str
    precision: str

    @property
    def exact(self) -> bool:
        """Whether every sample has to be the same, but for rounding."""
        return self.precision == "fp32" and self.instrument not in FOLLOWING

    @property
    def bundle(self) -> Path:
        """Within the package."""
        return Path("models", "bundles", f"{self.instrument}.ondine")


CASES = tuple(
    Case(*words.split())
    for words in ("drift fp32", "drift int8", "brook fp32", "reed fp32", "reed int8", "eddy fp32")
)


@dataclass(frozen=True)
class Likeness:
    """How near two sounds are: the largest difference, of the peak, and the SNR in dB."""

    of_peak: float
    snr_db: float
    peak: float

    def holds(self, case: Case) -> bool:
        """Whether that is near enough."""
        return self.of_peak <= MOST_OF_PEAK if case.exact else self.snr_db >= LEAST_SNR_DB


def compare(sound: np.ndarray, reference: np.ndarray) -> Likeness:
    """Two sounds [frames, channels].

    Raises:
        ValueError: if they are not of one shape, not finite, or there is nothing to hear.
    """
    if sound.shape != reference.shape:
        raise ValueError(f"one is {list(sound.shape)}, the other {list(reference.shape)}")
    if not (np.isfinite(sound).all() and np.isfinite(reference).all()):
        raise ValueError("not every sample is finite")
    peak = float(np.abs(reference).max())
    if peak < 1e-3:
        raise ValueError(f"there is nothing to hear: its peak is {peak:g}")
    error = sound.astype(np.float64) - reference
    power = float(np.square(error).sum())
    snr_db = np.inf if power == 0.0 else 10.0 * np.log10(np.square(reference).sum() / power)
    return Likeness(float(np.abs(error).max()) / peak, float(snr_db), peak)


def phrase() -> np.ndarray:
    """What is played: three plucked notes and a little breath, float32 [frames]."""
    at_s = np.arange(round(SECONDS * RATE_HZ)) / RATE_HZ
    sound = 0.003 * np.random.default_rng(SEED).standard_normal(len(at_s))
    for number, hz in enumerate((196.0, 293.7, 440.0)):
        since_s = np.maximum(at_s - number * SECONDS / 3.0, 0.0)
        tones = sum(np.sin(2.0 * np.pi * k * hz * since_s) / k**1.5 for k in range(1, 7))
        sound += 0.2 * tones * np.exp(-6.0 * since_s)
    return sound.astype(np.float32)


def play_emulated(suite: Suite, cpu: str, case: Case) -> np.ndarray:
    """The sound [frames, channels] that a case makes on an emulated processor.

    Raises:
        RuntimeError: if it does not play, or not without a late block.
    """

    def start(job: Path, options: list[str]) -> subprocess.CompletedProcess[str]:
        shutil.copy(HERE / "guest.py", job)
        return emulated(suite, cpu, job, ["/job/guest.py", *options], PLAY_S, INSIDE)

    return _played(Path(INSIDE) / case.bundle, case, start, Path("/job"), SPEEDS)


def play_here(suite: Suite, case: Case) -> np.ndarray:
    """The same, on this machine, of the very bundle that is installed in the root."""

    def start(job: Path, options: list[str]) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-P", str(HERE / "guest.py"), *options]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=PLAY_S, cwd=job
        )

    bundle = suite.root / INSIDE.lstrip("/") / case.bundle
    return _played(bundle, case, start, None, HERE_SPEEDS)


def play_all(suite: Suite, cpu: str, instrument: str) -> str:
    """`ondine play` itself, both processes, in real time: what it said last.

    Emulation is far behind real time, so that nearly every block is late; that it begins, ends with
    the file and says so is what is asked.

    Raises:
        RuntimeError: if it does not.
    """
    with tempfile.TemporaryDirectory(prefix="arm-") as folder:
        job = Path(folder)
        shutil.copy(HERE / "guest.py", job)
        soundfile.write(job / "in.wav", phrase(), RATE_HZ, subtype="FLOAT")
        ports = [f"--{name}-port=0" for name in ("osc", "apps", "query")]
        files = ["--input=/job/in.wav", "--output=/job/out.wav"]
        arguments = ["/job/guest.py", "play", instrument, *files, *ports]
        done = emulated(suite, cpu, job, arguments, PLAY_S, INSIDE)
        said = [line for line in done.stdout.splitlines() if line.startswith("Played ")]
        if done.returncode or not said or not (job / "out.wav").exists():
            raise RuntimeError(f"{instrument} does not play: {(done.stdout + done.stderr)[-1000:]}")
        return said[-1]


Start = Callable[[Path, list[str]], subprocess.CompletedProcess[str]]


def _played(
    bundle: Path, case: Case, start: Start, seen_as: Path | None, speeds: Sequence[float]
) -> np.ndarray:
    for speed in speeds:
        with tempfile.TemporaryDirectory(prefix="arm-") as folder:
            job = Path(folder)
            soundfile.write(job / "in.wav", phrase(), RATE_HZ, subtype="FLOAT")
            place = seen_as or job
            given = {
                **{"bundle": bundle, "params": place / "params", "status": place / "status"},
                **{"card": "none", "input": place / "in.wav", "output": place / "out.wav"},
                **{"precision": case.precision, "seed": SEED, "speed": speed},
            }
            options = [str(word) for name, value in given.items() for word in (f"--{name}", value)]
            done = start(job, ["audio", *options])
            answer = json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else {}
            if done.returncode or answer.get("code") != 0:
                raise RuntimeError(f"{case} does not play: {(done.stdout + done.stderr)[-1000:]}")
            if " 0 late, 0 xruns" in done.stdout:
                return soundfile.read(job / "out.wav", always_2d=True)[0]
    raise RuntimeError(f"{case} had late blocks at {min(speeds):g} of the speed: {done.stdout}")
