"""A small ONNX graph under construction: nodes, constants and names, nothing else."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

MICROSOFT = "com.microsoft"


class Builder:
    """Emit nodes in order; `model` closes the graph."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, np.ndarray] = {}
        self._names: dict[tuple[Any, ...], str] = {}
        self._count = 0

    def name(self, stem: str) -> str:
        self._count += 1
        return f"{stem}:{self._count}"  # no parameter has a colon in its name

    def constant(self, array: Any, dtype: Any = None) -> str:
        """A constant by value: equal small ones share a name."""
        value = np.ascontiguousarray(array, dtype)
        if np.ndim(array) == 0:
            value = value.reshape(())
        key = (value.dtype.str, value.shape, value.tobytes()) if value.size < 64 else (id(value),)
        if key not in self._names:
            self._names[key] = self.name("constant")
            self._constants[self._names[key]] = value
        return self._names[key]

    def emit(self, operator: str, inputs: Sequence[str], *, domain: str = "", **attrs: Any) -> str:
        """A node with one output; returns the output's name."""
        return self.emit_many(operator, inputs, 1, domain=domain, **attrs)[0]

    def emit_many(
        self, operator: str, inputs: Sequence[str], count: int, *, domain: str = "", **attrs: Any
    ) -> list[str]:
        outputs = [self.name(operator.lower()) for _ in range(count)]
        self.nodes.append(helper.make_node(operator, inputs, outputs, domain=domain, **attrs))
        return outputs

    def copy(self, node: onnx.NodeProto, inputs: Sequence[str]) -> list[str]:
        """The same node with other inputs; returns its new outputs' names."""
        attrs = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        return self.emit_many(node.op_type, inputs, len(node.output), domain=node.domain, **attrs)

    def rename(self, names: dict[str, str]) -> None:
        for node in self.nodes:
            for names_of in (node.input, node.output):
                for i, name in enumerate(names_of):
                    names_of[i] = names.get(name, name)

    def model(
        self, inputs: Sequence[onnx.ValueInfoProto], outputs: Sequence[onnx.ValueInfoProto]
    ) -> onnx.ModelProto:
        used = {name for node in self.nodes for name in node.input}
        weights = [
            numpy_helper.from_array(value, name)
            for name, value in self._constants.items()
            if name in used
        ]
        graph = helper.make_graph(self.nodes, "step", inputs, outputs, weights)
        opsets = [helper.make_opsetid("", 20), helper.make_opsetid(MICROSOFT, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=10)
