"""Bundles swapped by the hundred while they play: no gap, no step, and never a frame out of place.

    python -m tests.faults.swaps [COUNT]

Two trials, each through the loop and the deck on virtual time, with bundles of all rates, blocks,
channels and delays, which cost time, so that some pairs fit a block together and others have to go
through the dry input:

in step   Every bundle is an exact delay line, and padded to one latency. So whatever plays, and
          whatever is being faded to whatever, the output must be the input, that much later. The
          input is noise, which resembles itself at no other place: a frame too early, a dip, a
          click, a sound heard twice all leave a difference.

unlike    Every bundle makes a steady sine of its own. A cut from one to another, which the first
          trial cannot hear, is a step larger than any of them makes; a hole between them is a gap.
"""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from device.audio.clock import VirtualClock
from device.audio.cost import Budget, Cost
from device.audio.deck import Changed, Deck
from device.audio.file import FileStream
from device.audio.fit import Shape, fit
from device.audio.loop import run
from device.audio.orders import Orders
from device.audio.player import Player
from device.audio.sound import Sound
from device.audio.track import Track
from device.bundle import Bundle
from device.engine.dc import DcBlocker
from device.engine.engine import Engine
from device.params import LATENT_BIAS, ParamTable, default_values
from device.rung import Rung
from device.status import Status
from tests.bundles import tiny_autoencoder, tiny_decoder
from tests.faults.costly import Costly
from tests.faults.ears import Against, Steps
from tests.faults.report import Report, joined

AMPLITUDE = 0.4
DRY_HZ, DRY_AMPLITUDE = 200, 0.2
SETTLED_S = 1.0
"""From then on everything is compared, and soon after that the swapping begins."""
SHAPES = (Shape(48_000, 256, 2, 2), Shape(48_000, 512, 1, 2), Shape(48_000, 128, 2, 1))


class Kind(Protocol):
    """What a bundle is; `cost` is the share of the stream's deadline that it takes at most."""

    @property
    def block(self) -> int:
        """Frames of its own step."""

    @property
    def rate_hz(self) -> int:
        """Of its sound."""

    @property
    def cost(self) -> float:
        """Of one block of the stream."""

    @property
    def own_step(self) -> float:
        """The largest step from one sample at 48 kHz to the next that its sound makes."""

    def engine(self) -> Engine:
        """A new engine that plays it."""

    def values(self) -> np.ndarray:
        """The params it plays with, float32 [SLOTS]."""


@dataclass(frozen=True)
class Line:
    """A delay line."""

    rate_hz: int
    block: int
    channels_in: int
    channels_out: int
    delay: int
    cost: float
    own_step: float = 0.0

    def __str__(self) -> str:
        channels = f"{self.channels_in} to {self.channels_out}"
        return f"{self.rate_hz} Hz/{self.block}/{channels}/{self.delay}"

    def bundle(self) -> Bundle:
        """It, as a bundle."""
        return tiny_autoencoder(
            self.block, 4, self.rate_hz, self.channels_in, self.channels_out, self.delay
        )

    def engine(self) -> Engine:
        """A new engine that plays it."""
        return Engine(self.bundle())

    def values(self) -> np.ndarray:
        """The defaults."""
        return default_values()


@dataclass(frozen=True)
class Sine:
    """A decoder that makes a sine of `rate_hz / hop` Hz."""

    rate_hz: int
    block: int
    hop: int
    channels_out: int
    amplitude: float
    cost: float

    def __str__(self) -> str:
        return f"{self.rate_hz} Hz/{self.block}/{self.hop}"

    @property
    def own_step(self) -> float:
        """That of a sine, at 48 kHz."""
        return 2.0 * self.amplitude * math.sin(math.pi * self.rate_hz / self.hop / 48_000)

    def engine(self) -> Engine:
        """A new engine that plays it."""
        return Engine(tiny_decoder(self.block, self.hop, self.rate_hz, 1, self.channels_out))

    def values(self) -> np.ndarray:
        """The defaults, and the latent that is its amplitude."""
        values = default_values()
        values[LATENT_BIAS.start] = self.amplitude
        return values


