"""Attacks by sound: not finite, too loud or too slow, now or later; and by how caches start."""

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto

from tests.faults.evil.forge import (
    BLOCK,
    MEMBER,
    SHAPE,
    Attack,
    bundle,
    constant,
    forward,
    manifest,
    model,
    node,
    nodes_of,
    npy,
    npz,
    state,
    value,
)


def _weights(number: float) -> Callable[[Path], Path]:
    return nodes_of(
        node("Mul", "audio w", "wet"), constants=[constant("w", np.full(SHAPE, number))]
    )


def _remembering(*nodes: Any, constants: Sequence[Any] = ()) -> Callable[[Path], Path]:
    """A graph with one cache, `cached_a` → `new_cached_a`, of one block."""

    def make(folder: Path) -> Path:
        raw = manifest()
        forward(raw)["graphs"]["fp32"]["states"] = [state("a", SHAPE)]
        made = model(
            nodes, constants, [value("audio"), value("cached_a")],
            [value("wet"), value("new_cached_a")],
        )  # fmt: skip
        return bundle(folder, {MEMBER: made.SerializeToString()}, raw)

    return make


def _started(start: bytes) -> Callable[[Path], Path]:
    """The same, with an exported start of the cache."""

    def make(folder: Path) -> Path:
        raw = manifest()
        graph = forward(raw)["graphs"]["fp32"]
        graph["states"], graph["start"] = [state("a", SHAPE)], "start.npz"
        made = model(
            [node("Add", "audio cached_a", "wet"), node("Identity", "audio", "new_cached_a")], (),
            [value("audio"), value("cached_a")], [value("wet"), value("new_cached_a")],
        )  # fmt: skip
        return bundle(folder, {MEMBER: made.SerializeToString(), "start.npz": start}, raw)

    return make


def _knob(*nodes: Any, constants: Sequence[Any] = ()) -> Callable[[Path], Path]:
    """A graph with a parameter `p`, 0..1, by default 0."""

    def make(folder: Path) -> Path:
        knob = {"id": "p", "label": "P", "minimum": 0.0, "maximum": 1.0, "default": 0.0}
        raw = manifest(parameters=[knob])
        port = {"name": "p", "role": "param", "shape": [1, 1, 1], "distribution": None}
        forward(raw)["inputs"].append(port)
        made = model(nodes, constants, [value("audio"), value("p", (1, 1, 1))])
        return bundle(folder, {MEMBER: made.SerializeToString()}, raw)

    return make


_PLAIN = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 256), }"


_DATA = bytes(4 * BLOCK)


_NAME = "cached_a.npy"


ATTACKS = (
    Attack(
        "NaN weights", "one of them is in the sound for ever", "not finite", _weights(float("nan"))
    ),
    Attack("infinite weights", "the same", "not finite", _weights(float("inf"))),
    Attack(
        "growing sound",
        "twice as loud in every block",
        "not finite",
        _remembering(
            node("Mul", "cached_a huge", "x"),
            node("Add", "x one", "y"),
            node("Identity", "y", "new_cached_a"),
            node("Add", "audio y", "wet"),
            constants=[constant("huge", 1e30), constant("one", 1.0)],
        ),
    ),
    Attack(
        "division by silence",
        "fine until nobody plays",
        "hears silence",
        nodes_of(node("Div", "audio audio", "wet")),
    ),
    Attack(
        "start that is compressed",
        "a zip bomb inside a member",
        "compressed",
        _started(npz({_NAME: npy(_PLAIN, bytes(50_000_000))}, zipfile.ZIP_DEFLATED)),
    ),
    Attack(
        "start of objects",
        "a pickle, which is a program",
        "Python objects",
        _started(npz({_NAME: npy(_PLAIN.replace("<f4", "|O"), b"cos\nsystem\n(S'id'\ntR.")})),
    ),
    Attack(
        "start of 2^40 numbers",
        "claimed in a header",
        "not its cache's",
        _started(npz({_NAME: npy(_PLAIN.replace("256", str(2**40)), _DATA)})),
    ),
    Attack(
        "start of negative shape",
        "less than nothing",
        "not its cache's",
        _started(npz({_NAME: npy(_PLAIN.replace("256", "-256"), _DATA)})),
    ),
    Attack(
        "start with a program",
        "a header that is an expression",
        "damaged",
        _started(npz({_NAME: npy("__import__('os').system('id')", _DATA)})),
    ),
    Attack(
        "start with a deep header",
        "60 000 brackets for Python's parser",
        "damaged",
        _started(npz({_NAME: npy("(" * 60_000, _DATA)})),
    ),
    Attack(
        "start for another cache",
        "one that the graph has not",
        "no caches",
        _started(npz({"b.npy": npy(_PLAIN, _DATA)})),
    ),
    Attack(
        "start that is no archive",
        "noise",
        "damaged",
        _started(np.random.default_rng(2).bytes(5000)),
    ),
    Attack(
        "start with too little data",
        "half of an array",
        "cannot read the start",
        _started(npz({_NAME: npy(_PLAIN, _DATA[:99])})),
    ),
    Attack(
        "start of NaN",
        "caches that are never well",
        "not finite",
        _started(npz({_NAME: npy(_PLAIN, np.full(BLOCK, np.nan, np.float32).tobytes())})),
    ),
    Attack(
        "denormals",
        "numbers that x86 is slow with. They are flushed to 0 there; the watch covers the rest",
        "",
        _remembering(
            node("Mul", "cached_a small", "x"),
            node("Add", "x tiny", "new_cached_a"),
            node("Add", "audio new_cached_a", "wet"),
            constants=[constant("small", 0.999), constant("tiny", 1e-39)],
        ),
    ),
    Attack(
        "NaN on a knob",
        "not finite when a knob is turned up. The engine mutes such a block",
        "",
        _knob(
            node("Sub", "one p", "x"),
            node("Div", "audio x", "wet"),
            constants=[constant("one", 1.0)],
        ),
    ),
    Attack(
        "fault on a knob",
        "onnxruntime fails when a knob is turned up. The engine mutes the block",
        "",
        _knob(
            node("Cast", "p", "i", to=TensorProto.INT64),
            node("Gather", "w i", "x"),
            node("Mul", "audio x", "wet"),
            constants=[constant("w", [1.0])],
        ),
    ),
    Attack(
        "time bomb",
        "not finite after 100 blocks, long after the trial. The engine mutes such a block",
        "",
        _remembering(
            node("Add", "cached_a one", "new_cached_a"),
            node("Sub", "new_cached_a hundred", "x"),
            node("Div", "audio x", "wet"),
            constants=[constant("one", 1.0), constant("hundred", 100.0)],
        ),
    ),
    Attack(
        "full blast",
        "a square wave at 10^30",
        "a thousand times too loud",
        nodes_of(node("Mul", "audio huge", "wet"), constants=[constant("huge", 1e30)]),
    ),
    Attack(
        "constant voltage",
        "a loudspeaker's end. The engine takes DC out",
        "",
        nodes_of(node("Add", "audio one", "wet"), constants=[constant("one", 1.0)]),
    ),
)
