"""Play a `.ts` file as its own reference, loaded afresh and apart from the converter's copy."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from convert.lift import Lifted
from convert.noise import Draw
from convert.oracle import stream
from device.engine.step import Start

Draws = Sequence[Sequence[np.ndarray]]


def played_by_source(
    path: Path, lifted: Lifted, blocks: Sequence[np.ndarray], draws: Draws, start: Start
) -> np.ndarray:
    """What the file itself makes of the blocks: [channels, total]."""
    module = torch.jit.load(str(path), map_location="cpu").eval()
    states = {state.buffer.name for state in lifted.states}
    if start == "zero":
        for name, buffer in module.named_buffers():
            if name in states:
                buffer.zero_()
    return stream(getattr(module, lifted.method), blocks, draws)[0]


def joined(draws: Draws, declared: Sequence[Draw]) -> list[list[np.ndarray]]:
    """The draws of every two blocks as the draws of one block of twice the size.

    A draw is [1, channels, steps], or [1, steps, bands, samples] in a noise synth.
    """
    axes = [2 if len(draw.shape) == 3 else 1 for draw in declared]
    made = []
    for first, second in zip(draws[::2], draws[1::2], strict=True):
        pairs = zip(first, second, axes, strict=True)
        made.append([np.concatenate((a, b), axis) for a, b, axis in pairs])
    return made


def plucked_sound(channels: int, frames: int, rate_hz: int, seed: int) -> np.ndarray:
    """Float32 [channels, frames]: plucked strings over a noise that never falls silent."""
    rng = np.random.default_rng(seed)
    t = np.arange(frames) / rate_hz
    made = 0.02 * rng.standard_normal((channels, frames))
    for onset in np.arange(0.0, t[-1], 0.19):
        begin = int(onset * rate_hz)
        since = t[: min(frames - begin, rate_hz)]
        for c in range(channels):
            pitch_hz = 55.0 * 2.0 ** rng.uniform(0, 5)
            wave = sum(np.sin(2 * np.pi * k * pitch_hz * since) / k for k in range(1, 6))
            made[c, begin : begin + since.size] += 0.3 * np.exp(-6 * since) * wave
    return np.clip(made, -1, 1).astype(np.float32)