# Delays of the other rates are whole frames at 48 kHz, too: the noise would tell half a frame.
LINES = (
    Line(48_000, 256, 1, 1, 64, 0.1),
    Line(48_000, 256, 2, 2, 0, 0.3),
    Line(48_000, 64, 1, 2, 31, 0.3),
    Line(48_000, 128, 2, 2, 500, 0.45),
    Line(48_000, 512, 1, 1, 1000, 0.2),
    Line(48_000, 1024, 2, 1, 77, 0.1),
    Line(48_000, 192, 1, 1, 5, 0.5),
    Line(24_000, 256, 1, 1, 40, 0.1),
    Line(96_000, 512, 2, 2, 200, 0.2),
    Line(44_100, 512, 1, 1, 441, 0.1),
    Line(32_000, 128, 1, 2, 64, 0.3),
)
SINES = (
    Sine(48_000, 256, 64, 1, 0.4, 0.1),
    Sine(48_000, 256, 128, 2, 0.3, 0.45),
    Sine(48_000, 512, 256, 1, 0.35, 0.2),
    Sine(48_000, 192, 192, 2, 0.15, 0.5),
    Sine(24_000, 256, 32, 1, 0.25, 0.3),
    Sine(96_000, 512, 256, 1, 0.2, 0.2),
    Sine(44_100, 512, 128, 2, 0.3, 0.1),
)


