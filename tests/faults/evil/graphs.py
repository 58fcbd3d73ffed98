"""Attacks by what a graph can say, and no instrument needs."""

import itertools
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from tests.faults.evil.forge import (
    SHAPE,
    Attack,
    constant,
    field,
    graph_bundle,
    key,
    model,
    node,
    nodes_of,
    value,
    varint,
    written,
)


def _body(*nodes: onnx.NodeProto, inputs: Sequence[Any] = (), outputs: Sequence[Any]) -> Any:
    return helper.make_graph(nodes, "body", inputs, outputs)


def _scalar(name: str, type: int) -> Any:
    return value(name, (), type)


def _loop() -> onnx.ModelProto:
    """while (true): a body that hands on its condition."""
    body = _body(
        node("Identity", "on", "still"), node("Identity", "x", "y"),
        inputs=[_scalar("i", TensorProto.INT64), _scalar("on", TensorProto.BOOL), value("x")],
        outputs=[_scalar("still", TensorProto.BOOL), value("y")],
    )  # fmt: skip
    constants = [constant("much", 2**62, np.int64), constant("true", True, np.bool_)]
    return model([node("Loop", "much true audio", "wet", body=body)], constants)


def _if() -> onnx.ModelProto:
    one = _body(node("Tanh", "audio", "a"), outputs=[value("a")])
    other = _body(node("Sin", "audio", "b"), outputs=[value("b")])
    branch = node("If", "true", "wet", then_branch=one, else_branch=other)
    return model([branch], [constant("true", True, np.bool_)])


def _scan() -> onnx.ModelProto:
    body = _body(
        node("Add", "s x", "t"), node("Identity", "t", "y"),
        inputs=[value("s", (1, 256)), value("x", (1, 256))],
        outputs=[value("t", (1, 256)), value("y", (1, 256))],
    )  # fmt: skip
    scan = node("Scan", "start audio", "end wet", body=body, num_scan_inputs=1)
    return model([scan], [constant("start", np.zeros((1, 256)))])


def _deep() -> bytes:
    """3000 graphs, each inside the one before: more than a parser's stack may hold."""
    inner = b""
    for _ in range(3000):
        attribute = field(1, b"g") + field(6, inner) + key(20, 0) + varint(5)
        inner = field(1, field(4, b"If") + field(5, attribute))
    return key(1, 0) + varint(10) + field(8, key(2, 0) + varint(17)) + field(7, inner)


def _outside(folder: Path, *, link: bool) -> Path:
    """Weights in a file beside the bundle, or in one that has a second name there."""
    secret = folder / "secret"
    secret.write_bytes(bytes(4 * 256))
    if link:
        os.link(secret, folder / "weights.bin")
    tensor = TensorProto(name="w", data_type=1, dims=SHAPE, data_location=TensorProto.EXTERNAL)
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "weights.bin" if link else str(secret)
    return graph_bundle(folder, model([node("Add", "audio w", "wet")], [tensor]))


