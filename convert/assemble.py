"""Put rewritten steps together as a bundle in memory, which the device's own `Step` can run."""

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from convert.export import input_name
from convert.knobs import defaults, turn
from convert.lift import Lifted
from convert.timemajor import TimeMajorStep
from device.bundle import Bundle
from device.engine.step import Step
from device.manifest import Graph, Manifest, Method, Port, Precision, Role, State


@dataclass(frozen=True)
class Piece:
    """A method's graph in one precision, with its caches' exported start (if all can be had)."""

    graph: Graph
    members: Mapping[str, bytes]
    start_problem: str = ""


def make_piece(
    lifted: Lifted, step: TimeMajorStep, precision: str, *, start_too: bool = True
) -> Piece:
    """Serialise one precision of a method, with its exported start unless that is not needed."""
    member, start = f"{lifted.method}.{precision}.onnx", f"{lifted.method}.{precision}.start.npz"
    states = tuple(State(s.input, s.output, s.shape, s.dtype, s.written) for s in step.states)
    members = {member: step.model.SerializeToString(deterministic=True)}
    held, problem = {}, ""
    if not start_too:
        return Piece(Graph(member, states), members)
    for state, source in zip(step.states, lifted.states, strict=True):
        value = source.exported.numpy()
        begin = state.start(value) if np.isfinite(value).all() else None
        if begin is None:
            problem = problem or f"the cache `{source.buffer.name}` cannot be taken over"
            continue
        held[state.input] = np.ascontiguousarray(begin, state.dtype).reshape(state.shape)
    if problem or not any(np.any(v) for v in held.values()):
        return Piece(Graph(member, states), members, problem)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **held)
    return Piece(Graph(member, states, start), members | {start: buffer.getvalue()})


def make_method(lifted: Lifted, pieces: Mapping[Precision, Piece]) -> Method:
    """The manifest's entry: ports of the method and its graphs."""
    inputs = [Port(input_name(lifted), _role(input_name(lifted)), lifted.input_shape)]
    inputs += [Port(k.parameter.id, "param", (1,)) for k in lifted.knobs]
    inputs += [Port(d.name, "noise", d.shape, d.distribution) for d in lifted.draws]
    sound = lifted.signature.out_ratio == 1
    output = Port("output", "audio" if sound else "latent", lifted.output_shape)
    return Method({p: piece.graph for p, piece in pieces.items()}, tuple(inputs), (output,))


def make_step(lifted: Lifted, step: TimeMajorStep, precision: Precision = "fp32") -> Step:
    """A running `device.engine.step.Step` of one graph, from memory, without an exported start."""
    piece = make_piece(lifted, step, precision, start_too=False)
    return ready(Step(bundle_of(lifted, {precision: piece}), lifted.method, precision), lifted)


def ready(step: Step, lifted: Lifted) -> Step:
    """The step with its knobs where the file has them."""
    turn(lifted.knobs, defaults(lifted.knobs), step)
    return step


def bundle_of(lifted: Lifted, pieces: Mapping[Precision, Piece]) -> Bundle:
    """A bundle of one method, for measuring before the real one is written."""
    manifest = Manifest(
        name=lifted.method, kind="effect", sample_rate_hz=48_000,
        block_frames=lifted.block_frames, hop_frames=lifted.signature.ratio, channels_in=1,
        channels_out=1, latent_size=0, delay_frames=0,
        methods={lifted.method: make_method(lifted, pieces)},
    )  # fmt: skip
    return Bundle(manifest, {k: v for piece in pieces.values() for k, v in piece.members.items()})


def _role(name: str) -> Role:
    return "audio" if name == "audio" else "latent"
