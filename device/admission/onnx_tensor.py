"""A tensor in an ONNX file: its type, its shape, and data that fill it to the last byte."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from device.admission.limits import ITEM_BYTES, MAX_LIST, MAX_RANK, MAX_TENSOR_ELEMENTS
from device.admission.message import (
    Field,
    message,
    never,
    one,
    read_data,
    read_integer,
    read_integers,
    read_note,
    read_size,
    read_text,
)
from device.admission.wire import BYTES, EIGHT, FOUR, VARINT, Wire
from device.errors import BundleError

_OUTSIDE = "it wants data from another file; all of a bundle is in the bundle"


@dataclass(frozen=True)
class Tensor:
    """A constant: its name, ONNX's number of its type, and its shape. Its data fills it exactly."""

    name: str
    type: int
    shape: tuple[int, ...]


_MANY = 1 << 62
"""No limit of its own: MAX_FIELDS is one."""

_TENSOR = {
    1: Field("dims", read_integers, MAX_RANK),
    2: Field("data_type", read_integer),
    3: never("segment", "it has a tensor in pieces"),
    4: Field("float_data", read_data, _MANY),
    5: Field("int32_data", read_data, _MANY),
    6: never("string_data", "it has a tensor of text"),
    7: Field("int64_data", read_data, _MANY),
    8: Field("name", read_text),
    9: Field("raw_data", read_data),
    10: Field("double_data", read_data, _MANY),
    11: Field("uint64_data", read_data, _MANY),
    12: Field("doc_string", read_size),
    13: never("external_data", _OUTSIDE),
    14: Field("data_location", read_integer),
    16: Field("metadata_props", read_note, MAX_LIST),
}
_FIELD_OF = {1: "float_data", 7: "int64_data", 11: "double_data", 12: "uint64_data"} | {
    13: "uint64_data", 2: "int32_data", 3: "int32_data", 4: "int32_data", 5: "int32_data",
    6: "int32_data", 9: "int32_data", 10: "int32_data",
}  # fmt: skip
_FIXED = {"float_data": (FOUR, 4), "double_data": (EIGHT, 8)}


def read_tensor(wire: Wire, kind: int, value: Any) -> Tensor:
    read = message(wire, kind, value, "a tensor of it", _TENSOR)
    name = one(read["name"], "")
    if one(read["data_location"], 0) != 0:
        raise BundleError(_OUTSIDE)
    type = known_type(one(read["data_type"], 0), name)
    shape = checked_shape([n for part in read["dims"] for n in part], name, least=0)
    raw = read["raw_data"]
    if raw:
        if raw[0][0] != BYTES:
            raise BundleError(f"the data of {name!r} are a number")
        held, rest = len(raw[0][1]), len(raw[0][1]) % ITEM_BYTES[type]
        count = held // ITEM_BYTES[type]
    else:
        count, rest = sum(_count(_FIELD_OF[type], *part) for part in read[_FIELD_OF[type]]), 0
    wanted = math.prod(shape)
    if count != wanted or rest:
        raise BundleError(f"the tensor {name!r} has data for {count} numbers, not for {wanted}")
    others = {"raw_data", _FIELD_OF[type]} if not raw else {"raw_data"}
    if any(read[n] for n in {*_FIELD_OF.values(), "raw_data"} - others):
        raise BundleError(f"the tensor {name!r} has its data twice")
    return Tensor(name, type, shape)


def _count(name: str, kind: int, value: Any) -> int:
    """How many numbers a field of typed data holds."""
    one, size = _FIXED.get(name, (VARINT, 0))
    if kind == one:
        return 1
    if kind != BYTES or (size and len(value) % size):
        raise BundleError("the data of a tensor of it are damaged")
    if size:
        return len(value) // size
    # The last byte of a varint is the one below 0x80.
    return len(value) and int(np.count_nonzero(np.frombuffer(value, np.uint8) < 0x80))


def known_type(type: int, name: str) -> int:
    if type not in ITEM_BYTES:
        raise BundleError(f"{name!r} is of ONNX type {type}, which is no number that is allowed")
    return type


def checked_shape(dims: list[int], name: str, least: int) -> tuple[int, ...]:
    if len(dims) > MAX_RANK or any(not least <= n <= MAX_TENSOR_ELEMENTS for n in dims):
        raise BundleError(
            f"{name!r} has the shape {dims[:MAX_RANK]}; up to {MAX_RANK} sizes are allowed, each "
            f"{least} to {MAX_TENSOR_ELEMENTS}"
        )
    if math.prod(dims) > MAX_TENSOR_ELEMENTS:
        raise BundleError(f"{name!r} has more than {MAX_TENSOR_ELEMENTS} numbers ({dims})")
    return tuple(dims)