def _function(*nodes: onnx.NodeProto) -> onnx.ModelProto:
    made = helper.make_function(
        "own", "Twice", ["x"], ["y"], list(nodes), [helper.make_opsetid("", 17)]
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    call = helper.make_node("Twice", ["audio"], ["wet"], domain="own")
    return model([call], opsets=opsets, functions=[made])


def _chain(count: int) -> bytes:
    """A chain of nodes, written by hand: onnx's own helper would take longer than the attack."""
    names = [b"audio", *(b"v%d" % i for i in range(count - 1)), b"wet"]
    body = b"".join(
        field(1, field(1, a) + field(2, b) + field(4, b"Tanh"))
        for a, b in itertools.pairwise(names)
    )
    ends = field(11, value("audio").SerializeToString())
    ends += field(12, value("wet").SerializeToString())
    return key(1, 0) + varint(10) + field(8, key(2, 0) + varint(17)) + field(7, body + ends)


def _trained() -> onnx.ModelProto:
    whole = model([node("Tanh", "audio", "wet")])
    whole.training_info.add().initialization.node.append(node("Loop", "a", "b"))
    return whole


_SHAPE_OF_SOUND = (
    node("ReduceMax", "audio", "loud", keepdims=0),
    node("Cast", "loud", "count", to=TensorProto.INT64),
    node("Reshape", "count one", "shape"),
)


_ONE = constant("one", [1], np.int64)


_CUBE = constant("cube", SHAPE, np.int64)


ATTACKS = (
    Attack("endless loop", "223 bytes that never return", "graph inside", written(_loop)),
    Attack("branch", "If: another step for another sound", "graph inside", written(_if)),
    Attack("scan", "a loop by another name", "graph inside", written(_scan)),
    Attack("deep subgraphs", "3000 graphs in graphs", "graph inside", written(_deep)),
    Attack(
        "external data",
        "weights from any file of the box",
        "another file",
        lambda f: _outside(f, link=False),
    ),
    Attack(
        "external data by hard link",
        "the same, where names are checked",
        "another file",
        lambda f: _outside(f, link=True),
    ),
    Attack(
        "200 000 nodes",
        "12 s in onnxruntime",
        "more than 4096 × node",
        written(lambda: _chain(200_000)),
    ),
    Attack(
        "functions",
        "a graph's own operators",
        "functions",
        written(lambda: _function(node("Add", "x x", "y"))),
    ),
    Attack(
        "recursive function",
        "one that calls itself",
        "functions",
        written(lambda: _function(helper.make_node("Twice", ["x"], ["y"], domain="own"))),
    ),
    Attack(
        "custom operators",
        "another library's",
        "not ONNX's own",
        nodes_of(
            helper.make_node("Evil", ["audio"], ["wet"], domain="evil"),
            opsets=[helper.make_opsetid("", 17), helper.make_opsetid("evil", 1)],
        ),
    ),
    Attack(
        "operator nobody imports",
        "a domain slipped into a node",
        "not allowed",
        nodes_of(helper.make_node("Evil", ["audio"], ["wet"], domain="evil")),
    ),
    Attack(
        "other Microsoft operators",
        "what the converter never writes",
        "not allowed",
        nodes_of(
            helper.make_node("Inverse", ["audio"], ["wet"], domain="com.microsoft"),
            opsets=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)],
        ),
    ),
    Attack("unknown operator", "Tahn", "did you mean Tan", nodes_of(node("Tahn", "audio", "wet"))),
    Attack(
        "own randomness",
        "noise that no seed repeats",
        "not allowed",
        nodes_of(node("RandomNormalLike", "audio", "wet")),
    ),
    Attack(
        "shape by data",
        "NonZero",
        "not allowed",
        nodes_of(
            node("NonZero", "audio", "where"),
            node("Cast", "where", "x", to=1),
            node("Reshape", "x cube", "wet"),
            constants=[_CUBE],
        ),
    ),
    Attack(
        "shape by loudness",
        "memory for as many numbers as the sound is loud",
        "computed as it plays",
        nodes_of(
            *_SHAPE_OF_SOUND,
            node("ConstantOfShape", "shape", "many"),
            node("ReduceMax", "many", "none"),
            node("Add", "audio none", "wet"),
            constants=[_ONE],
        ),
    ),
    Attack(
        "Expand by loudness",
        "the same",
        "computed as it plays",
        nodes_of(
            *_SHAPE_OF_SOUND,
            node("Expand", "loud shape", "many"),
            node("ReduceMax", "many", "none"),
            node("Add", "audio none", "wet"),
            constants=[_ONE],
        ),
    ),
    Attack(
        "Slice by loudness",
        "the same, smaller",
        "computed as it plays",
        nodes_of(
            *_SHAPE_OF_SOUND,
            node("Slice", "audio one shape one", "some"),
            node("ReduceMax", "some", "none"),
            node("Add", "audio none", "wet"),
            constants=[_ONE],
        ),
    ),
    Attack("training code", "a second graph that nobody runs", "training", written(_trained)),
    Attack(
        "input that is a constant",
        "a weight that can be fed",
        "one name",
        nodes_of(
            node("Add", "audio w", "wet"),
            constants=[constant("w", np.ones(SHAPE))],
            inputs=[value("audio"), value("w")],
        ),
    ),
    Attack(
        "made twice",
        "one name for two values",
        "one name",
        nodes_of(node("Tanh", "audio", "wet"), node("Sin", "audio", "wet")),
    ),
    Attack(
        "circle",
        "two nodes that wait for each other",
        "cannot load|cannot be played",
        nodes_of(node("Add", "audio b", "a"), node("Tanh", "a", "b"), node("Tanh", "b", "wet")),
    ),
    Attack(
        "from nowhere",
        "an input that nobody makes",
        "cannot load",
        nodes_of(node("Add", "audio ghost", "wet")),
    ),
    Attack("no nodes", "an output that nobody makes", "cannot load", nodes_of()),
)
