"""Lift a method out of its module: one recorded block becomes a pure step, checked for streaming.

file ──► method ──► which buffers change? ──► record one block ──► pure graph
                          │                                           │
                    which of their rows?                random draws become inputs,
                    (64 are stored, 1 is used)          FFTs matrices, constants fold
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx

from convert.decompose import decompose
from convert.fold import fold_constants
from convert.fourier import transforms_to_matrices
from convert.knobs import Knob, defaults, knobs_of, turn
from convert.model_file import ModelFile, Signature
from convert.noise import Draw, draws_to_inputs
from convert.oracle import FixedDraws
from convert.record import Buffer, buffers_of, mutated_buffers, record
from convert.simplify import simplify
from device.errors import ConvertError


@dataclass(frozen=True)
class LiftedState:
    """A cache: the buffer it was, its shape at batch 1, and its value in the file."""

    buffer: Buffer
    exported: Tensor

    @property
    def zero(self) -> Tensor:
        return torch.zeros_like(self.exported)


@dataclass(frozen=True)
class Lifted:
    """A method as a pure graph `(x, *states, *knobs, *draws) → (y, *new states)` at one block."""

    method: str
    signature: Signature
    block_frames: int
    graph: fx.GraphModule
    states: tuple[LiftedState, ...]
    draws: tuple[Draw, ...]
    knobs: tuple[Knob, ...] = ()

    @property
    def input_shape(self) -> tuple[int, int, int]:
        return (1, self.signature.in_channels, self.block_frames // self.signature.in_ratio)

    @property
    def output_shape(self) -> tuple[int, int, int]:
        return (1, self.signature.out_channels, self.block_frames // self.signature.out_ratio)


def lift(model: ModelFile, method: str, block_frames: int) -> Lifted:
    """Turn `method` into a pure step of `block_frames`.

    Raises:
        ConvertError: if the block is no multiple of the method's ratio, if the method keeps no
            streaming state, is steered by values it reads, or draws what cannot be supplied.
    """
    signature = model.methods[method]
    check_block(signature.ratio, block_frames, method)
    run = getattr(model.module, method)
    example = _example(signature, block_frames)
    held = {buffer.name: buffer.get().clone() for buffer in buffers_of(model.module)}
    with torch.no_grad():
        run(example)  # some modules size their buffers on the first call
        buffers = mutated_buffers(model.module, lambda: run(example))
    exported = [_as_held(buffer.get(), held[buffer.name]) for buffer in buffers]
    states = _states(run, example, buffers, exported)
    _refuse_not_streaming(model, method, block_frames, states)
    written = {buffer.name for buffer in buffers}
    knobs = [knob for knob in knobs_of(model) if knob.buffer.name not in written]
    turned = [torch.full((1,), value) for value in defaults(knobs)]
    inputs = [*buffers, *(knob.buffer for knob in knobs)]
    graph = record(model.module, method, example, inputs, [*(s.zero for s in states), *turned])
    restore(states)
    turn(knobs, defaults(knobs))
    used = _knobs_to_inputs(graph, len(states), len(knobs))
    fold_constants(graph)
    simplify(graph)
    draws = draws_to_inputs(graph, method)
    transforms_to_matrices(graph)
    decompose(graph)
    fold_constants(graph)
    kept = tuple(knob for knob, wanted in zip(knobs, used, strict=True) if wanted)
    return Lifted(method, signature, block_frames, graph, states, tuple(draws), kept)


def _knobs_to_inputs(module: fx.GraphModule, states: int, knobs: int) -> list[bool]:
    """Knobs were recorded as states that stay: drop their ends, and those that nothing uses.

    Returns for each whether it is used.
    """
    graph = module.graph
    end = graph.output_node()
    ends: Any = end.args[0]
    end.args = (tuple(ends[: 1 + states]),)
    for node in reversed(list(graph.nodes)):
        if node.op in ("call_function", "get_attr") and not node.users:
            graph.erase_node(node)
    placeholders = graph.find_nodes(op="placeholder")[1 + states :]
    used = [bool(node.users) for node in placeholders]
    assert len(placeholders) == knobs
    for node in placeholders:
        if not node.users:
            graph.erase_node(node)
    module.recompile()
    return used


def check_block(ratio: int, block_frames: int, method: str) -> None:
    """Raise unless a block is a whole number of steps of the method."""
    if block_frames < ratio or block_frames % ratio:
        near = max(1, round(block_frames / ratio)) * ratio
        raise ConvertError(
            f"a block of {block_frames} frames is not allowed: `{method}` works in steps of "
            f"{ratio} frames, so a block is {ratio} or a multiple of it (nearest: {near})."
        )


def restore(states: Sequence[LiftedState], *, zero: bool = False) -> None:
    """Put the module's buffers back to their exported value (or zero), at the rows in use."""
    for state in states:
        state.buffer.set((state.zero if zero else state.exported).clone())


