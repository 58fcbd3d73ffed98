"""How one matrix product of a step is computed: in float, in int8, or in int8 twice.

A time-major step is nearly all matrix products `x [1, T, K] · W [K, N]`. Three forms:

    float    MatMul. Exact; streams 4 bytes a weight.
    int8     DynamicQuantizeMatMul: one node that quantises x by its own range (u8), multiplies by
             int8 weights with a scale per output channel (s8), and returns float. The range is
             never wrong, however loud the player plays, and everything between stays in float.
    int8x2   the same, and the rounding error of x through the same weights once more: what is
             left is the weights' error alone (about 6 dB better), at half the cost of float.

u8s8 is the fast pair on x86 with VNNI and as good as any on Arm.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from convert.builder import MICROSOFT, Builder

Form = Literal["float", "int8", "int8x2"]
FORMS: tuple[Form, ...] = ("int8", "int8x2", "float")


@dataclass(frozen=True)
class Product:
    """One product of a step: its place in the graph, x [1, rows, K] · weights [K, N] + bias [N]."""

    index: int
    rows: int
    weights: np.ndarray
    bias: np.ndarray | None

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
        y = build.emit("MatMul", [x, build.constant(product.weights, np.float32)])
        if product.bias is None:
            return y
        return build.emit("Add", [y, build.constant(product.bias, np.float32)])
    values, scales = quantised_weights(product.weights)
    weights = [build.constant(values), build.constant(scales)]
    bias = [] if product.bias is None else ["", build.constant(product.bias, np.float32)]
    y = build.emit("DynamicQuantizeMatMul", [x, *weights, *bias], domain=MICROSOFT)
    if form == "int8":
        return y
    rest = build.emit("Sub", [x, rounded(build, x)])
    return build.emit(
        "Add", [y, build.emit("DynamicQuantizeMatMul", [rest, *weights], domain=MICROSOFT)]
    )


def rounded(build: Builder, x: str) -> str:
    """`x` as the int8 product sees it: quantised by its own range, and back."""
    quantised = build.emit_many("DynamicQuantizeLinear", [x], 3)
    return build.emit("DequantizeLinear", quantised)
