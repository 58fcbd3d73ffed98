"""Replace Fourier transforms inside a step by the constant matrices they amount to.

A filtered-noise synth turns band amplitudes into impulse responses by an inverse FFT and convolves
noise with them by FFT, frame by frame. Both are (bi)linear maps along the last axis with constant
coefficients, and small: 5 to 32 amplitudes, 8 to 64 samples. As matrices they cost a few
microseconds; as DFT operators they are slow and cannot be reordered. The coefficients are not
derived but probed: the recorded operators are run on unit vectors.

    one root:   y = x · M                       M [n, m]
    two roots:  y_i = Σ_k Σ_j a_k · x_j · B_kji     as   a · (x · B')   B' [j, k·m]
"""

from typing import Any

import torch
from torch import Tensor, fx

from convert.fold import op_name
from convert.simplify import make, value

aten = torch.ops.aten

_LINEAR = {
    "_fft_c2r", "_fft_r2c", "_fft_c2c", "view_as_complex", "view_as_real", "real", "roll",
    "constant_pad_nd", "slice", "stack", "mul", "complex", "unsqueeze", "squeeze",
}  # fmt: skip
_DOWNSTREAM = {"roll", "constant_pad_nd", "slice", "mul"}
_MAX_PROBES = 16_384


def transforms_to_matrices(module: fx.GraphModule) -> int:
    """Rewrite every per-frame FFT region with one or two real inputs; returns how many."""
    graph = module.graph
    done = 0
    for node in reversed([n for n in graph.nodes if op_name(n) == "_fft_c2r"]):
        if node.users:  # an earlier round may have swallowed it
            done += _rewrite(module, node)
            for dead in reversed(list(graph.nodes)):
                if dead.op == "call_function" and not dead.users:
                    graph.erase_node(dead)
    module.recompile()
    return done


def _rewrite(module: fx.GraphModule, node: fx.Node) -> bool:
    end = node
    while len(end.users) == 1 and op_name(user := next(iter(end.users))) in _DOWNSTREAM:
        if not _along_last_axis(user) or len(_live(user)) != 1:
            break
        end = user
    roots: list[fx.Node] = []
    region: list[fx.Node] = []
    if not _walk_up(end, roots, region) or len(roots) not in (1, 2):
        return False
    region.sort(key=list(module.graph.nodes).index)
    sizes = [value(root).shape[-1] for root in roots]
    if any(value(root).shape[:-1] != value(end).shape[:-1] for root in roots):
        return False
    if torch.tensor(sizes).prod() > _MAX_PROBES:
        return False
    probes = _probe(module, region, roots, end)
    if probes is None:
        return False
    if len(roots) == 1:
        matrix = _constant(module, end, probes)
        replacement = make(module.graph, end, aten.matmul.default, roots[0], matrix)
    else:
        replacement = _bilinear(module, end, roots, probes)
    end.replace_all_uses_with(replacement)
    return True


def _bilinear(
    module: fx.GraphModule, end: fx.Node, roots: list[fx.Node], probes: Tensor
) -> fx.Node:
    """`probes` [k, j, m]; contracts the longer root first, which leaves the smaller product."""
    if probes.shape[0] > probes.shape[1]:
        roots, probes = roots[::-1], probes.transpose(0, 1)
    k, j, m = probes.shape
    graph, lead = module.graph, list(value(end).shape[:-1])
    matrix = _constant(module, end, probes.permute(1, 0, 2).reshape(j, k * m).contiguous())
    filtered = make(graph, end, aten.matmul.default, roots[1], matrix)
    filtered = make(graph, end, aten.reshape.default, filtered, [*lead, k, m])
    weights = make(graph, end, aten.unsqueeze.default, roots[0], -2)
    mixed = make(graph, end, aten.matmul.default, weights, filtered)
    return make(graph, end, aten.squeeze.dim, mixed, -2)


def _walk_up(node: fx.Node, roots: list[fx.Node], region: list[fx.Node]) -> bool:
    """Collect the linear region above `node` and the real values it starts from."""
    if node in region:
        return True
    region.append(node)
    for parent in _live(node):
        inside = op_name(parent) in _LINEAR and _along_last_axis(parent)
        bilinear = op_name(parent) == "mul" and len(_live(parent)) == 2
        if inside and not (bilinear and not value(parent).is_complex()):
            if not _walk_up(parent, roots, region):
                return False
        elif value(parent).is_complex():
            return False
        elif parent not in roots:
            roots.append(parent)
    return True


def _live(node: fx.Node) -> list[fx.Node]:
    return [p for p in node.all_input_nodes if p.op != "get_attr"]


def _along_last_axis(node: fx.Node) -> bool:
    """Whether the operator leaves all axes but the last alone."""
    rank = value(node).dim()
    name = op_name(node)
    if name in ("_fft_c2r", "_fft_r2c", "_fft_c2c"):
        return [d % rank for d in node.args[1]] == [rank - 1]  # type: ignore
    if name == "roll":
        return [d % rank for d in node.args[2]] == [rank - 1]  # type: ignore
    if name == "constant_pad_nd":
        return len(node.args[1]) == 2 and (len(node.args) < 3 or node.args[2] == 0)  # type: ignore
    if name == "slice":
        return (node.args[1] if len(node.args) > 1 else 0) % rank == rank - 1  # type: ignore
    return True


def _probe(
    module: fx.GraphModule, region: list[fx.Node], roots: list[fx.Node], end: fx.Node
) -> Tensor | None:
    """The region's coefficients [n, m] or [k, j, m]; None if rows differ or it is not linear."""
    sizes = [value(root).shape[-1] for root in roots]
    result = torch.zeros(*sizes, value(end).shape[-1])

    def run(inputs: list[Tensor]) -> Tensor:
        held: dict[fx.Node, Any] = dict(zip(roots, inputs, strict=True))

        def value_of(node: fx.Node) -> Any:
            return held[node] if node in held else getattr(module, str(node.target))

        for node in region:
            args, kwargs = fx.node.map_arg((node.args, node.kwargs), value_of)
            held[node] = node.target(*args, **kwargs)  # type: ignore[operator]
        return held[end]

    def unit(which: int, index: int) -> Tensor:
        vector = torch.zeros(value(roots[which]).shape)
        vector[..., index] = 1.0
        return vector

    for index in torch.cartesian_prod(*map(torch.arange, sizes)).reshape(-1, len(sizes)):
        rows = run([unit(i, int(k)) for i, k in enumerate(index)]).flatten(0, -2)
        if not torch.allclose(rows, rows[:1].expand_as(rows), atol=1e-6):
            return None
        result[tuple(index)] = rows[0]
    trial = [torch.randn(value(root).shape) for root in roots]
    form = "...n,nm->...m" if len(roots) == 1 else "...k,...j,kjm->...m"
    expected = torch.einsum(form, *trial, result)
    return result if torch.allclose(run(trial), expected, atol=1e-4, rtol=1e-4) else None


def _constant(module: fx.GraphModule, before: fx.Node, tensor: Tensor) -> fx.Node:
    name = f"matrix_{before.name}"
    module.register_buffer(name, tensor)
    with module.graph.inserting_before(before):
        node = module.graph.get_attr(name)
    node.meta["val"] = tensor.to("meta")
    return node
