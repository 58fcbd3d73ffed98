"""Play whole signals through a step block by block, with chosen random draws."""

from collections.abc import Sequence

import numpy as np

from convert.noise import Draw
from device.engine.step import Start, Step


def draw_blocks(
    draws: Sequence[Draw], blocks: int, rng: np.random.Generator, sure: bool = False
) -> list[list[np.ndarray]]:
    """For each block the numbers of each draw.

    With `sure` normal ones are 0: latents are where the model thinks they are. Uniform ones are the
    raw material of noise, without which a model that plays noise is silent.
    """
    return [[_draw(draw, rng, sure) for draw in draws] for _ in range(blocks)]


def _draw(draw: Draw, rng: np.random.Generator, sure: bool) -> np.ndarray:
    if draw.distribution == "uniform":
        return rng.random(draw.shape, np.float32)
    if sure:
        return np.zeros(draw.shape, np.float32)
    return rng.standard_normal(draw.shape, np.float32)


def cut(signal: np.ndarray, steps: int) -> list[np.ndarray]:
    """[channels, total] into contiguous blocks [1, channels, steps]; a rest is left out."""
    count = signal.shape[1] // steps
    return [
        np.ascontiguousarray(signal[None, :, i * steps : (i + 1) * steps]) for i in range(count)
    ]


def play(
    step: Step,
    blocks: Sequence[np.ndarray],
    draws: Sequence[Sequence[np.ndarray]],
    *,
    start: Start | None = "zero",
) -> np.ndarray:
    """Reset the step (unless `start` is None) and play; returns [channels, total]."""
    if start is not None:
        step.reset(start)
    source = next(iter(step.inputs.values()))
    noises = [array for name, array in step.inputs.items() if name.startswith("noise_")]
    (output,) = step.outputs.values()
    made = []
    for block, supply in zip(blocks, draws, strict=True):
        np.copyto(source, block)
        for port, numbers in zip(noises, supply, strict=True):
            np.copyto(port, numbers)
        step.run()
        made.append(output[0].copy())
    return np.concatenate(made, -1)
