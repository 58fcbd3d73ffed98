"""A graph without its weights, and the weights where they lie.

onnxruntime parses a model while it holds Python's interpreter, and copies every weight as it goes:
for RAVE v2's 20 MB that was 8 ms when all was warm and 76 ms when it was not, in which the loop of
another thread could not move. So the large weights are taken out of the model's bytes, which makes
it a few kilobytes, and handed over beside it as arrays that point into the file as it was read:

    model   graph ─ nodes                model   graph ─ nodes
                  ─ weight: name, 4 MB   ──►           ─ weight: name, "it is elsewhere"
                                         arrays        name ─► 4 MB of the same bytes

Nothing is copied, and onnxruntime keeps no second copy of what it was given.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from device.admission.wire import BYTES, VARINT, Wire, signed, varint, varints

SMALL_BYTES = 1024
"""What is not larger stays: shapes and single numbers are looked at while the graph is built."""

_GRAPH, _INITIALIZER = 7, 5
_DIMS, _TYPE, _NAME, _RAW, _EXTERNAL, _LOCATION = 1, 2, 8, 9, 13, 14
_ELSEWHERE = 1
_PLACE = b"\x0a\x08location\x12\x06memory"  # key: "location", value: "memory"
_TYPES = {1: np.float32, 2: np.uint8, 3: np.int8, 6: np.int32, 7: np.int64, 11: np.float64}
_ENOUGH = 1 << 24
_MOST_DIMS = 16


@dataclass(frozen=True)
class Split:
    """`model` is the graph without its large weights, which `weights` holds by name."""

    model: bytes
    weights: dict[str, np.ndarray]


def split(model: bytes) -> Split:
    """Take the large weights out of an ONNX model; the arrays are views of `model`.

    Raises:
        BundleError: if these bytes are no model.
    """
    weights: dict[str, np.ndarray] = {}
    parts: list[bytes | memoryview] = []
    for number, kind, value, whole in _fields(memoryview(model)):
        if number == _GRAPH and kind == BYTES:
            assert isinstance(value, memoryview)
            graph = b"".join(_slim(value, weights))
            parts += [_key(_GRAPH, BYTES), _varint(len(graph)), graph]
        else:
            parts.append(whole)
    return Split(b"".join(parts), weights)


def _slim(graph: memoryview, weights: dict[str, np.ndarray]) -> Iterator[bytes | memoryview]:
    """The fields of a graph, with large weights put into `weights`."""
    for number, kind, value, whole in _fields(graph):
        if number == _INITIALIZER and kind == BYTES and len(whole) > SMALL_BYTES:
            assert isinstance(value, memoryview)
            slim = _taken_out(value, weights)
            if slim is not None:
                yield _key(_INITIALIZER, BYTES) + _varint(len(slim)) + slim
                continue
        yield whole


def _taken_out(tensor: memoryview, weights: dict[str, np.ndarray]) -> bytes | None:
    """A tensor that says it is elsewhere; None if it is not of a kind that can be."""
    shape: list[int] = []
    raw, name, dtype, kept = None, "", 0, []
    for number, _, value, whole in _fields(tensor):
        if number == _RAW and isinstance(value, memoryview):
            raw = value
            continue
        kept.append(bytes(whole))
        if number == _DIMS:
            packed = [value] if isinstance(value, int) else varints(value, _MOST_DIMS)
            shape += map(signed, packed)
        elif number == _TYPE and isinstance(value, int):
            dtype = value
        elif number == _NAME and isinstance(value, memoryview):
            name = str(value, "utf-8", "replace")
        elif number in (_EXTERNAL, _LOCATION):
            return None
    if raw is None or dtype not in _TYPES or not name:
        return None
    array = np.frombuffer(raw, _TYPES[dtype])
    if min(shape, default=1) < 0 or int(np.prod(shape, dtype=np.int64)) != array.size:
        return None  # onnxruntime has a sentence for that
    weights[name] = array.reshape(shape)
    place = _key(_EXTERNAL, BYTES) + _varint(len(_PLACE)) + _PLACE
    return b"".join(kept) + place + _key(_LOCATION, VARINT) + _varint(_ELSEWHERE)


def _fields(data: memoryview) -> Iterator[tuple[int, int, int | memoryview, memoryview]]:
    """(number, type, value, the whole field with its key) of every field of a message."""
    start = 0
    for number, kind, value in Wire(_ENOUGH).fields(data):
        _, at = varint(data, start)
        if kind in (VARINT, BYTES):
            size, at = varint(data, at)
        else:
            size = len(value) if isinstance(value, memoryview) else 0
        end = at + (size if kind != VARINT else 0)
        yield number, kind, value, data[start:end]
        start = end


def _key(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _varint(value: int) -> bytes:
    made = bytearray()
    while value >= 0x80:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)
