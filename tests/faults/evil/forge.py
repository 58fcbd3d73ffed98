"""The forge: bundles of any content, with every hash right, so that they reach what they attack."""

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from device.manifest import encode_manifest
from tests import bundles

BLOCK = 256
SHAPE = (1, 1, BLOCK)
MEMBER = "forward.fp32.onnx"


@dataclass(frozen=True)
class Attack:
    """One attack. `make` writes its file into an empty folder and returns the path.

    `word` is part of the sentence that refuses it; '' means that it is let in, because it can do
    no harm, and `what` says why.
    """

    name: str
    what: str
    word: str
    make: Callable[[Path], Path]
    slow: bool = False
    """It is only found out when its time is up, a second or more later."""


def manifest(**changes: Any) -> dict[str, Any]:
    """The manifest of an effect without parameters, as JSON has it, with changes at the top."""
    raw = json.loads(encode_manifest(bundles.tiny_effect().manifest))
    ports = {"name": "audio", "role": "audio", "shape": list(SHAPE), "distribution": None}
    raw["methods"]["forward"] = {
        "graphs": {"fp32": {"member": MEMBER, "states": [], "start": None}},
        "inputs": [ports],
        "outputs": [ports | {"name": "wet"}],
    }
    return raw | {"name": "forged", "parameters": [], "delay_frames": 0} | changes


def forward(raw: dict[str, Any]) -> dict[str, Any]:
    """The only method of such a manifest."""
    return raw["methods"]["forward"]


def state(name: str, shape: Sequence[int], **more: Any) -> dict[str, Any]:
    """A cache of a manifest."""
    ends = {"input": f"cached_{name}", "output": f"new_cached_{name}", "shape": list(shape)}
    return ends | {"dtype": "float32", "written": None} | more


def seal(raw: dict[str, Any], members: Mapping[str, bytes]) -> bytes:
    """The manifest as bytes, with the right sha256 of every member."""
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    return json.dumps(raw | {"members": digests}).encode()


def stored(entries: Sequence[tuple[str, bytes]]) -> bytes:
    """A plain zip of these, in this order, whatever their names are."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data)
    return buffer.getvalue()


def file(folder: Path, data: bytes) -> Path:
    """These bytes as a bundle's file."""
    path = folder / "evil.ondine"
    path.write_bytes(data)
    return path


def bundle(folder: Path, members: Mapping[str, bytes], raw: dict[str, Any] | None = None) -> Path:
    """A bundle of these members, well formed on the outside."""
    head = seal(manifest() if raw is None else raw, members)
    return file(folder, stored([("manifest.json", head), *members.items()]))


def graph_bundle(folder: Path, model: bytes | onnx.ModelProto) -> Path:
    """A bundle of one graph from `audio` to `wet`, both SHAPE."""
    data = model if isinstance(model, bytes) else model.SerializeToString()
    return bundle(folder, {MEMBER: data})


def value(name: str, shape: Sequence[int] = SHAPE, type: int = TensorProto.FLOAT) -> Any:
    """An input or output of a graph."""
    return helper.make_tensor_value_info(name, type, shape)


def constant(name: str, data: Any, dtype: Any = np.float32) -> onnx.TensorProto:
    """An initialiser."""
    return numpy_helper.from_array(np.asarray(data, dtype), name)


def node(operator: str, inputs: str, outputs: str, **attributes: Any) -> onnx.NodeProto:
    """A node; names are parted by blanks, and `-` is a missing one."""
    ins, outs = ([n.replace("-", "") for n in names.split()] for names in (inputs, outputs))
    return helper.make_node(operator, ins, outs, **attributes)


def model(
    nodes: Sequence[onnx.NodeProto],
    constants: Sequence[onnx.TensorProto] = (),
    inputs: Sequence[Any] | None = None,
    outputs: Sequence[Any] | None = None,
    *,
    opset: int = 17,
    **more: Any,
) -> onnx.ModelProto:
    """A model, unchecked; from `audio` to `wet` if not said otherwise."""
    graph = helper.make_graph(
        nodes,
        "forged",
        [value("audio")] if inputs is None else inputs,
        [value("wet")] if outputs is None else outputs,
        constants,
    )
    opsets = more.pop("opsets", [helper.make_opsetid("", opset)])
    return helper.make_model(graph, opset_imports=opsets, ir_version=10, **more)


def nodes_of(
    *nodes: onnx.NodeProto, constants: Sequence[Any] = (), **more: Any
) -> Callable[[Path], Path]:
    """What makes a bundle of these nodes, from `audio` to `wet`."""
    return lambda folder: graph_bundle(folder, model(nodes, constants, **more))


def written(made: Callable[[], bytes | onnx.ModelProto]) -> Callable[[Path], Path]:
    """What makes a bundle of a graph that is made when it is wanted."""
    return lambda folder: graph_bundle(folder, made())


def key(number: int, kind: int) -> bytes:
    """The beginning of a protobuf field."""
    return varint(number << 3 | kind)


def varint(number: int) -> bytes:
    """A protobuf number."""
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number: int, data: bytes) -> bytes:
    """A protobuf field of bytes."""
    return key(number, 2) + varint(len(data)) + data


def patched(data: bytes, old: bytes, new: bytes, count: int = -1) -> bytes:
    """`old` replaced by as many bytes.

    Raises:
        ValueError: if there is nothing to replace, so that no attack is none by accident.
    """
    if old not in data or len(old) != len(new):
        raise ValueError(f"cannot replace {old!r} by {new!r} here")
    return data.replace(old, new, count)


def npz(entries: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A numpy archive of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def npy(header: str, data: bytes = b"") -> bytes:
    """A numpy array with any header."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data
