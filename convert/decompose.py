"""Express operators that ONNX lacks by ones that it has.

cumprod(x)_i = Π_j (x_j where j ≤ i, else 1)     as one masked product; the axis is short
"""

from typing import Any

import torch
from torch import fx

from convert.fold import op_name
from convert.simplify import make, value

aten = torch.ops.aten


def decompose(module: fx.GraphModule) -> None:
    """Replace what cannot be exported, in place."""
    graph = module.graph
    for node in list(graph.nodes):
        if op_name(node) == "cumprod":
            node.replace_all_uses_with(_cumulative_product(module, node))
            graph.erase_node(node)
    module.recompile()


def _cumulative_product(module: fx.GraphModule, node: fx.Node) -> fx.Node:
    graph = module.graph
    source: Any = node.args[0]
    shape = value(source).shape
    axis: Any = node.args[1]
    axis %= len(shape)
    length = shape[axis]
    up_to = torch.tril(torch.ones(length, length, dtype=torch.bool))
    mask = up_to.reshape(length, length, *[1] * (len(shape) - axis - 1))
    module.register_buffer(f"up_to_{node.name}", mask)
    module.register_buffer(f"one_{node.name}", torch.ones(()))
    with graph.inserting_before(node):
        chosen = graph.get_attr(f"up_to_{node.name}")
        one = graph.get_attr(f"one_{node.name}")
    chosen.meta["val"], one.meta["val"] = mask.to("meta"), torch.ones((), device="meta")
    rows = make(graph, node, aten.unsqueeze.default, source, axis)
    kept = make(graph, node, aten.where.self, chosen, rows, one)
    return make(graph, node, aten.prod.dim_int, kept, axis + 1)
