"""Attacks that look like a model until it is loaded or played: memory, time, crashes."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto

from tests.faults.evil.forge import (
    BLOCK,
    MEMBER,
    Attack,
    bundle,
    constant,
    graph_bundle,
    model,
    node,
    nodes_of,
)

_MUCH = 2**35


_BIG = "more than 512 MiB|fails|cannot load|crash"


def _grown(*nodes: Any, **constants: Any) -> Callable[[Path], Path]:
    """`big` is made of the sound, its largest number times 0 is added to the sound."""
    held = [constant(name, data, np.int64) for name, data in constants.items()]
    return nodes_of(
        *nodes, node("ReduceMax", "big", "most", keepdims=0), node("Mul", "most zero", "none"),
        node("Add", "audio none", "wet"), constants=[*held, constant("zero", 0.0)],
    )  # fmt: skip


def _doubling() -> Callable[[Path], Path]:
    """40 times as long as before: 2^40 frames by forty small nodes."""
    names = ["audio", *(f"d{i}" for i in range(39)), "big"]
    nodes = [node("Concat", f"{a} {a}", b, axis=2) for a, b in itertools.pairwise(names)]
    return _grown(*nodes)


def _folding() -> Callable[[Path], Path]:
    """Constants only: onnxruntime would work it out while it loads, for minutes."""
    names = ["a0", *(f"a{i}" for i in range(1, 400))]
    nodes = [node("ConstantOfShape", "square", "a0"), node("ConstantOfShape", "square", "b")]
    nodes += [node("MatMul", f"{a} b", c) for a, c in itertools.pairwise(names)]
    nodes += [node("ReduceMax", names[-1], "top", keepdims=0)]
    return _grown(*nodes, node("Add", "audio top", "big"), square=[2000, 2000])


def _products(count: int, size: int) -> Callable[[Path], Path]:
    """Far more work than there is time: `count` products of size × size, in every step."""
    nodes = [
        node("ReduceMax", "audio", "loud", keepdims=0),
        node("Tanh", "loud", "calm"),
        node("ConstantOfShape", "square", "matrix"),
        node("Mul", "matrix calm", "m0"),
    ]
    nodes += [node("MatMul", f"m{i} m0", f"m{i + 1}") for i in range(count)]
    nodes += [node("ReduceMax", f"m{count}", "most", keepdims=0), node("Mul", "most zero", "none")]
    held = [constant("square", [size, size], np.int64), constant("zero", 0.0)]
    return nodes_of(*nodes, node("Add", "audio none", "wet"), constants=held)


def _conv(**attributes: Any) -> Callable[[Path], Path]:
    weights = constant("w", np.ones((1, 1, 3)))
    return nodes_of(node("Conv", "audio w", "wet", **attributes), constants=[weights])


def _heavy(folder: Path) -> Path:
    """As much as no graph may have, which is seen before a byte of it is read."""
    return bundle(folder, {MEMBER: bytes(250 << 20)})


def _spread(folder: Path) -> Path:
    """40 MB of int8, which a node makes floats of, four times as large, and eight nodes do."""
    scale = [constant("s", 1.0), constant("z", 0, np.int8), constant("i", 0, np.int64)]
    held = [constant("w", np.zeros((160 << 18,), np.int8), np.int8), *scale]
    nodes = [node("DequantizeLinear", "w s z", f"f{i}") for i in range(8)]
    nodes += [node("Mul", f"f{i} f{i}", f"g{i}") for i in range(8)]
    nodes += [node("Sum", " ".join(f"g{i}" for i in range(8)), "g"), node("Gather", "g i", "row")]
    return graph_bundle(folder, model([*nodes, node("Add", "audio row", "wet")], held))


ATTACKS = (
    Attack(
        "Expand bomb",
        "one sample made 2^35",
        _BIG,
        _grown(
            node("ReduceMax", "audio", "one"), node("Expand", "one much", "big"), much=[1, 1, _MUCH]
        ),
    ),
    Attack(
        "Tile bomb",
        "the block, 2^27 times",
        _BIG,
        _grown(node("Tile", "audio much", "big"), much=[1, 1, 2**27]),
    ),
    Attack(
        "ConstantOfShape bomb",
        "2^35 zeros out of 8 bytes",
        _BIG,
        _grown(
            node("ConstantOfShape", "much", "zeros"),
            node("Add", "zeros audio", "big"),
            much=[2**27, 1, BLOCK],
        ),
    ),
    Attack(
        "Pad bomb",
        "2^35 frames of silence",
        _BIG,
        _grown(node("Pad", "audio much", "big"), much=[0, 0, 0, 0, 0, _MUCH]),
    ),
    Attack(
        "Resize bomb",
        "the block, stretched to 2^35 frames",
        _BIG,
        _grown(node("Resize", "audio - - much", "big"), much=[1, 1, _MUCH]),
    ),
    Attack(
        "Range bomb",
        "counting to 2^40",
        _BIG,
        _grown(
            node("Range", "a b c", "many"),
            node("Cast", "many", "x", to=1),
            node("ReduceMax", "x", "y", keepdims=0),
            node("Add", "y audio", "big"),
            a=0,
            b=2**40,
            c=1,
        ),
    ),
    Attack(
        "OneHot bomb",
        "a class for each of 2^33 numbers",
        _BIG,
        _grown(
            node("Cast", "audio", "x", to=TensorProto.INT64),
            node("OneHot", "x much pair", "hot"),
            node("Cast", "hot", "big", to=1),
            much=2**33,
            pair=[0, 1],
        ),
    ),
    Attack(
        "outer product",
        "2^16 × 2^16 sums",
        _BIG,
        _grown(
            node("Tile", "audio wide", "row"),
            node("Transpose", "row", "column", perm=[0, 2, 1]),
            node("Add", "row column", "big"),
            wide=[1, 1, 256],
        ),
    ),
    Attack("doubling", "40 nodes, each twice as long as the last", _BIG, _doubling()),
    Attack("pads of 2^30", "a convolution's margin", _BIG + "|differs", _conv(pads=[2**30, 2**30])),
    Attack("250 MB of weights", "more than there is memory for", "MiB", _heavy),
    Attack(
        "weights that swell",
        "40 MB of int8, unpacked eight times",
        "more than 512 MiB|fails|cannot load",
        _spread,
    ),
    Attack("folding", "minutes of work while it loads", "within|memory", _folding(), slow=True),
    Attack(
        "step of seconds",
        "a step that never comes to an end in time",
        "within",
        _products(300, 1024),
        slow=True,
    ),
    Attack("slow step", "60 ms of work for 5 ms of sound", "too slow|within", _products(220, 320)),
    Attack(
        "stride of 0",
        "a division by zero inside a convolution",
        "crash|cannot load|differs",
        _conv(strides=[0]),
    ),
    Attack("group of 0", "another one", "crash|cannot load|differs", _conv(group=0)),
    Attack(
        "dilation of 0",
        "a kernel on one spot",
        "crash|cannot load|differs|fails",
        _conv(dilations=[0]),
    ),
    Attack(
        "negative pads",
        "a convolution that begins before its memory",
        "crash|cannot load|differs|fails",
        _conv(pads=[-(2**20), 2**20]),
    ),
    Attack(
        "index beyond the end",
        "Gather reads where nothing is",
        "fails|cannot load",
        nodes_of(
            node("Gather", "w far", "x"),
            node("Add", "audio x", "wet"),
            constants=[constant("w", [0.0]), constant("far", 2**40, np.int64)],
        ),
    ),
    Attack(
        "scatter beyond the end",
        "writes where nothing is",
        "fails|cannot load",
        nodes_of(
            node("ScatterND", "audio far one", "wet"),
            constants=[constant("far", [[0, 0, 2**40]], np.int64), constant("one", [1.0])],
        ),
    ),
    Attack(
        "reshape to another size",
        "256 numbers called 512",
        "fails|cannot load",
        _grown(node("Reshape", "audio much", "big"), much=[512]),
    ),
    Attack(
        "integer division by 0",
        "a signal of the processor",
        "crash|fails|cannot load",
        nodes_of(
            node("Cast", "audio", "i", to=TensorProto.INT32),
            node("Div", "i zero", "q"),
            node("Cast", "q", "wet", to=1),
            constants=[constant("zero", 0, np.int32)],
        ),
    ),
)