class Hand(VirtualClock):
    """A clock in whose time someone swaps: soon after the last swap, or late, or in mid-fade.

    It stands for the loader, so it gives tracks as the loader does: padded, and with their cost.
    """

    def __init__(
        self, shape: Shape, kinds: Sequence[Kind], sink: Against | Steps, count: int, seed: int
    ) -> None:
        super().__init__()
        self.orders = Orders()
        self.changes = 0
        self._shape, self._kinds, self._sink, self._count = shape, kinds, sink, count
        self._latency = latency_of(shape, tuple(kinds))
        self._random = np.random.default_rng(seed)
        self._block_s = shape.block_frames / shape.sample_rate_hz
        self._given = [kinds[0]]
        self._next_s = SETTLED_S + 0.5

    def track(self, kind: Kind) -> Track:
        """A new track of that kind, in the stream's shape."""
        # Of a small block there are several steps in one of the stream's.
        steps = -(-self._block_s // (kind.block / kind.rate_hz))
        player: Player = Costly(kind.engine(), self, kind.cost * self._block_s / steps)
        return Track(
            fit(player, self._shape, self._latency),
            Rung.MODEL,
            str(kind),
            serial=len(self._given),
            cost=Cost(kind.cost * self._block_s, kind.cost * self._block_s),
            own=kind.values(),
        )

    def wait_until(self, when_s: float) -> None:
        """Jump there; give the deck something new if it is time."""
        super().wait_until(when_s)
        while not self.orders.told.empty():
            self.changes += isinstance(self.orders.told.get(), Changed)
        if self.now() < self._next_s or self.orders.next is not None:
            return
        if len(self._given) > self._count:
            self.orders.stop = self._sink.over = True
            return
        kind = self._kinds[int(self._random.integers(len(self._kinds)))]
        self._given.append(kind)
        self.orders.next = self.track(kind)
        self._sink.about = f"swap {len(self._given) - 1}, {self._given[-2]} -> {kind}"
        if isinstance(self._sink, Steps):
            # A swap waits for the fade before it to end: three may still be heard.
            self._sink.own_step = max(DRY_STEP, *(kind.own_step for kind in self._given[-3:]))
        last = len(self._given) > self._count
        pause_s = 0.8 if last else float(self._random.choice((0.005, 0.03, 0.1, 0.2, 0.4)))
        self._next_s = self.now() + pause_s


@functools.cache
def latency_of(shape: Shape, kinds: tuple[Kind, ...]) -> int:
    """The delay that all kinds can be brought to in a stream of `shape`, in frames."""
    return max(fit(kind.engine(), shape).delay_frames for kind in kinds)


def run_swaps(folder: Path, count: int, seed: int = 0) -> Report:
    """Both trials, `count` swaps each; the stream's shape changes with the seed."""
    shape = SHAPES[seed % len(SHAPES)]
    report = joined(in_step(folder, shape, count, seed), unlike(folder, shape, count, seed))
    return Report(report.name, count, report.failures, report.worst)


def in_step(folder: Path, shape: Shape, count: int, seed: int) -> Report:
    """Delay lines: the output is the input, `latency_of` later."""
    sound, heard = noise(shape.sample_rate_hz, seed)
    first = 2 * shape.block_frames + latency_of(shape, LINES)
    settled = round(SETTLED_S * shape.sample_rate_hz)
    sink = Against(np.tile(heard, (shape.channels_out, 1)), first, settled)
    report = _swap(folder, shape, LINES, sink, sound, count, seed)
    return Report("swaps", count, report, {"difference": sink.worst})


def unlike(folder: Path, shape: Shape, count: int, seed: int) -> Report:
    """Sines: no step but their own, and no gap."""
    sink = Steps(shape.channels_out, shape.sample_rate_hz, round(SETTLED_S * shape.sample_rate_hz))
    sink.own_step = SINES[0].own_step
    phase = 2.0 * np.pi * DRY_HZ * np.arange(shape.sample_rate_hz) / shape.sample_rate_hz
    dry = (DRY_AMPLITUDE * np.sin(phase)).astype(np.float32)
    report = _swap(folder, shape, SINES, sink, dry, count, seed)
    return Report("swaps", count, report, {"step_beyond_own": sink.worst})


def _swap(
    folder: Path,
    shape: Shape,
    kinds: Sequence[Kind],
    sink: Against | Steps,
    sound: np.ndarray,
    count: int,
    seed: int,
) -> tuple[str, ...]:
    """Play and swap; returns what failed."""
    hand = Hand(shape, kinds, sink, count, seed)
    block_s = shape.block_frames / shape.sample_rate_hz
    latency = latency_of(shape, tuple(kinds))
    deck = Deck(shape, hand.orders, budget=Budget(block_s, block_s), latency_frames=latency)
    deck.start(hand.track(kinds[0]))
    stream = FileStream(
        Sound(np.tile(sound, (shape.channels_in, 1)), endless=True),
        sink,
        hand,
        sample_rate_hz=shape.sample_rate_hz,
        block_frames=shape.block_frames,
        headroom_frames=shape.block_frames,
        channels_out=shape.channels_out,
    )
    status = Status(folder / "status", create=True)
    params = ParamTable(folder / "params", create=True)
    run(stream, deck, params, status, hand, hand.orders)
    stream.close()
    failures = list(sink.failures)
    if late := int(status["late_blocks"]):
        failures.append(f"{late} late blocks in virtual time")
    if deck.delay_frames != latency:
        failures.append(f"the latency is {deck.delay_frames} frames, not {latency}")
    if deck.rung is not Rung.MODEL or deck.swaps != count:
        failures.append(f"{deck.swaps} of {count} swaps, and rung {deck.rung.name} plays")
    if limited := int(status["limited_blocks"]):
        failures.append(f"{limited} blocks were limited")
    return tuple(f"seed {seed}: {text}" for text in failures)


def noise(rate_hz: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A second of noise of 2 to 6 kHz that closes on itself, and the same as an engine leaves it.

    Both float32 [frames]. So far above the DC blocker's 5 Hz, one that has just begun is within
    -60 dB of one that has long run.
    """
    random = np.random.default_rng(seed)
    spectrum = np.zeros(rate_hz // 2 + 1, complex)
    spectrum[2_000:6_000] = np.exp(2j * np.pi * random.random(4_000))
    sound = np.fft.irfft(spectrum, rate_hz)
    sound = (AMPLITUDE * sound / np.abs(sound).max()).astype(np.float32)
    blocker = DcBlocker(1, rate_hz, rate_hz)
    for _ in range(3):
        heard = sound[None].copy()
        blocker.process(heard)
    return sound, heard[0]


DRY_STEP = 2.0 * DRY_AMPLITUDE * math.sin(math.pi * DRY_HZ / 48_000)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        found = run_swaps(Path(place), int(sys.argv[1]) if sys.argv[1:] else 100)
    print("\n".join(found.failures[:20]))
    print(found.count, "swaps,", len(found.failures), "failures,", found.worst)
    sys.exit(bool(found.failures))
