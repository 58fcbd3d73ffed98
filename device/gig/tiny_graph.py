"""A tiny ONNX model, written byte by byte: the box has onnxruntime, but no library to make models.

    x [16, 16] ──► MatMul with w ─────────────────► float  [16, 16]
             └───► DynamicQuantizeMatMul with w ──► int8   [16, 16]

Those two products are most of what an instrument computes. The numbers below are the field numbers
of onnx.proto: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

import struct

SIZE = 16
_FLOAT, _INT8 = 1, 3


def float_and_int8() -> tuple[bytes, bytes]:
    """The model, and its weight as SIZE·SIZE int8 codes of 1/64 each, row by row."""
    count = SIZE * SIZE
    weight = [(7 * i * i + 3 * i) % 128 - 64 for i in range(count)]
    codes = struct.pack(f"<{count}b", *weight)
    values = struct.pack(f"<{count}f", *(code / 64.0 for code in weight))
    both = [SIZE, SIZE]
    graph = b"".join(
        [
            _node("MatMul", ["x", "w"], "float"),
            _node("DynamicQuantizeMatMul", ["x", "codes", "scale"], "int8", "com.microsoft"),
            _text(2, "tiny"),
            _part(5, _tensor("w", _FLOAT, both, values)),
            _part(5, _tensor("codes", _INT8, both, codes)),
            _part(5, _tensor("scale", _FLOAT, [], struct.pack("<f", 1.0 / 64.0))),
            _part(11, _value("x", both)),
            _part(12, _value("float", both)),
            _part(12, _value("int8", both)),
        ]
    )
    opsets = _part(8, _number(2, 17)) + _part(8, _text(1, "com.microsoft") + _number(2, 1))
    return _number(1, 8) + _part(7, graph) + opsets, codes


def _node(op: str, inputs: list[str], output: str, domain: str = "") -> bytes:
    body = b"".join(_text(1, name) for name in inputs) + _text(2, output) + _text(4, op)
    return _part(1, body + (_text(7, domain) if domain else b""))


def _tensor(name: str, kind: int, shape: list[int], data: bytes) -> bytes:
    sizes = b"".join(_number(1, size) for size in shape)
    return sizes + _number(2, kind) + _text(8, name) + _part(9, data)


def _value(name: str, shape: list[int]) -> bytes:
    sizes = b"".join(_part(1, _number(1, size)) for size in shape)
    return _text(1, name) + _part(2, _part(1, _number(1, _FLOAT) + _part(2, sizes)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, text: str) -> bytes:
    return _part(field, text.encode())


def _part(field: int, body: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    """Protocol buffers' number: seven bits a byte, the lowest first."""
    data = b""
    while value > 0x7F:
        data += bytes([value & 0x7F | 0x80])
        value >>= 7
    return data + bytes([value])
