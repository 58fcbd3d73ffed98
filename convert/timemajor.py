"""Rewrite a step from channel-major [1, C, T] to time-major [1, T, C], products and all.

Time-major, a frame's channels lie side by side in memory, and three things follow:

- a convolution is one matrix product: gather each output frame's inputs (whole frames are copied),
  then [T, k·C] · [k·C, O]. With one output frame there is nothing to gather.
- a transposed convolution with k = 2r and stride r is the same with k = 2: frame t of the input
  gives the r output frames t·r … t·r + r − 1, together with the frame before it. It carries one
  input frame instead of a tail of output.

        x[t−1] ─┐
                ├─ · W [2C, r·O] ─► r frames of O channels, side by side: already in order
        x[t]   ─┘

- the cache that a convolution keeps is the end of the very buffer it has just joined, so the next
  step reads it there (`State.written`).

What has no time-major form keeps its own, between two transposes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import helper

from convert.builder import Builder
from convert.layouts import Layouts, Source
from convert.products import Product, Windows
from convert.transposed import OverlapAdd, find_overlap_add

Emit = Callable[[Builder, str, Product], str]

_ELEMENTWISE = {
    "LeakyRelu", "Tanh", "Sigmoid", "Softplus", "Add", "Mul", "Sub", "Div", "Pow", "Sin", "Cos",
    "Greater", "Less", "Where", "Neg", "Exp", "Log", "Sqrt", "Clip", "Relu", "Elu", "Abs", "Max",
    "Min", "Reciprocal", "Sign", "Erf", "Not", "And", "Or", "Equal", "Floor", "Round", "Cast",
}  # fmt: skip
_AXIS = {0: 0, 1: 2, 2: 1}
_SMALLEST_CHANNELS = 4


@dataclass(frozen=True)
class TimeMajorState:
    """A cache of the rewritten graph, and how to make its start from the exported buffer."""

    input: str
    output: str
    shape: tuple[int, ...]
    dtype: str
    written: tuple[int, ...] | None
    start: Callable[[np.ndarray], np.ndarray | None]


@dataclass(frozen=True)
class TimeMajorStep:
    """The rewritten step."""

    model: onnx.ModelProto
    states: tuple[TimeMajorState, ...]
    products: tuple[Product, ...]


def to_time_major(model: onnx.ModelProto, emit: Emit) -> TimeMajorStep:
    """Rewrite an exported step; `emit` says how each matrix product is computed."""
    return _Rewrite(model, emit).run()


class _Rewrite:
    def __init__(self, model: onnx.ModelProto, emit: Emit) -> None:
        self.source = Source(model.graph)
        self.emit = emit
        self.build = Builder()
        self.layouts = Layouts(self.source, self.build)
        self.products: list[Product] = []
        self.written: dict[str, tuple[str, tuple[int, ...]]] = {}
        self.starts: dict[str, OverlapAdd] = {}
        self.done: set[str] = set()

    def run(self) -> TimeMajorStep:
        rules = {
            "Conv": self._conv,
            "ConvTranspose": self._conv_transpose,
            "Concat": self._concat,
            "Slice": self._slice,
            "Split": self._split,
            "Transpose": self._transpose,
        } | dict.fromkeys(_ELEMENTWISE, self._elementwise)
        for node in self.source.graph.node:
            if node.output[0] in self.done:
                continue
            if not rules.get(node.op_type, lambda _: False)(node):
                made = self.build.copy(
                    node, [self.layouts.get(i, "ct") if i else "" for i in node.input]
                )
                for name, value in zip(node.output, made, strict=True):
                    self.layouts.put(name, value, "ct")
        return self._finish()

    # One rule per operator: True if it was emitted time-major.

    def _elementwise(self, node: onnx.NodeProto) -> bool:
        live = [i for i in node.input if i and i not in self.source.constants]
        if not self.source.cube(*live) or not any(map(self.layouts.is_time_major, live)):
            return False
        inputs = [self.layouts.get(i, "tc") if i else "" for i in node.input]
        return self.layouts.put(node.output[0], self.build.copy(node, inputs)[0])

    def _concat(self, node: onnx.NodeProto) -> bool:
        live = self.source.live(node)
        if not self.source.cube(*node.input) or not any(map(self.layouts.is_time_major, live)):
            return False
        axis = _attributes(node)["axis"] % 3
        value = self.build.emit(
            "Concat", [self.layouts.get(i, "tc") for i in node.input], axis=_AXIS[axis]
        )
        if axis == 2:
            self._keep_tail(node, value)
        return self.layouts.put(node.output[0], value)

    def _keep_tail(self, node: onnx.NodeProto, value: str) -> None:
        """If the new cache is this join's tail, hand out the join itself instead of a slice."""
        cache = node.input[0]
        batch, channels, frames = self.source.shapes[node.output[0]]
        if not cache.startswith("cached_") or not self.layouts.laid_out(cache):
            return
        tail = (2, range(frames - self.source.shapes[cache][2], frames))
        for user in self.source.users.get(node.output[0], []):
            kept = user.output[0]
            if kept == f"new_{cache}" and batch == 1 and self.source.slice_of(user) == tail:
                self.written[kept] = (value, (batch, frames, channels))
                self.done.add(kept)

    def _slice(self, node: onnx.NodeProto) -> bool:
        if not self.source.cube(node.input[0]) or not self.layouts.is_time_major(node.input[0]):
            return False
        start, end, axes, *steps = (self.source.constants[i] for i in node.input[1:])
        turned = np.array([_AXIS[int(a) % 3] for a in axes])
        bounds = [self.build.constant(c) for c in (start, end, turned, *steps)]
        value = self.build.emit("Slice", [self.layouts.get(node.input[0], "tc"), *bounds])
        return self.layouts.put(node.output[0], value)

    def _split(self, node: onnx.NodeProto) -> bool:
        if not self.source.cube(node.input[0]) or not self.layouts.is_time_major(node.input[0]):
            return False
        attributes = _attributes(node)
        attributes["axis"] = _AXIS[attributes.get("axis", 0) % 3]
        inputs = [
            self.layouts.get(node.input[0], "tc"),
            *(self.layouts.get(i, "ct") for i in node.input[1:]),
        ]
        made = self.build.emit_many("Split", inputs, len(node.output), **attributes)
        for name, value in zip(node.output, made, strict=True):
            self.layouts.put(name, value)
        return True

    def _transpose(self, node: onnx.NodeProto) -> bool:
        """A transpose to time-major is no transpose any more."""
        turns = list(_attributes(node)["perm"]) == [0, 2, 1]
        if turns and self.layouts.is_time_major(node.input[0]):
            self.layouts.put(node.output[0], self.layouts.get(node.input[0], "tc"), "ct")
        return turns and self.layouts.has(node.output[0], "ct")

    def _conv(self, node: onnx.NodeProto) -> bool:
        source, kernel = node.input[0], self.source.constants.get(node.input[1])
        attributes = _attributes(node)
        if kernel is None or kernel.ndim != 3 or attributes.get("group", 1) != 1:
            return False
        if any(attributes.get("pads", [])) or kernel.shape[1] < _SMALLEST_CHANNELS:
            return False  # a filter bank on raw samples is better as it is
        outputs, channels, taps = kernel.shape
        windows, rows = _windows(
            self.source.shapes[source], taps,
            attributes.get("strides", [1])[0], attributes.get("dilations", [1])[0],
        )  # fmt: skip
        weights = kernel.transpose(2, 1, 0).reshape(taps * channels, outputs)
        bias = self.source.constants[node.input[2]] if len(node.input) > 2 else None
        weights, end = self._absorb(node.output[0], weights, bias)
        x = self.layouts.get(source, "tc")
        return self.layouts.put(end, self._product(x, rows, weights, bias, windows))

    def _absorb(
        self, name: str, weights: np.ndarray, bias: np.ndarray | None
    ) -> tuple[np.ndarray, str]:
        """Take a following scaling and channel reversal into the weights (RAVE's filter bank)."""
        while bias is None and (user := self.source.only_user(name)) is not None:
            channels = weights.shape[1]
            factor = self.source.constants.get(user.input[1]) if len(user.input) > 1 else None
            if user.op_type == "Mul" and factor is not None and factor.size == 1:
                weights = weights * factor.reshape(())
            elif self.source.slice_of(user) == (1, range(channels - 1, -1, -1)):
                weights = weights[:, ::-1]
            else:
                break
            name = user.output[0]
            self.done.add(name)
        return weights, name

    def _conv_transpose(self, node: onnx.NodeProto) -> bool:
        found = find_overlap_add(node, self.source)
        if found is None:
            return False
        cache, channels, frames = found.cache, found.channels, self.source.shapes[node.input[0]][2]
        self.source.shapes[cache] = (1, channels, 1)
        self.layouts.put(cache, cache)
        self.starts[cache] = found
        self.done |= found.swallowed
        joined = self.build.emit("Concat", [cache, self.layouts.get(node.input[0], "tc")], axis=1)
        self.written[found.new_cache] = (joined, (1, frames + 1, channels))
        windows, rows = _windows((1, channels, frames + 1), 2, 1, 1)
        y = self._product(joined, rows, found.weights, found.bias, windows)
        shape = self.build.constant([1, frames * found.stride, found.outputs], np.int64)
        return self.layouts.put(found.output, self.build.emit("Reshape", [y, shape]))

    def _product(
        self,
        x: str,
        rows: int,
        weights: np.ndarray,
        bias: np.ndarray | None,
        windows: Windows | None,
    ) -> str:
        weights = np.ascontiguousarray(weights)
        product = Product(len(self.products), rows, weights, bias, windows)
        self.products.append(product)
        return self.emit(self.build, x, product)

    def _finish(self) -> TimeMajorStep:
        names: dict[str, str] = {}
        states: list[TimeMajorState] = []
        outputs = []
        for info in self.source.graph.output:
            name, kind = info.name, info.type.tensor_type.elem_type
            cache = name.removeprefix("new_")
            turned = cache != name and self.layouts.laid_out(cache)
            shape, written = self.source.shapes[name], None
            if name in self.written:
                value, written = self.written[name]
            else:
                value = self.layouts.get(name, "tc" if turned else "ct")
                shape = (shape[0], shape[2], shape[1]) if turned else shape
            if value in names or value in self.source.inputs:
                value = self.build.emit("Identity", [value])
            names[value] = name
            outputs.append(helper.make_tensor_value_info(name, kind, written or shape))
            if cache != name:
                states.append(self._state(cache, turned, kind, written))
        self.build.rename(names)
        at = {state.input: state.shape for state in states}
        inputs = [
            helper.make_tensor_value_info(
                i.name, i.type.tensor_type.elem_type, at.get(i.name, self.source.shapes[i.name])
            )
            for i in self.source.graph.input
        ]
        model = self.build.model(inputs, outputs)
        return TimeMajorStep(model, tuple(states), tuple(self.products))

    def _state(
        self, cache: str, turned: bool, kind: int, written: tuple[int, ...] | None
    ) -> TimeMajorState:
        shape = self.source.shapes[cache]
        shape = (shape[0], shape[2], shape[1]) if turned else shape
        overlap = self.starts.get(cache)

        def start(exported: np.ndarray) -> np.ndarray | None:
            if overlap is not None:
                return overlap.start(exported)
            return exported.transpose(0, 2, 1) if turned else exported

        dtype = helper.tensor_dtype_to_np_dtype(kind).name
        return TimeMajorState(cache, f"new_{cache}", shape, dtype, written, start)


def _windows(
    shape: tuple[int, ...], taps: int, stride: int, dilation: int
) -> tuple[Windows | None, int]:
    """Which input frames each output frame needs, for x of `shape` [B, C, L]; and the rows."""
    batch, channels, frames = shape
    rows = (frames - (taps - 1) * dilation - 1) // stride + 1
    if taps == 1 and stride == 1:
        return None, batch * rows
    index = None
    if not (rows == 1 and dilation == 1 and taps == frames):
        index = np.arange(rows)[:, None] * stride + np.arange(taps) * dilation
    return Windows(index, (batch, rows, taps * channels)), batch * rows


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}
