"""Protobuf messages by table: which fields a message may have, and how each is read.

A field of another number, of another type, or given twice where one is meant is refused: what we do
not know, onnxruntime may, and then we would have vetted another file than the one it runs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from device.admission.limits import MAX_GRAPH_TEXT, MAX_LIST
from device.admission.wire import BYTES, EIGHT, FOUR, VARINT, Wire, signed, varints
from device.errors import BundleError


@dataclass(frozen=True)
class Field:
    """A field that may be there: how its value is read, or the sentence that refuses it."""

    name: str
    read: Callable[[Wire, int, Any], Any] | None
    most: int = 1
    refused: str = ""


Read = Mapping[str, list[Any]]


def message(wire: Wire, kind: int, data: Any, what: str, table: Mapping[int, Field]) -> Read:
    """The values of a message's fields by name, each a list in the order of the file."""
    if kind != BYTES:
        raise BundleError(f"{what} is a number")
    found: dict[str, list[Any]] = {field.name: [] for field in table.values()}
    for number, type, value in wire.fields(data):
        field = table.get(number)
        if field is None:
            raise BundleError(f"{what} has a field {number}, which no bundle uses")
        if field.read is None:
            raise BundleError(field.refused)
        values = found[field.name]
        if len(values) == field.most:
            raise BundleError(f"{what} has more than {field.most} × {field.name}")
        values.append(field.read(wire, type, value))
    return found


def one(values: list[Any], default: Any) -> Any:
    return values[0] if values else default


# --- plain values -------------------------------------------------------------------------------


def read_integer(wire: Wire, kind: int, value: Any) -> int:
    if kind != VARINT:
        raise BundleError("a number of it is written as something else")
    return signed(value)


def read_text(wire: Wire, kind: int, value: Any) -> str:
    if kind != BYTES or len(value) > MAX_GRAPH_TEXT:
        raise BundleError(f"a name of it is no text of up to {MAX_GRAPH_TEXT} bytes")
    try:
        text = str(value, "utf-8")
    except UnicodeDecodeError:
        raise BundleError("a name of it is not UTF-8") from None
    if "\0" in text:
        raise BundleError("a name of it holds a zero byte")
    return text


def read_integers(wire: Wire, kind: int, value: Any) -> list[int]:
    """A repeated number: packed, or one of several fields."""
    if kind != BYTES:
        return [read_integer(wire, kind, value)]
    return [signed(n) for n in varints(value, MAX_LIST)]


def read_data(wire: Wire, kind: int, value: Any) -> tuple[int, Any]:
    return kind, value


def read_size(wire: Wire, kind: int, value: Any) -> int:
    if kind not in (EIGHT, BYTES, FOUR):
        raise BundleError("a number of it is written as something else")
    return len(value)


def never(name: str, sentence: str) -> Field:
    return Field(name, None, refused=sentence)


_NOTE = {1: Field("key", read_text), 2: Field("value", read_size)}


def read_note(wire: Wire, kind: int, value: Any) -> None:
    """A key and a value for people."""
    message(wire, kind, value, "a note in it", _NOTE)
