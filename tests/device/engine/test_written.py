"""Caches that are the tail of a larger output: what is fed by pointer equals what is fed by hand.

The graph here joins a cache of `past` frames and `block` new ones, hands the whole join out, and
plays it `past` frames late, plus a tenth of the sum of all it joined:

    cached_line [1, past, 2] ─┬─► join [1, past + block, 2] = new_cached_line
    audio [1, block, 2] ──────┘      └─► first `block` frames + sum / 10 ─► late
"""

import io

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from device.bundle import Bundle
from device.engine.step import Step
from device.errors import BundleError
from device.manifest import Graph, Manifest, Method, Port, State

CHANNELS = 2
SIZES = [(12, 4), (8, 8), (3, 16), (1, 1), (5, 4)]


def line(past: int, block: int, *, held: np.ndarray | None = None) -> Bundle:
    """The bundle of the drawing above; `held` is the cache's exported start."""
    shape, whole = (1, block, CHANNELS), (1, past + block, CHANNELS)
    state = State("cached_line", "new_cached_line", (1, past, CHANNELS), written=whole)
    constants = {"first": np.int64([0]), "end": np.int64([block]), "axis": np.int64([1])}
    constants["tenth"] = np.float32(0.1)
    nodes = [
        helper.make_node("Concat", [state.input, "audio"], [state.output], axis=1),
        helper.make_node("Slice", [state.output, "first", "end", "axis"], ["old"]),
        helper.make_node("ReduceSum", [state.output], ["sum"], keepdims=1),
        helper.make_node("Mul", ["sum", "tenth"], ["some"]),
        helper.make_node("Add", ["old", "some"], ["late"]),
    ]
    graph = helper.make_graph(
        nodes,
        "line",
        [_value("audio", shape), _value(state.input, state.shape)],
        [_value("late", shape), _value(state.output, whole)],
        [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    members = {"line.onnx": model.SerializeToString()}
    if held is not None:
        start = io.BytesIO()
        np.savez(start, cached_line=held)
        members["start.npz"] = start.getvalue()
    method = Method(
        {"fp32": Graph("line.onnx", (state,), None if held is None else "start.npz")},
        (Port("audio", "audio", shape),),
        (Port("late", "audio", shape),),
    )
    manifest = Manifest("line", "effect", 48_000, block, block, 1, 1, 0, past, {"forward": method})
    return Bundle(manifest, members)


def _value(name: str, shape: tuple[int, ...]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


@pytest.mark.parametrize("start", ["zero", "exported"])
@pytest.mark.parametrize(("past", "block"), SIZES)
def test_fifty_steps_equal_a_plain_session_whose_tail_is_cut_by_hand(past, block, start):
    random = np.random.default_rng(past)
    held = random.uniform(-1, 1, (1, past, CHANNELS)).astype(np.float32)
    bundle = line(past, block, held=held)
    session = ort.InferenceSession(bundle.members["line.onnx"])
    cache = held if start == "exported" else np.zeros_like(held)
    step = Step(bundle, "forward", "fp32")
    for _ in range(3):  # Whatever both sets of buffers hold by then, the start covers it.
        step.inputs["audio"][...] = 9.0
        step.run()
    step.reset(start)
    for _ in range(50):
        audio = random.uniform(-1, 1, (1, block, CHANNELS)).astype(np.float32)
        late, whole = session.run(
            ["late", "new_cached_line"], {"audio": audio, "cached_line": cache}
        )
        cache = whole[:, -past:].copy()
        step.inputs["audio"][...] = audio
        step.run()
        np.testing.assert_array_equal(step.outputs["late"], late)
        np.testing.assert_array_equal(step.states()["cached_line"], cache)


def test_the_cache_is_a_view_of_what_was_written_and_no_copy():
    step = Step(line(12, 4), "forward", "fp32")
    cache = step.states()["cached_line"]
    assert not cache.flags.owndata
    assert cache.base.size == (12 + 4) * CHANNELS


def test_a_graph_that_writes_another_size_than_the_manifest_says_is_refused():
    bundle, other = line(12, 4), line(12, 6)
    with pytest.raises(BundleError, match="differs from its manifest"):
        Step(Bundle(bundle.manifest, other.members), "forward", "fp32")