def _example(signature: Signature, block_frames: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    shape = (1, signature.in_channels, block_frames // signature.in_ratio)
    return 0.3 * torch.randn(shape, generator=generator)


def _as_held(sized: Tensor, held: Tensor) -> Tensor:
    """The value in the file; zero if the method gave the buffer its size only when it ran."""
    return held if held.shape == sized.shape else torch.zeros_like(sized)


def _states(
    run: Callable[[Tensor], Tensor],
    example: Tensor,
    buffers: list[Buffer],
    exported: list[Tensor],
) -> tuple[LiftedState, ...]:
    """Cut every buffer to the rows that the method uses: exports store 64, a player needs one.

    The rows are found by filling the buffers with noise and looking which rows a block rewrites.
    """
    generator = torch.Generator().manual_seed(1)
    filled = []
    for buffer, value in zip(buffers, exported, strict=True):
        noise = (
            torch.randn(value.shape, generator=generator) if value.is_floating_point() else value
        )
        filled.append(noise.to(value.dtype))
        buffer.set(filled[-1].clone())
    with torch.no_grad():
        run(example)
    rows = []
    for buffer, before in zip(buffers, filled, strict=True):
        after = buffer.get()
        spare = before.dim() == 3 and before.shape[0] > 1 and after.shape == before.shape
        changed = (after != before).flatten(1).any(1).nonzero() if spare else None
        rows.append(int(changed.max()) + 1 if changed is not None and changed.numel() else None)
    for buffer, value in zip(buffers, exported, strict=True):
        buffer.set(value.clone())
    return tuple(
        LiftedState(buffer, value if n is None else value[:n].clone())
        for buffer, value, n in zip(buffers, exported, rows, strict=True)
    )


def _refuse_not_streaming(
    model: ModelFile, method: str, block_frames: int, states: Sequence[LiftedState]
) -> None:
    """Two blocks must give what one block of twice the size gives; else blocks do not join."""
    run: Any = getattr(model.module, method)
    generator = torch.Generator().manual_seed(2)
    signature = model.methods[method]
    shape = (1, signature.in_channels, 2 * block_frames // signature.in_ratio)
    x = 0.3 * torch.randn(shape, generator=generator)
    with torch.no_grad(), FixedDraws():
        restore(states, zero=True)
        whole = run(x)
        restore(states, zero=True)
        halves = torch.cat([run(part) for part in x.chunk(2, -1)], -1)
    restore(states)
    peak = float(whole.abs().max())
    alike = whole.shape == halves.shape
    error = float((whole - halves).abs().max()) if alike else peak
    if error > 1e-3 * max(peak, 1e-6):
        why = (
            "it holds no streaming caches, so it was exported without `--streaming`"
            if not states
            else "some layer starts anew with every block (a recurrent layer without a state, or "
            "a filter without a cache)"
        )
        raise ConvertError(
            f"`{method}` does not stream: two blocks of {block_frames} frames differ from one of "
            f"{2 * block_frames} by {error / max(peak, 1e-6):.0%} of the peak; {why}. Export it "
            "again as a streaming model (RAVE: `rave export --run … --streaming`)."
        )
