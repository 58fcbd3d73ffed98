"""Fold what does not depend on the inputs by value into constants, and drop what nothing uses.

`zeros_like(x)` and its kin depend on x's shape alone, which is fixed, so they are constants too
(RAVE builds its sign mask that way). A random draw depends on nothing, yet is no constant.
"""

from typing import Any

import torch
from torch import Tensor, fx

RANDOM = {
    "rand", "rand_like", "randn", "randn_like", "uniform", "normal_functional", "normal",
    "bernoulli", "multinomial", "exponential", "randint", "randint_like", "randperm", "cauchy",
    "geometric", "log_normal", "native_dropout", "poisson", "rrelu_with_noise",
}  # fmt: skip
SHAPE_ONLY = {
    "zeros_like", "ones_like", "full_like", "empty_like", "new_zeros", "new_ones", "new_full",
    "new_empty", "new_empty_strided",
}  # fmt: skip


def op_name(node: fx.Node) -> str:
    """The operator's plain name ("convolution") for a call of an ATen operator, else ""."""
    packet = getattr(node.target, "overloadpacket", None)
    return packet.__name__ if node.op == "call_function" and packet is not None else ""


def dependent_nodes(graph: fx.Graph) -> set[fx.Node]:
    """The nodes whose value depends on a placeholder or on a random draw."""
    dependent: set[fx.Node] = set()
    for node in graph.nodes:
        if node.op == "placeholder" or (op_name(node) in RANDOM and not _empty(node)):
            dependent.add(node)
        elif op_name(node) in SHAPE_ONLY:
            continue
        elif any(parent in dependent for parent in node.all_input_nodes):
            dependent.add(node)
    return dependent


def _empty(node: fx.Node) -> bool:
    """A draw of no numbers (no hidden latents are left to fill) is as good as a constant."""
    return isinstance(node.meta.get("val"), Tensor) and node.meta["val"].numel() == 0


def fold_constants(module: fx.GraphModule) -> None:
    """Replace every independent node that the graph needs by a buffer; drops dead nodes."""
    graph = module.graph
    dependent = dependent_nodes(graph)
    values: dict[fx.Node, Any] = {}

    def value_of(node: fx.Node) -> Any:
        if node not in values:
            if node.op == "get_attr":
                values[node] = _attribute(module, str(node.target))
            elif op_name(node) in SHAPE_ONLY:
                like: Any = node.args[0]
                shape, dtype = like.meta["val"].shape, like.meta["val"].dtype
                stand_in = torch.zeros(tuple(shape), dtype=dtype)
                values[node] = call(node, [stand_in, *node.args[1:]], node.kwargs)
            else:
                values[node] = call(node, *fx.node.map_arg((node.args, node.kwargs), value_of))
        return values[node]

    for node in list(graph.nodes):
        if node.op in ("placeholder", "output") or node not in dependent:
            continue
        for parent in node.all_input_nodes:
            if parent not in dependent and parent.op != "get_attr":
                _to_constant(module, parent, value_of(parent))
    for parent in graph.output_node().all_input_nodes:
        if parent not in dependent and parent.op != "get_attr":
            _to_constant(module, parent, value_of(parent))
    _sweep(graph)
    module.recompile()


def call(node: fx.Node, args: Any, kwargs: Any) -> Any:
    """Run a node's operator on real values."""
    target: Any = node.target
    return target(*args, **kwargs)


def _to_constant(module: fx.GraphModule, node: fx.Node, value: Tensor) -> None:
    if not isinstance(value, Tensor):
        return
    name = f"folded_{node.name}"
    module.register_buffer(name, value.detach().clone().contiguous())
    with module.graph.inserting_before(node):
        constant = module.graph.get_attr(name)
    constant.meta["val"] = value
    node.replace_all_uses_with(constant)


def _sweep(graph: fx.Graph) -> None:
    """Dead code goes, reads of frozen values included; torch's own sweep keeps those as impure."""
    for node in reversed(list(graph.nodes)):
        if node.op in ("call_function", "get_attr") and not node.users:
            graph.erase_node(node)


def _attribute(module: fx.GraphModule, path: str) -> Tensor:
    value: Any = module
    for part in path.split("."):
        value = getattr(value, part)
    return value
