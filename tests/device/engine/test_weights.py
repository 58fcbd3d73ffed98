"""Weights beside the graph: the same step to the bit, of a model that is small, without a copy."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from device.bundle import open_bundle
from device.engine.engine import Engine
from device.engine.weights import SMALL_BYTES, split
from device.errors import BundleError
from tests.bundles import tiny_autoencoder, tiny_breakable, tiny_slow
from tests.device.engine.playing import noise, play

DRIFT = Path(__file__).parents[3] / "models/bundles/drift.ondine"


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_an_instrument_that_was_loaded_gently_plays_the_same(precision) -> None:
    bundle = open_bundle(DRIFT)
    sound = noise(1, 256 * 40)
    plain, gentle = (Engine(bundle, precision=precision, gently=g) for g in (False, True))
    assert np.array_equal(play(gentle, sound), play(plain, sound))


@pytest.mark.parametrize("make", [tiny_autoencoder, tiny_breakable, tiny_slow])
def test_small_models_too(make) -> None:
    sound = noise(1, 256 * 4)
    assert np.array_equal(play(Engine(make(), gently=True), sound), play(Engine(make()), sound))


@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.uint8, np.int32, np.int64, np.float64])
def test_large_weights_are_views_of_the_file_and_small_ones_stay(dtype) -> None:
    large = np.arange(2048).astype(dtype).reshape(32, 64)
    small = np.arange(SMALL_BYTES // 16).astype(np.float32)
    model = _model({"large": large, "small": small}).SerializeToString()
    parts = split(model)
    assert list(parts.weights) == ["large"]
    assert np.array_equal(parts.weights["large"], large)
    assert parts.weights["large"].dtype == dtype
    assert np.shares_memory(parts.weights["large"], np.frombuffer(model, np.uint8))
    slim = onnx.load_model_from_string(parts.model)
    assert len(parts.model) < 4 * SMALL_BYTES
    elsewhere, here = slim.graph.initializer
    assert elsewhere.data_location == TensorProto.EXTERNAL
    assert (elsewhere.name, list(elsewhere.dims)) == ("large", [32, 64])
    assert np.array_equal(numpy_helper.to_array(here), small)


def test_weights_that_are_not_raw_bytes_stay_as_they_are() -> None:
    model = _model({})
    model.graph.initializer.append(
        helper.make_tensor("spelt", TensorProto.FLOAT, [1000], np.ones(1000).tolist())
    )
    data = model.SerializeToString()
    parts = split(data)
    assert parts.weights == {}
    assert onnx.load_model_from_string(parts.model) == model


def test_a_weight_whose_size_is_a_lie_is_left_to_onnxruntime() -> None:
    model = _model({"large": np.zeros(4096, np.float32)})
    model.graph.initializer[0].dims[0] = 4097
    assert split(model.SerializeToString()).weights == {}


@pytest.mark.parametrize("data", [b"\x3a\xff", b"\x00", b"\x3a\x05abcde", b"\xff" * 40])
def test_what_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(BundleError):
        split(data)


def test_when_closed_it_lets_go_of_the_graphs() -> None:
    engine = Engine(open_bundle(DRIFT), gently=True)
    engine.close()
    out = play(engine, noise(1, 256))
    # As with every fault of a model: silence.
    assert engine.repaired
    assert not out.any()


def _model(weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    io = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", "y")]
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])], "g", io[:1], io[1:],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
