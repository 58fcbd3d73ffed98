"""Commands: two are understood, everything else is counted and ignored."""

import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.audio.commands import CommandSocket, obey
from device.audio.orders import Orders
from device.errors import AudioError

GARBAGE = [
    b"",
    b"stop",
    b"{}",
    b"[]",
    b"null",
    b'{"command": 1}',
    b'{"command": ["stop"]}',
    b'{"command": "format the disk"}',
    b"\xff\xfe\x00",
    b"[" * 4000,
    b'{"command": "stop"' + b" " * 5000 + b"}",
]


def test_stop_and_reset() -> None:
    orders = Orders()
    assert obey(b'{"command": "reset"}', orders)
    assert (orders.stop, orders.reset) == (False, True)
    assert obey(b'{"command": "stop", "why": "tea"}', orders)
    assert orders.stop


@given(st.binary(max_size=200))
def test_no_bytes_are_dangerous(message: bytes) -> None:
    orders = Orders()
    assert not obey(message, orders)
    assert not orders.stop


def test_garbage_changes_nothing(tmp_path: Path) -> None:
    orders = Orders()
    commands = CommandSocket(tmp_path / "socket", orders)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        for message in GARBAGE:
            sender.sendto(message, str(tmp_path / "socket"))
    commands.close()
    assert not orders.stop
    assert not (tmp_path / "socket").exists()


def test_a_socket_left_behind_is_replaced_but_a_file_is_not(tmp_path: Path) -> None:
    left = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    left.bind(str(tmp_path / "socket"))
    left.close()
    CommandSocket(tmp_path / "socket", Orders()).close()
    (tmp_path / "file").write_text("precious")
    with pytest.raises(AudioError, match="cannot listen"):
        CommandSocket(tmp_path / "file", Orders())
    assert (tmp_path / "file").read_text() == "precious"
