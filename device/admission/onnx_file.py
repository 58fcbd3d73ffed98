"""An ONNX file, read without onnx and without onnxruntime: what the limits need to know of it.

Nothing here recurses: messages that could hold each other (subgraphs, functions, sequence types)
are refused by the tables.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from device.admission.limits import MAX_CONSTANTS, MAX_INTEGER, MAX_LIST, MAX_NODES, MAX_RANK
from device.admission.message import (
    Field,
    Read,
    message,
    never,
    one,
    read_integer,
    read_integers,
    read_note,
    read_size,
    read_text,
)
from device.admission.onnx_tensor import Tensor, checked_shape, known_type, read_tensor
from device.admission.wire import BYTES, Wire
from device.errors import BundleError

_SUBGRAPH = "it has a node with a graph inside; loops and branches are not allowed"
_FUNCTION = "it has functions of its own, which could call themselves"
_TRAINING = "it has training code, which nothing here runs"
_SPARSE = "it has sparse tensors, which could grow when they are unpacked"


@dataclass(frozen=True)
class Node:
    """One operation. `tensors` are the constants among its attributes."""

    operator: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: tuple[str, ...]
    tensors: tuple[Tensor, ...]


@dataclass(frozen=True)
class Value:
    """An input, an output, or what a graph says of a value in between."""

    name: str
    type: int
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Model:
    """A graph and the operator sets that it is written in, version by domain."""

    ir_version: int
    opsets: Mapping[str, int]
    nodes: tuple[Node, ...]
    constants: tuple[Tensor, ...]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    between: tuple[Value, ...]


def read_model(data: bytes) -> Model:
    """Read an ONNX file.

    Raises:
        BundleError: saying what of it a bundle's graph cannot have; it names no file.
    """
    return _model(Wire(), BYTES, memoryview(data))


# --- nodes --------------------------------------------------------------------------------------

_ATTRIBUTE = {
    1: Field("name", read_text),
    2: Field("f", read_size),
    3: Field("i", read_integer),
    4: Field("s", read_text),
    5: Field("t", read_tensor),
    6: never("g", _SUBGRAPH),
    7: Field("floats", read_size, MAX_LIST),
    8: Field("ints", read_integers, MAX_LIST),
    9: Field("strings", read_text, MAX_LIST),
    10: never("tensors", "it has a list of tensors in a node"),
    11: never("graphs", _SUBGRAPH),
    13: Field("doc_string", read_size),
    14: never("tp", "it has a node that makes no tensor"),
    15: never("type_protos", "it has a node that makes no tensor"),
    20: Field("type", read_integer),
    21: never("ref_attr_name", _FUNCTION),
    22: never("sparse_tensor", _SPARSE),
    23: never("sparse_tensors", _SPARSE),
}


def _attribute(wire: Wire, kind: int, value: Any) -> tuple[str, list[Tensor]]:
    read = message(wire, kind, value, "an attribute of it", _ATTRIBUTE)
    name = one(read["name"], "")
    integers = [*read["i"], *(n for part in read["ints"] for n in part)]
    if len(integers) > MAX_LIST or any(abs(n) > MAX_INTEGER for n in integers):
        raise BundleError(f"its attribute {name!r} has a number beyond ±{MAX_INTEGER}, or too many")
    return name, read["t"]


_NODE = {
    1: Field("input", read_text, MAX_LIST),
    2: Field("output", read_text, MAX_LIST),
    3: Field("name", read_text),
    4: Field("op_type", read_text),
    5: Field("attribute", _attribute, MAX_LIST),
    6: Field("doc_string", read_size),
    7: Field("domain", read_text),
    8: never("overload", _FUNCTION),
    9: Field("metadata_props", read_note, MAX_LIST),
}


def _node(wire: Wire, kind: int, value: Any) -> Node:
    read = message(wire, kind, value, "a node of it", _NODE)
    domain = one(read["domain"], "")
    return Node(
        one(read["op_type"], ""),
        "" if domain == "ai.onnx" else domain,
        tuple(read["input"]),
        tuple(read["output"]),
        tuple(name for name, _ in read["attribute"]),
        tuple(tensor for _, tensors in read["attribute"] for tensor in tensors),
    )


# --- values -------------------------------------------------------------------------------------

_DIMENSION = {
    1: Field("dim_value", read_integer),
    2: never("dim_param", "a shape of it is left open; every size must be fixed"),
    3: Field("denotation", read_size),
}


def _dimension(wire: Wire, kind: int, value: Any) -> int:
    return one(message(wire, kind, value, "a size in it", _DIMENSION)["dim_value"], -1)


def _sizes(wire: Wire, kind: int, value: Any) -> list[int]:
    table = {1: Field("dim", _dimension, MAX_RANK)}
    return message(wire, kind, value, "a shape in it", table)["dim"]


def _tensor_type(wire: Wire, kind: int, value: Any) -> tuple[int, list[int]]:
    table = {1: Field("elem_type", read_integer), 2: Field("shape", _sizes)}
    read = message(wire, kind, value, "a type in it", table)
    return one(read["elem_type"], 0), one(read["shape"], [-1])


_TYPE = {
    1: Field("tensor_type", _tensor_type),
    4: never("sequence_type", "it has a value that is a sequence; only tensors are allowed"),
    5: never("map_type", "it has a value that is a map; only tensors are allowed"),
    6: Field("denotation", read_size),
    7: never("opaque_type", "it has a value of an unknown kind; only tensors are allowed"),
    8: never("sparse_tensor_type", _SPARSE),
    9: never("optional_type", "it has a value that may be missing; only tensors are allowed"),
}


def _type(wire: Wire, kind: int, value: Any) -> tuple[int, list[int]]:
    return one(message(wire, kind, value, "a type in it", _TYPE)["tensor_type"], (0, [-1]))


_VALUE = {
    1: Field("name", read_text),
    2: Field("type", _type),
    3: Field("doc_string", read_size),
    4: Field("metadata_props", read_note, MAX_LIST),
}


def _value(wire: Wire, kind: int, value: Any) -> Value:
    read = message(wire, kind, value, "a value in it", _VALUE)
    name = one(read["name"], "")
    type, dims = one(read["type"], (0, [-1]))
    return Value(name, known_type(type, name), checked_shape(dims, name, least=1))


# --- the graph and the model --------------------------------------------------------------------

_GRAPH = {
    1: Field("node", _node, MAX_NODES),
    2: Field("name", read_text),
    5: Field("initializer", read_tensor, MAX_CONSTANTS),
    10: Field("doc_string", read_size),
    11: Field("input", _value, MAX_CONSTANTS),
    12: Field("output", _value, MAX_CONSTANTS),
    13: Field("value_info", _value, MAX_CONSTANTS),
    14: never("quantization_annotation", "it has notes on quantisation; quantise with nodes"),
    15: never("sparse_initializer", _SPARSE),
    16: Field("metadata_props", read_note, MAX_LIST),
}
_OPSET = {1: Field("domain", read_text), 2: Field("version", read_integer)}


def _graph(wire: Wire, kind: int, value: Any) -> Read:
    return message(wire, kind, value, "its graph", _GRAPH)


def _opset(wire: Wire, kind: int, value: Any) -> tuple[str, int]:
    read = message(wire, kind, value, "an operator set of it", _OPSET)
    domain = one(read["domain"], "")
    return "" if domain == "ai.onnx" else domain, one(read["version"], 0)


_MODEL = {
    1: Field("ir_version", read_integer),
    2: Field("producer_name", read_text),
    3: Field("producer_version", read_text),
    4: Field("domain", read_text),
    5: Field("model_version", read_integer),
    6: Field("doc_string", read_size),
    7: Field("graph", _graph),
    8: Field("opset_import", _opset, 8),
    14: Field("metadata_props", read_note, MAX_LIST),
    20: never("training_info", _TRAINING),
    25: never("functions", _FUNCTION),
}


def _model(wire: Wire, kind: int, data: Any) -> Model:
    read = message(wire, kind, data, "it", _MODEL)
    if not read["graph"]:
        raise BundleError("there is no graph in it")
    graph, opsets = read["graph"][0], dict(read["opset_import"])
    if len(opsets) != len(read["opset_import"]):
        raise BundleError("it names an operator set twice")
    return Model(
        one(read["ir_version"], 0),
        opsets,
        tuple(graph["node"]),
        tuple(graph["initializer"]),
        tuple(graph["input"]),
        tuple(graph["output"]),
        tuple(graph["value_info"]),
    )
