"""Multiply-accumulates of one step: what its graph's products come to, by the shapes they have.

Matrix products and convolutions are counted, whatever stands before or behind them. Sums, sines,
look-ups and activations are not: they are in the instructions (`tests.benchmark.arm.count`), which
know everything.
"""

import math

import onnx
from onnx import shape_inference

COUNTED = ("MatMul", "Gemm", "Conv", "ConvTranspose")
HIDING = ("GRU", "LSTM", "RNN", "Einsum", "ConvInteger", "MatMulInteger", "QLinearConv")
"""No shape of theirs tells how much they multiply, or it is not the fp32."""


def count_macs(model: bytes) -> int:
    """Multiply-accumulates per step of a float graph of fixed shapes.

    Raises:
        ValueError: if the shape of a product is not known, or a node is one whose products are
            hidden in it (a GRU, a quantised product).
    """
    loaded = onnx.load_model_from_string(model)
    for node in loaded.graph.node:
        if node.domain or node.op_type in HIDING:
            raise ValueError(f"{node.op_type} has products that are not counted; give the fp32")
    graph = shape_inference.infer_shapes(loaded).graph
    shapes = {t.name: tuple(t.dims) for t in graph.initializer}
    for value in (*graph.input, *graph.output, *graph.value_info):
        shapes[value.name] = tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
    return sum(_macs_of(node, shapes) for node in graph.node)


def _macs_of(node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]]) -> int:
    if node.op_type not in COUNTED:
        return 0
    x, weights, y = (shapes.get(name, (0,)) for name in (*node.input[:2], node.output[0]))
    if 0 in (*x, *weights, *y):
        raise ValueError(f"the shapes of {node.op_type} {node.output[0]} are not known")
    if node.op_type == "ConvTranspose":
        # Each number that comes in is spread over a kernel of every channel that goes out.
        return math.prod(x) * math.prod(weights[1:])
    if node.op_type == "Conv":
        return math.prod(y) * math.prod(weights[1:])
    if node.op_type == "Gemm":
        transposed = any(a.name == "transA" and a.i for a in node.attribute)
        return math.prod(y) * (x[0] if transposed else x[1])
    return math.prod(y) * x[-1]
