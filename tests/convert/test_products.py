"""Each form of a product against the exact one, with bounds worked out from the rounding."""

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from convert.builder import Builder
from convert.products import FORMS, Form, Product, emit_product, quantised_weights


def run(product: Product, form: Form, x: np.ndarray) -> np.ndarray:
    build = Builder()
    build.rename({emit_product(build, "x", product, form): "y"})
    shape = (1, product.rows, product.weights.shape[1])
    model = build.model(
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


def case(rows: int, k: int, n: int, bias: bool) -> tuple[Product, np.ndarray, np.ndarray]:
    """A product, what it is given, and the exact result in float64."""
    rng = np.random.default_rng(rows + k)
    # Channels of unequal gain: a scale for all of them would spoil the quiet ones.
    weights = (rng.standard_normal((k, n)) * 2.0 ** -np.arange(n)).astype(np.float32)
    b = rng.standard_normal(n).astype(np.float32) if bias else None
    x = rng.standard_normal((1, rows, k)).astype(np.float32)
    exact = x.astype(np.float64) @ weights.astype(np.float64) + (0 if b is None else b)
    return Product(0, rows, weights, b), x, exact


CASES = [(1, 64, 8, False), (1, 256, 12, True), (8, 96, 8, True), (32, 24, 4, False)]


@pytest.mark.parametrize("shape", CASES)
def test_float_is_exact_to_rounding(shape: tuple[int, int, int, bool]) -> None:
    product, x, exact = case(*shape)
    assert np.allclose(run(product, "float", x), exact, atol=1e-5)


@pytest.mark.parametrize("shape", CASES)
def test_int8_stays_within_its_rounding(shape: tuple[int, int, int, bool]) -> None:
    product, x, exact = case(*shape)
    weights = np.abs(product.weights).astype(np.float64)
    of_weights = np.abs(x).sum(-1, keepdims=True) * weights.max(0) / 127 / 2
    step = (max(x.max(), 0) - min(x.min(), 0)) / 255
    of_input = step * (weights + weights.max(0) / 254).sum(0)  # zero point and value both round
    once = np.abs(run(product, "int8", x) - exact)
    twice = np.abs(run(product, "int8x2", x) - exact)
    assert (once <= of_weights + of_input + 1e-5).all()
    assert (twice <= of_weights + of_input / 64 + 1e-5).all()


def test_int8_twice_is_clearly_closer() -> None:
    """Even for Gaussian numbers, whose weights' error is as large as that of the input."""
    product, x, exact = case(64, 128, 12, bias=True)
    power = {form: float(((run(product, form, x) - exact) ** 2).sum()) for form in FORMS}
    assert power["float"] < 1e-6 * power["int8"]
    assert power["int8x2"] < 0.65 * power["int8"]


def test_weights_on_the_grid_are_kept_exactly() -> None:
    """Each channel has its own step, a power of two here; its largest weight is 127 of them."""
    rng = np.random.default_rng(1)
    whole = rng.integers(-127, 128, (16, 6))
    whole[3] = 127
    steps = 2.0 ** np.arange(-6, 0)
    values, scales = quantised_weights((whole * steps).astype(np.float32))
    assert np.array_equal(values, whole)
    assert np.array_equal(scales, steps.astype(np.float32))


def test_a_channel_of_zeros_stays_zero() -> None:
    values, scales = quantised_weights(np.zeros((4, 2), np.float32))
    assert not values.any()
    assert np.isfinite(scales).all()


@pytest.mark.parametrize("form", FORMS)
def test_silence_gives_the_bias(form: Form) -> None:
    product, x, _ = case(8, 96, 8, bias=True)
    assert np.allclose(run(product, form, np.zeros_like(x)), product.bias, atol=1e-7)


def test_multiply_accumulates_are_rows_times_weights() -> None:
    assert case(8, 96, 8, bias=True)[0].macs == 8 * 96 * 8
