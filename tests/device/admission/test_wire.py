"""Protobuf's wire format: worked by hand, and by noise."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.admission.onnx_file import read_model
from device.admission.wire import BYTES, EIGHT, FOUR, VARINT, Wire, signed, varint, varints
from device.errors import BundleError
from tests import bundles


def test_a_message_by_hand():
    data = b"\x08\x96\x01" + b"\x12\x02hi" + b"\x1d\x01\x02\x03\x04" + b"\x21" + bytes(8)
    found = list(Wire().fields(memoryview(data)))
    assert found == [
        (1, VARINT, 150),  # the example of protobuf's own manual
        (2, BYTES, b"hi"),
        (3, FOUR, b"\1\2\3\4"),
        (4, EIGHT, bytes(8)),
    ]


def test_numbers_by_hand():
    assert varint(memoryview(b"\xff\x01"), 0) == (255, 2)
    assert varints(memoryview(b"\x01\x80\x01\x02"), 9) == [1, 128, 2]
    most = b"\xff" * 9 + b"\x01"
    assert varint(memoryview(most), 0) == (2**64 - 1, 10)
    assert signed(2**64 - 1) == -1
    assert signed(5) == 5


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"\x08", "middle of a field"),
        (b"\x08\x80", "middle of a field"),
        (b"\x12\x05hi", "middle of a field"),
        (b"\x1d\x01", "middle of a field"),
        (b"\x08" + b"\xff" * 10, "64 bits"),
        (b"\x08" + b"\xff" * 9 + b"\x02", "64 bits"),
        (b"\x0b", "unknown type 3"),
        (b"\x0e", "unknown type 6"),
        (b"\x00\x01", "number 0"),
        (b"\x08\x01" * 3, "more than 2 fields"),
    ],
)
def test_what_is_no_message_is_refused(data, word):
    with pytest.raises(BundleError, match=word):
        list(Wire(2).fields(memoryview(data)))


def test_a_list_is_no_longer_than_allowed():
    with pytest.raises(BundleError, match="more than 3 numbers"):
        varints(memoryview(b"\1\1\1\1"), 3)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_noise_raises_nothing_else(data):
    with contextlib.suppress(BundleError):
        read_model(data)


@settings(deadline=None)
@given(st.data())
def test_a_damaged_graph_raises_nothing_else(data):
    whole = bytearray(bundles.tiny_effect().members["forward.fp32.onnx"])
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BundleError):
        read_model(bytes(whole))
