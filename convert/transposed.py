"""Recognise a streaming transposed convolution: overlap-add with a cache, as one operator.

What the export holds, with k = 2r, stride r and P = r frames of overlap:

    Y = ConvTranspose(x)                    [O, T·r + r]
    B = Y[:P] + cache                       the tail of the block before
    y = (B, Y[P:])[: T·r]  (+ bias)         what goes on
    new cache = (B, Y[P:])[T·r :]           the tail for the next block

Frame t of x reaches output frames t·r … t·r + 2r − 1, so output group t is a product of x[t] with
the first half of the kernel and of x[t − 1] with the second half: the cache is determined by the
last input frame, and that is what the rewritten step carries.
"""

from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper

from convert.layouts import Source


@dataclass(frozen=True)
class OverlapAdd:
    """A found transposed convolution. `weights` [2·C, r·O]: earlier frame first, then this one."""

    cache: str
    new_cache: str
    output: str
    swallowed: frozenset[str]
    weights: np.ndarray
    bias: np.ndarray | None
    stride: int
    channels: int
    outputs: int

    def start(self, tail: np.ndarray) -> np.ndarray | None:
        """The input frame [1, 1, C] that leaves the exported tail [1, O, P]; None if none does."""
        earlier = self.weights[: self.channels].astype(np.float64)
        target = tail[0].T.reshape(-1).astype(np.float64)
        if not np.isfinite(target).all():
            return None
        # The normal equations: a hundred times quicker than a singular value decomposition, and
        # exact enough in float64, as the error below shows.
        gram = earlier @ earlier.T
        gram[np.diag_indices_from(gram)] += 1e-12 * gram.trace() / len(gram)
        frame = np.linalg.solve(gram, earlier @ target)
        error = np.abs(frame @ earlier - target).max()
        if error > 1e-5 * max(float(np.abs(target).max()), 1e-12):
            return None
        return frame.reshape(1, 1, -1).astype(np.float32)


def find_overlap_add(node: onnx.NodeProto, source: Source) -> OverlapAdd | None:
    """The overlap-add around a ConvTranspose node, or None if it is not of this form."""
    users, shapes, constants = source.users, source.shapes, source.constants
    attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    kernel = constants.get(node.input[1])
    stride = attributes.get("strides", [1])[0]
    plain = attributes.get("group", 1) == 1 and not any(attributes.get("pads", []))
    plain = plain and not any(attributes.get("output_padding", []))
    if kernel is None or kernel.ndim != 3 or not plain or kernel.shape[2] != 2 * stride:
        return None
    channels, out_channels, _ = kernel.shape
    batch, _, frames = shapes[node.input[0]]
    raw = node.output[0]
    head = [u for u in users.get(raw, []) if u.op_type == "Slice"]
    adds = [a for h in head for a in users.get(h.output[0], []) if a.op_type == "Add"]
    if batch != 1 or len(adds) != 1 or len(head) != len(users[raw]):
        return None
    (add,) = adds
    caches = [i for i in add.input if i in source.inputs and i.startswith("cached_")]
    if len(caches) != 1 or shapes[caches[0]] != (1, out_channels, stride):
        return None
    new_cache = f"new_{caches[0]}"
    joins = [j for j in users.get(add.output[0], []) if j.op_type == "Concat"]
    if len(joins) == 1:  # (B, Y[P:]), cut in two
        cuts = users.get(joins[0].output[0], [])
        onward = [c for c in cuts if c.output[0] != new_cache]
        if len(cuts) != 2 or len(onward) != 1 or any(c.op_type != "Slice" for c in cuts):
            return None
        output = onward[0].output[0]
        swallowed = {joins[0].output[0], *(c.output[0] for c in cuts)}
    else:  # one input frame: B itself goes on, and Y[P:] is the new cache
        output, swallowed = add.output[0], {new_cache}
        if frames != 1 or not any(h.output[0] == new_cache for h in head):
            return None
    if shapes[output] != (1, out_channels, frames * stride) or new_cache not in source.outputs:
        return None
    swallowed |= {add.output[0], *(h.output[0] for h in head)}
    halves = (kernel[:, :, stride:], kernel[:, :, :stride])
    weights = [h.transpose(0, 2, 1).reshape(channels, stride * out_channels) for h in halves]
    bias = np.tile(constants[node.input[2]], stride) if len(node.input) > 2 else None
    return OverlapAdd(
        cache=caches[0], new_cache=new_cache, output=output,
        swallowed=frozenset(swallowed), weights=np.concatenate(weights), bias=bias,
        stride=stride, channels=channels, outputs=out_channels,
    )  # fmt: skip
