"""Take out of a recorded graph what functionalisation left behind and nothing needs.

Every rule is a local identity on fixed shapes, so the result is equal to the bit:

    clone, detach, alias, view to the same shape, slice of everything   → their input
    view (which asks for one memory layout)                             → reshape
    sum over the stack of one tensor                                    → that tensor
    copy(old, new) of one shape and type                                → new
    slice_scatter(old, new) over everything                             → new
    cat with empty parts, cat of one part                               → without them
    slice_scatter(old, new) over a part                                 → cat(before, new, after)
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx

from convert.fold import op_name

aten = torch.ops.aten
_IDENTITIES = {"clone", "detach", "alias", "contiguous", "lift_fresh_copy", "lift_fresh"}


def simplify(module: fx.GraphModule) -> None:
    """Apply the rules until none fits."""
    graph = module.graph
    shapes_to_meta(graph)
    rules: list[Callable[[fx.Graph, fx.Node], fx.Node | None]] = [
        _identity, _reshape, _sum_of_one, _copy, _whole_slice, _scatter, _cat_of_one,
    ]  # fmt: skip
    changed = True
    while changed:
        changed = False
        for node in list(graph.nodes):
            for rule in rules:
                replacement = rule(graph, node) if node.users else None
                if replacement is not None:
                    node.replace_all_uses_with(replacement)
                    changed = True
                    break
        for node in reversed(list(graph.nodes)):
            if node.op in ("call_function", "get_attr") and not node.users:
                graph.erase_node(node)
    module.recompile()


def shapes_to_meta(graph: fx.Graph) -> None:
    """Put every node's example on the meta device: tracing and folding leave mixed kinds."""
    for node in graph.nodes:
        example = node.meta.get("val")
        if isinstance(example, Tensor):
            node.meta["val"] = torch.empty(example.shape, dtype=example.dtype, device="meta")
        elif isinstance(example, (tuple, list)):
            node.meta["val"] = type(example)(
                torch.empty(e.shape, dtype=e.dtype, device="meta") for e in example
            )


def value(node: Any) -> Tensor:
    """The example tensor of a node: its shape and type, on the meta device."""
    return node.meta["val"]


def slice_range(node: fx.Node) -> tuple[int, int, int, int]:
    """(dim, start, end, step) of a slice or slice_scatter node, all made positive and bounded."""
    offset = 2 if op_name(node) == "slice_scatter" else 1
    given: list[Any] = [*node.args[offset:], *[None] * 4]
    arguments: Any = node.kwargs
    dim, start, end, step = (
        arguments.get(k, g) for k, g in zip(("dim", "start", "end", "step"), given, strict=False)
    )
    source = value(node.args[0])
    dim = (dim or 0) % source.dim()
    length = source.shape[dim]
    first, last, stride = slice(start, end, step).indices(length)
    return dim, first, max(last, first), stride


def make(graph: fx.Graph, before: fx.Node, target: Any, *args: Any) -> fx.Node:
    """A new call node in front of `before`, with its example value computed."""
    with graph.inserting_before(before):
        node = graph.call_function(target, args)
    examples = fx.node.map_arg(args, value)
    node.meta["val"] = target(*examples)
    return node


def _identity(graph: fx.Graph, node: fx.Node) -> fx.Node | None:
    name = op_name(node)
    if name in _IDENTITIES:
        return node.args[0]  # type: ignore[return-value]
    same = {"view", "_unsafe_view", "reshape", "expand", "permute", "constant_pad_nd"}
    if name in same and value(node).shape == value(node.args[0]).shape:
        moves = name == "permute" and list(node.args[1]) != sorted(node.args[1])  # type: ignore
        crops = name == "constant_pad_nd" and any(node.args[1])  # type: ignore[arg-type]
        return None if moves or crops else node.args[0]  # type: ignore[return-value]
    return None


def _reshape(graph: fx.Graph, node: fx.Node) -> fx.Node | None:
    if op_name(node) not in ("view", "_unsafe_view"):
        return None
    return make(graph, node, aten.reshape.default, *node.args)


def _sum_of_one(graph: fx.Graph, node: fx.Node) -> fx.Node | None:
    stack: Any = node.args[0] if node.args else None
    if op_name(node) != "sum" or not isinstance(stack, fx.Node) or op_name(stack) != "stack":
        return None
    one = len(stack.args[0]) == 1 and list(node.args[1]) == [0] and len(node.args) < 3  # type: ignore
    along_first = (stack.args[1] if len(stack.args) > 1 else 0) == 0
    return stack.args[0][0] if one and along_first else None  # type: ignore


def _copy(graph: fx.Graph, node: fx.Node) -> fx.Node | None:
    if op_name(node) != "copy":
        return None
    old, new = node.args[:2]
    alike = value(old).shape == value(new).shape and value(old).dtype == value(new).dtype
    return new if alike else None  # type: ignore[return-value]


def _whole_slice(graph: fx.Graph, node: fx.Node) -> fx.Node | None:
    if op_name(node) != "slice" or value(node).shape != value(node.args[0]).shape:
        return None
    return node.args[0]  # type: ignore[return-value]


def _scatter(graph: fx.Graph, node: fx.Node) -> fx.Node | None:
    if op_name(node) != "slice_scatter":
        return None
    old: Any = node.args[0]
    new: Any = node.args[1]
    dim, start, end, step = slice_range(node)
    if step != 1 or value(old).dtype != value(new).dtype:
        return None
    length = value(old).shape[dim]
    if value(new).shape == value(old).shape:
        return new
    parts: list[Any] = []
    if start > 0:
        parts.append(make(graph, node, aten.slice.Tensor, old, dim, 0, start))
    parts.append(new)
    if end < length:
        parts.append(make(graph, node, aten.slice.Tensor, old, dim, end, length))
    return make(graph, node, aten.cat.default, parts, dim)


def _cat_of_one(graph: fx.Graph, node: fx.Node) -> fx.Node | None:
    if op_name(node) != "cat":
        return None
    parts: Any = [part for part in node.args[0] if value(part).numel()]  # type: ignore[union-attr]
    if len(parts) == 1:
        return parts[0]
    if len(parts) < len(node.args[0]):  # type: ignore[arg-type]
        return make(graph, node, aten.cat.default, parts, *node.args[1:])
    return None
