"""Attacks by how a graph is written: odd sizes, types and numbers, and files that are no graph."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper

from tests.faults.evil.forge import (
    SHAPE,
    Attack,
    constant,
    field,
    key,
    model,
    node,
    nodes_of,
    patched,
    value,
    varint,
    written,
)


def _raw_tensor(dims: Sequence[int], data: bytes = b"\0" * 1024, type: int = 1) -> bytes:
    """An Add with a constant whose sizes are written as they are, whatever they are."""
    sizes = b"".join(key(1, 0) + varint(n & (1 << 64) - 1) for n in dims)
    tensor = sizes + key(2, 0) + varint(type) + field(8, b"w") + field(9, data)
    whole = model([node("Add", "audio w", "wet")])
    return whole.SerializeToString() + field(7, field(5, tensor))


def _merged() -> bytes:
    """Two graphs in one file: protobuf joins them, a careless reader sees the first."""
    return model([node("Tanh", "audio", "wet")]).SerializeToString() + field(
        7, field(1, field(4, b"Loop"))
    )


def _one_tensor(**more: Any) -> Callable[[Path], Path]:
    tensor = constant("w", np.ones(SHAPE))
    for name, held in more.items():
        if isinstance(held, list):
            del getattr(tensor, name)[:]
            getattr(tensor, name).extend(held)
        else:
            setattr(tensor, name, held)
    return nodes_of(node("Add", "audio w", "wet"), constants=[tensor])


def _sparse() -> onnx.ModelProto:
    whole = model([node("Add", "audio w", "wet")])
    sparse = whole.graph.sparse_initializer.add()
    sparse.values.CopyFrom(constant("w", [1.0]))
    sparse.indices.CopyFrom(constant("", [10**9], np.int64))
    sparse.dims.extend([1, 1, 2**40])
    return whole


_TANH = model([node("Tanh", "audio", "wet")]).SerializeToString()


def _raw_only(data: bytes) -> bytes:
    """Graph fields given in a second graph, moved into the first: as one message."""
    whole = onnx.ModelProto()
    whole.ParseFromString(data)
    return whole.SerializeToString()


ATTACKS = (
    Attack(
        "two million fields",
        "a list without an end",
        "more than",
        written(lambda: _TANH + field(14, b"") * 2_000_000),
    ),
    Attack("sparse tensor", "2^40 numbers in 8 bytes", "sparse", written(_sparse)),
    Attack(
        "text tensor",
        "strings in a model of sound",
        "text",
        _one_tensor(raw_data=b"", data_type=8, string_data=[b"x"] * 256),
    ),
    Attack("complex tensor", "a type nothing here has", "type 14", _one_tensor(data_type=14)),
    Attack("type 99", "a type nobody has", "type 99", _one_tensor(data_type=99)),
    Attack(
        "huge tensor",
        "10^12 numbers claimed, 1 kB there",
        "more than 67108864 numbers",
        _one_tensor(dims=[1, 10**6, 10**6]),
    ),
    Attack(
        "little data",
        "256 numbers claimed, none there",
        "has data for 0",
        _one_tensor(raw_data=b""),
    ),
    Attack(
        "much data", "data beyond the tensor", "has data for", _one_tensor(raw_data=b"\0" * 4096)
    ),
    Attack("data twice", "raw and typed", "twice", _one_tensor(float_data=[0.0] * 256)),
    Attack(
        "overflowing sizes",
        "2^32 × 2^32 is 0 in 64 bits",
        "has the shape",
        written(lambda: _raw_only(_raw_tensor([2**32, 2**32], b""))),
    ),
    Attack(
        "negative sizes",
        "-1 × -256",
        "has the shape",
        written(lambda: _raw_only(_raw_tensor([-1, -256]))),
    ),
    Attack(
        "1000 axes",
        "a tensor of a thousand ones",
        "more than 8 × dims",
        written(lambda: _raw_only(_raw_tensor([1] * 1000, b"\0" * 4))),
    ),
    Attack(
        "open sizes",
        "a block of any length",
        "left open",
        nodes_of(
            node("Tanh", "audio", "wet"),
            inputs=[helper.make_tensor_value_info("audio", 1, [1, 1, "n"])],
        ),
    ),
    Attack(
        "no sizes",
        "an input without a shape",
        "has the shape",
        nodes_of(
            node("Tanh", "audio", "wet"), inputs=[helper.make_tensor_value_info("audio", 1, None)]
        ),
    ),
    Attack(
        "input of 0 frames",
        "a pointer to no memory",
        "has the shape",
        nodes_of(node("Tanh", "audio", "wet"), inputs=[value("audio", (1, 1, 0))]),
    ),
    Attack(
        "sequence input",
        "a list of tensors",
        "only tensors",
        nodes_of(
            node("Tanh", "audio", "wet"),
            inputs=[helper.make_tensor_sequence_value_info("audio", 1, SHAPE)],
        ),
    ),
    Attack(
        "two graphs in one", "protobuf would join them", "more than 1 × graph", written(_merged)
    ),
    Attack(
        "name of a megabyte",
        "one name for a node",
        "no text of up to",
        nodes_of(helper.make_node("Tanh", ["audio"], ["wet"], name="x" * 1_000_000)),
    ),
    Attack(
        "million numbers",
        "an attribute of a million strides",
        "more than",
        nodes_of(node("Transpose", "audio", "wet", perm=list(range(1_000_000)))),
    ),
    Attack(
        "number of 2^62",
        "a stride beyond all memory",
        "beyond",
        nodes_of(node("AveragePool", "audio", "wet", kernel_shape=[2**62])),
    ),
    Attack(
        "version 9999",
        "operators from the future",
        "version 9999",
        nodes_of(node("Tanh", "audio", "wet"), opset=9999),
    ),
    Attack(
        "file format 999",
        "ONNX from the future",
        "format 999",
        written(
            lambda: patched(_TANH, key(1, 0) + varint(10), key(1, 0) + varint(9), 1).replace(
                key(1, 0) + varint(9), key(1, 0) + varint(999), 1
            )
        ),
    ),
    Attack(
        "noise",
        "random bytes for a graph",
        "cannot be played",
        written(lambda: np.random.default_rng(1).bytes(10_000)),
    ),
    Attack("no bytes", "an empty graph", "no graph", written(lambda: b"")),
    Attack(
        "cut graph",
        "the second half is missing",
        "middle of a field",
        written(lambda: _TANH[: len(_TANH) // 2]),
    ),
    Attack(
        "length of 2^60",
        "a field longer than all memory",
        "middle of a field",
        written(lambda: _TANH + key(6, 2) + varint(2**60)),
    ),
    Attack(
        "number of 80 bits",
        "a varint without an end",
        "64 bits",
        written(lambda: _TANH + key(5, 0) + b"\xff" * 11 + b"\1"),
    ),
    Attack(
        "protobuf groups",
        "a kind of field that was given up",
        "unknown type",
        written(lambda: _TANH + key(30, 3) + key(30, 4)),
    ),
    Attack(
        "unknown field",
        "what the next version may mean",
        "field 99",
        written(lambda: _TANH + field(99, b"x")),
    ),
)
