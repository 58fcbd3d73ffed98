"""Prove a converted method equal to its source: the device's own step against the `.ts` itself.

Both stream the same blocks with the same random draws, from zero caches, again after a reset, and
from the caches that the file was exported with; at the bundle's block and at twice that. Knobs
stand where the file has them, and once more anywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from convert.assemble import bundle_of, make_piece
from convert.distances import peak_error
from convert.knobs import anywhere, defaults, turn
from convert.lift import Lifted, restore
from convert.model_file import ModelFile
from convert.oracle import stream
from convert.stream import cut, draw_blocks, play
from convert.timemajor import TimeMajorStep
from device.engine.step import Start, Step
from device.errors import ConvertError

TOLERANCE = 1e-5
"""Largest difference that passes, as a share of the output's peak."""


_LEAST_TURN = 1e-7
"""Of a knob's range: as much as float32 tells apart."""


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
    knobs = lifted.knobs
    settings = [defaults(knobs), anywhere(knobs, seed)] if knobs else [[]]
    for start, turned in product(starts, settings):
        restore(lifted.states, zero=start == "zero")
        turn(knobs, turned)
        turn(knobs, turned, ours)
        reference = stream(getattr(model.module, lifted.method), blocks, draws)[0]
        made = play(ours, blocks, draws, start=start)
        if not np.array_equal(made, play(ours, blocks, draws, start=start), equal_nan=True):
            raise ConvertError(f"`{lifted.method}` does not repeat itself after a reset.")
        worst = max(worst, peak_error(reference, made))
    restore(lifted.states)
    turn(knobs, defaults(knobs))
    allowed = TOLERANCE
    if worst > TOLERANCE:
        own = max(_own_error(model, lifted, signal), _knob_error(model, lifted, blocks, draws))
        allowed = max(TOLERANCE, 2 * own)
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


def _knob_error(
    model: ModelFile,
    lifted: Lifted,
    blocks: Sequence[np.ndarray],
    draws: Sequence[Sequence[np.ndarray]],
) -> float:
    """How much the model differs from itself when every knob is moved by less than can be seen.

    An oscillator adds up its pitch for ever, so what float32 leaves undecided of a note (a few
    millionths of a semitone) becomes a phase: no other implementation can be held closer.
    """
    if not lifted.knobs:
        return 0.0
    method, worst = getattr(model.module, lifted.method), 0.0
    least = [_LEAST_TURN * (k.parameter.maximum - k.parameter.minimum) for k in lifted.knobs]
    for turned in (defaults(lifted.knobs), anywhere(lifted.knobs, 0)):
        played = []
        for way in (-1, 1):
            ends = zip(turned, least, lifted.knobs, strict=True)
            moved = [
                min(max(v + way * d, k.parameter.minimum), k.parameter.maximum) for v, d, k in ends
            ]
            restore(lifted.states, zero=True)
            turn(lifted.knobs, moved)
            played.append(stream(method, blocks, draws)[0])
        worst = max(worst, peak_error(*played))
    restore(lifted.states)
    turn(lifted.knobs, defaults(lifted.knobs))
    return worst


def worst_error(parities: Sequence[Parity]) -> float:
    """The largest error among comparisons, as a share of the peak."""
    return max((parity.error for parity in parities), default=0.0)
