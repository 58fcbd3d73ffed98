"""The exported graph as it is read, and its values as they are laid out in the rewritten one.

Every value may exist channel-major ("ct", [1, C, T], as exported), time-major ("tc", [1, T, C]), or
both; whoever needs it in a layout gets it, transposed if it was only in the other.
"""

from typing import Literal

import numpy as np
import onnx
from onnx import numpy_helper

from convert.builder import Builder

Layout = Literal["ct", "tc"]


class Source:
    """An exported graph: constants by value, static shapes, and who uses what."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.graph = graph
        self.constants = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
        self.shapes: dict[str, tuple[int, ...]] = {
            v.name: tuple(d.dim_value for d in v.type.tensor_type.shape.dim)
            for v in [*graph.value_info, *graph.input, *graph.output]
        } | {name: value.shape for name, value in self.constants.items()}
        self.inputs = {i.name for i in graph.input}
        self.outputs = {o.name for o in graph.output}
        self.users: dict[str, list[onnx.NodeProto]] = {}
        for node in graph.node:
            for name in node.input:
                self.users.setdefault(name, []).append(node)

    def cube(self, *names: str) -> bool:
        """Whether all of these have three axes, which is what a layout is about."""
        return all(len(self.shapes.get(n, ())) == 3 for n in names)

    def live(self, node: onnx.NodeProto) -> list[str]:
        """The inputs of a node that are computed: neither constants nor inputs of the graph."""
        return [i for i in node.input if i and i not in self.constants and i not in self.inputs]

    def only_user(self, name: str) -> onnx.NodeProto | None:
        """The one node that uses a value; None if there are more, or it is an output."""
        users = self.users.get(name, [])
        return users[0] if len(users) == 1 and name not in self.outputs else None

    def slice_of(self, node: onnx.NodeProto) -> tuple[int, range] | None:
        """(axis, indices taken) of a Slice node along one axis; None for any other node."""
        if node.op_type != "Slice" or len(self.constants[node.input[3]]) != 1:
            return None
        start, end, axis, step = (int(self.constants[i].reshape(-1)[0]) for i in node.input[1:5])
        shape = self.shapes[node.input[0]]
        axis %= len(shape)
        return axis, range(*slice(start, end, step).indices(shape[axis]))


class Layouts:
    """Which values of the source are there in the rewritten graph, by name and layout."""

    def __init__(self, source: Source, build: Builder) -> None:
        self._source = source
        self._build = build
        self._values: dict[tuple[str, Layout], str] = {}

    def get(self, name: str, layout: Layout) -> str:
        """The rewritten graph's name of a value in the wanted layout."""
        if (name, layout) in self._values:
            return self._values[name, layout]
        other: Layout = "ct" if layout == "tc" else "tc"
        if name in self._source.constants:
            made = self._build.constant(_turned(self._source.constants[name], layout))
        elif name in self._source.inputs and not self.has(name, other):
            # A cache is ours to lay out; anything else comes in as the engine holds it.
            first = layout if name.startswith("cached_") else "ct"
            self._values[name, first] = name
            return self.get(name, layout)
        else:
            made = self._turn(self._values[name, other], self._source.shapes[name], layout)
        self._values[name, layout] = made
        return made

    def put(self, name: str, value: str, layout: Layout = "tc") -> bool:
        """A value was made in a layout. True, for rules that end with it."""
        self._values[name, layout] = value
        return True

    def has(self, name: str, layout: Layout) -> bool:
        return (name, layout) in self._values

    def is_time_major(self, name: str) -> bool:
        """Whether a value exists time-major only."""
        return self.has(name, "tc") and not self.has(name, "ct")

    def laid_out(self, cache: str) -> bool:
        """Whether a cache comes in time-major."""
        return self._values.get((cache, "tc")) == cache

    def _turn(self, value: str, shape: tuple[int, ...], layout: Layout) -> str:
        if 1 in shape[1:]:  # a row or a column: the order in memory stays
            target = (shape[0], shape[2], shape[1]) if layout == "tc" else shape
            return self._build.emit("Reshape", [value, self._build.constant(target, np.int64)])
        return self._build.emit("Transpose", [value], perm=[0, 2, 1])


def _turned(value: np.ndarray, layout: Layout) -> np.ndarray:
    """A constant that broadcasts against [1, C, T], for [1, T, C]."""
    if layout == "ct" or value.size == 1:
        return value
    if value.ndim == 3:
        return value.transpose(0, 2, 1)
    if value.ndim == 2:
        return value.T
    return value[:, None]  # [T] against the last axis
