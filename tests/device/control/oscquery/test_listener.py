"""What a listener is told, and when: time is passed in."""

import json

import pytest

from device.control.oscquery.listener import HUSH_S, TOLD_PER_S, Listener
from device.errors import ControlError

READABLE = {"/a", "/b"}


def listens(*addresses):
    listener = Listener()
    for address in addresses:
        listener.command(json.dumps({"COMMAND": "LISTEN", "DATA": address}), READABLE)
    return listener


def test_the_value_is_told_at_once_and_then_when_it_changes():
    listener = listens("/a")
    assert listener.due([("/a", 0.5), ("/b", 1.0)], 0.0) == [("/a", 0.5)]
    assert listener.due([("/a", 0.5)], 1.0) == []
    assert listener.due([("/a", 0.6)], 2.0) == [("/a", 0.6)]


def test_a_value_that_never_rests_is_told_sixty_times_a_second_and_its_last_for_sure():
    listener = listens("/a")
    told = [
        value
        for i in range(5000)
        for _, value in listener.due([("/a", min(i, 4990) / 5000)], i / 5000)
    ]
    assert TOLD_PER_S * 0.95 <= len(told) <= TOLD_PER_S + 1
    assert listener.due([("/a", 4990 / 5000)], 1.1) == [("/a", 4990 / 5000)]


def test_who_moves_a_value_is_told_what_became_of_it_when_it_rests():
    listener = listens("/a", "/b")
    listener.due([("/a", 0.0), ("/b", 0.0)], 0.0)
    listener.moved("/a", 1.0)
    assert listener.due([("/a", 0.9), ("/b", 0.9)], 1.0 + 0.9 * HUSH_S) == [("/b", 0.9)]
    listener.moved("/a", 1.09)
    assert listener.due([("/a", 1.0)], 1.1) == []
    assert listener.due([("/a", 1.0)], 1.09 + HUSH_S) == [("/a", 1.0)]


def test_ignoring_ends_it_and_listening_twice_is_listening_once():
    listener = listens("/a", "/a")
    assert len(listener.due([("/a", 0.5)], 0.0)) == 1
    listener.command('{"COMMAND": "IGNORE", "DATA": "/a"}', READABLE)
    listener.command('{"COMMAND": "IGNORE", "DATA": "/a"}', READABLE)
    assert listener.due([("/a", 0.7)], 1.0) == []


def test_with_another_tree_what_is_gone_is_not_listened_to():
    listener = listens("/a", "/b")
    listener.only({"/b", "/c"})
    assert list(listener.addresses) == ["/b"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "1e999",
        '"LISTEN"',
        '{"COMMAND": "LISTEN"}',
        '{"COMMAND": "LISTEN", "DATA": 3}',
        '{"COMMAND": "LISTEN", "DATA": "/none"}',
        '{"COMMAND": "LISTEN", "DATA": ["/a"]}',
        '{"COMMAND": "EXPLODE", "DATA": "/a"}',
        '{"COMMAND": ["LISTEN"], "DATA": "/a"}',
        "[" * 8000,
    ],
)
def test_what_is_no_command_is_refused(text):
    listener = Listener()
    with pytest.raises(ControlError):
        listener.command(text, READABLE)
    assert not listener.addresses
