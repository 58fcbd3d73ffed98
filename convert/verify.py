"""Prove a converted method equal to its source: the device's own step against the `.ts` itself.

Both stream the same blocks with the same random draws, from zero caches, again after a reset, and
from the caches that the file was exported with; at the bundle's block and at twice that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from convert.assemble import bundle_of, make_piece
from convert.distances import peak_error
from convert.lift import Lifted, restore
from convert.model_file import ModelFile
from convert.oracle import stream
from convert.stream import cut, draw_blocks, play
from convert.timemajor import TimeMajorStep
from device.engine.step import Start, Step
from device.errors import ConvertError

TOLERANCE = 1e-5
"""Largest difference that passes, as a share of the output's peak."""


@dataclass(frozen=True)
class Parity:
    """What was compared, and the largest difference as a share of the peak."""

    method: str
    block_frames: int
    blocks: int
    error: float
    starts: tuple[Start, ...]


def verify(
    model: ModelFile, lifted: Lifted, step: TimeMajorStep, signal: np.ndarray, seed: int = 11
) -> Parity:
    """Compare over `signal`, the method's input [channels, steps].

    Raises:
        ConvertError: if any output differs by more than `TOLERANCE` of the peak, or a reset does
            not give the very same output again.
    """
    blocks = cut(signal, lifted.input_shape[2])
    draws = draw_blocks(lifted.draws, len(blocks), np.random.default_rng(seed))
    starts: list[Start] = ["zero"]
    piece = make_piece(lifted, step, "fp32")
    ours = Step(bundle_of(lifted, {"fp32": piece}), lifted.method, "fp32")
    if piece.graph.start is not None:
        starts.append("exported")
    worst = 0.0
    for start in starts:
        restore(lifted.states, zero=start == "zero")
        reference = stream(getattr(model.module, lifted.method), blocks, draws)[0]
        made = play(ours, blocks, draws, start=start)
        if not np.array_equal(made, play(ours, blocks, draws, start=start), equal_nan=True):
            raise ConvertError(f"`{lifted.method}` does not repeat itself after a reset.")
        worst = max(worst, peak_error(reference, made))
    restore(lifted.states)
    allowed = TOLERANCE
    if worst > TOLERANCE:
        allowed = max(TOLERANCE, 2 * _own_error(model, lifted, signal))
    if not worst <= allowed:
        raise ConvertError(
            f"`{lifted.method}` would not play as the model does: at a block of "
            f"{lifted.block_frames} frames it differs from {model.path.name} by {worst:.1e} of the "
            f"peak, where {allowed:.0e} is allowed. No bundle was written. Please report this "
            "with the model's training configuration."
        )
    return Parity(lifted.method, lifted.block_frames, len(blocks), worst, tuple(starts))


def _own_error(model: ModelFile, lifted: Lifted, signal: np.ndarray) -> float:
    """How much the model differs from itself when it is played in blocks of another size.

    Some outputs magnify float32 rounding (the angles of a spherical latent, by arc cosines), and
    no other implementation can be held closer to such a model than it holds to itself.
    """
    method = getattr(model.module, lifted.method)
    steps = lifted.input_shape[2]
    played = []
    for size in (steps, 2 * steps):
        blocks = cut(signal[:, : signal.shape[1] // (2 * steps) * 2 * steps], size)
        restore(lifted.states, zero=True)
        played.append(stream(method, blocks, [()] * len(blocks))[0])
    restore(lifted.states)
    return peak_error(*played)


def worst_error(parities: Sequence[Parity]) -> float:
    """The largest error among comparisons, as a share of the peak."""
    return max((parity.error for parity in parities), default=0.0)
