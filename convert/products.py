"""How one matrix product of a step is computed: in float, in int8, or in int8 twice.

A time-major step is nearly all matrix products `x [1, T, K] · W [K, N]`. Three forms:

    float    MatMul. Exact; streams 4 bytes a weight.
    int8     x is quantised by its own range (u8) and multiplied by int8 weights with a scale per
             output channel (s8); the result is float. The range is never wrong, however loud the
             player plays, and everything between stays in float. One node,
             DynamicQuantizeMatMul; where frames are gathered first, they are quantised before
             that, once each and a quarter of the size.
    int8x2   the same, and the rounding error of x through the same weights once more: what is
             left is the weights' error alone (6 dB better on RAVE v2's decoder).

u8s8 is the fast pair on x86 with VNNI and as good as any on Arm.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from convert.builder import MICROSOFT, Builder

Form = Literal["float", "int8", "int8x2"]
FORMS: tuple[Form, ...] = ("int8", "int8x2", "float")


@dataclass(frozen=True)
class Windows:
    """How a convolution lays input frames side by side: x [B, L, C] → [B, T, taps · C].

    `frames` [T, taps] are the input frames of each output frame; None if they are in order already.
    """

    frames: np.ndarray | None
    shape: tuple[int, int, int]

    def emit(self, build: Builder, x: str) -> str:
        """The windows of the value `x`, of whatever type."""
        if self.frames is not None:
            x = build.emit("Gather", [x, build.constant(self.frames, np.int64)], axis=1)
        return build.emit("Reshape", [x, build.constant(self.shape, np.int64)])


@dataclass(frozen=True)
class Product:
    """One product of a step: windows(x) [1, rows, K] · weights [K, N] + bias [N]."""

    index: int
    rows: int
    weights: np.ndarray
    bias: np.ndarray | None
    windows: Windows | None = None

    @property
    def macs(self) -> int:
        """Multiply-accumulates per block."""
        return self.rows * self.weights.size


def quantised_weights(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Symmetric int8 per output channel: (int8 [K, N], float32 scales [N])."""
    scales = np.abs(weights).max(0) / 127.0
    scales[scales == 0] = 1.0
    rounded = np.clip(np.rint(weights / scales), -127, 127)
    return rounded.astype(np.int8), scales.astype(np.float32)


def emit_product(build: Builder, x: str, product: Product, form: Form) -> str:
    """Emit the product of the value `x` in one form; returns the name of the result [1, T, N]."""
    if form == "float":
        y = build.emit("MatMul", [_laid(build, x, product), _float(build, product.weights)])
        return y if product.bias is None else build.emit("Add", [y, _float(build, product.bias)])
    values, scales = quantised_weights(product.weights)
    weights = [build.constant(values), build.constant(scales)]
    bias = [] if product.bias is None else [_float(build, product.bias)]
    if product.windows is None or product.windows.frames is None:
        laid = _laid(build, x, product)
        y = _dynamic(build, laid, weights, bias)
        if form == "int8":
            return y
        quantised = build.emit_many("DynamicQuantizeLinear", [laid], 3)
        rest = build.emit("Sub", [laid, build.emit("DequantizeLinear", quantised)])
        return build.emit("Add", [y, _dynamic(build, rest, weights, [])])
    quantised = build.emit_many("DynamicQuantizeLinear", [x], 3)
    y = _integer(build, quantised, product.windows, weights, bias)
    if form == "int8":
        return y
    rest = build.emit("Sub", [x, build.emit("DequantizeLinear", quantised)])
    again = build.emit_many("DynamicQuantizeLinear", [rest], 3)
    return build.emit("Add", [y, _integer(build, again, product.windows, weights, [])])


def _laid(build: Builder, x: str, product: Product) -> str:
    return x if product.windows is None else product.windows.emit(build, x)


def _float(build: Builder, value: np.ndarray) -> str:
    return build.constant(value, np.float32)


def _dynamic(build: Builder, x: str, weights: list[str], bias: list[str]) -> str:
    inputs = [x, *weights, *(["", *bias] if bias else [])]
    return build.emit("DynamicQuantizeMatMul", inputs, domain=MICROSOFT)


def _integer(
    build: Builder, quantised: list[str], windows: Windows, weights: list[str], bias: list[str]
) -> str:
    """The product of quantised frames, laid side by side as bytes."""
    values, scale, zero = quantised
    inputs = [windows.emit(build, values), weights[0], scale, weights[1], zero]
    inputs += ["", *bias] if bias else []
    return build.emit("MatMulIntegerToFloat", inputs, domain=MICROSOFT)
