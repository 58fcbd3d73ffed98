"""Turn every random draw of a recorded graph into an input with a declared distribution.

The engine then draws the numbers itself from a seeded generator: a performance can be repeated,
parity can be tested draw by draw, and the amount of noise becomes a knob.
"""

from dataclasses import dataclass

import torch
from torch import fx

from convert.fold import RANDOM, op_name
from convert.simplify import make, value
from device.errors import ConvertError
from device.manifest import Distribution

aten = torch.ops.aten

DISTRIBUTIONS: dict[str, Distribution] = {
    "randn": "normal",
    "randn_like": "normal",
    "normal_functional": "normal",
    "rand": "uniform",
    "rand_like": "uniform",
    "uniform": "uniform",
    "exponential": "uniform",
    "bernoulli": "uniform",
}
"""Which standard draw, N(0, 1) or U[0, 1), each operator is made from."""


@dataclass(frozen=True)
class Draw:
    """One random draw per block: the name of its input, how it is drawn, its shape."""

    name: str
    distribution: Distribution
    shape: tuple[int, ...]


def draws_to_inputs(module: fx.GraphModule, method: str) -> list[Draw]:
    """Replace the graph's random operators by placeholders behind its other inputs, in order.

    Raises:
        ConvertError: for a distribution that cannot be made from a normal or uniform draw.
    """
    graph = module.graph
    draws: list[Draw] = []
    for node in list(graph.nodes):
        name = op_name(node)
        if name not in RANDOM:
            continue
        if name not in DISTRIBUTIONS:
            raise ConvertError(
                f"`{method}` draws random numbers with aten::{name}, which Ondine cannot supply "
                f"from outside. It can supply {', '.join(sorted(DISTRIBUTIONS))}."
            )
        draw = Draw(f"noise_{len(draws)}", DISTRIBUTIONS[name], tuple(value(node).shape))
        with graph.inserting_after(graph.find_nodes(op="placeholder")[-1]):
            placeholder = graph.placeholder(draw.name)
        placeholder.meta["val"] = value(node)
        shaped = _shape(graph, node, name, placeholder)
        node.replace_all_uses_with(shaped)
        graph.erase_node(node)
        draws.append(draw)
    module.recompile()
    return draws


def _shape(graph: fx.Graph, node: fx.Node, name: str, draw: fx.Node) -> fx.Node:
    """What the operator would have returned, given the standard draw."""
    if name in ("normal_functional", "uniform"):
        names, defaults = (("mean", "std"), (0.0, 1.0))
        if name == "uniform":
            names, defaults = (("from", "to"), (0.0, 1.0))
        given = [*node.args[1:], *[None] * 2]
        first, second = (
            node.kwargs.get(key, defaults[i] if given[i] is None else given[i])
            for i, key in enumerate(names)
        )
        scale = second if name == "normal_functional" else second - first  # type: ignore[operator]
        scaled = draw if scale == 1 else make(graph, node, aten.mul.Scalar, draw, scale)
        return scaled if first == 0 else make(graph, node, aten.add.Scalar, scaled, first)
    if name == "exponential":
        rate = node.args[1] if len(node.args) > 1 else 1.0
        left = make(graph, node, aten.rsub.Scalar, draw, 1.0)  # in (0, 1]: its log is finite
        log = make(graph, node, aten.log.default, left)
        return make(graph, node, aten.mul.Scalar, log, -1.0 / rate)  # type: ignore[operator]
    if name == "bernoulli":
        chance = node.args[1] if len(node.args) > 1 else node.args[0]
        tensor = isinstance(chance, fx.Node)
        below = make(graph, node, aten.lt.Tensor if tensor else aten.lt.Scalar, draw, chance)
        return make(graph, node, aten._to_copy.default, below)
    return draw
