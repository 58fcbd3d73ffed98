"""Who is let in: our own names and addresses, and no pages of other sites."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.control.oscquery.door import Door, names_of

DOOR = Door(names_of("Ondine.lan"), frozenset({"https://friends.example"}))


@pytest.mark.parametrize(
    ("hosts", "origins"),
    [
        (["192.168.1.20:9000"], []),
        (["127.0.0.1"], []),
        (["[fe80::1]:9000"], []),
        (["localhost:9000"], []),
        (["ondine.local:9000"], []),
        (["ONDINE.lan"], []),
        (["ondine.local."], []),
        (["192.168.1.20:9000"], ["http://192.168.1.20:9000"]),
        (["192.168.1.20:9000"], ["https://friends.example"]),
    ],
)
def test_these_come_in(hosts, origins):
    assert DOOR.refuses(hosts, origins) == ""


@pytest.mark.parametrize(
    ("hosts", "origins", "said"),
    [
        ([], [], "one host"),
        (["127.0.0.1", "evil.example"], [], "one host"),
        (["evil.example:9000"], [], "own name"),
        (["evil.example"], ["http://evil.example"], "own name"),
        (["127.0.0.1.evil.example"], [], "own name"),
        (["127.0.0.1@evil.example"], [], "own name"),
        (["127.0.0.1:9000/"], [], "own name"),
        (["[::1"], [], "own name"),
        ([""], [], "own name"),
        (["1" * 300], [], "one host"),
        (["127.0.0.1:9000"], ["http://evil.example"], "other sites"),
        (["127.0.0.1:9000"], ["http://127.0.0.1:9001"], "other sites"),
        (["127.0.0.1:9000"], ["null"], "other sites"),
        (["127.0.0.1:9000"], ["file://"], "other sites"),
        (["127.0.0.1:9000"], ["ftp://127.0.0.1:9000"], "other sites"),
        (["127.0.0.1:9000"], ["http://127.0.0.1:9000", "http://evil.example"], "one origin"),
    ],
)
def test_these_do_not(hosts, origins, said):
    assert said in DOOR.refuses(hosts, origins)


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_name_that_is_not_ours_never_comes_in(host, origin):
    said = Door(frozenset()).refuses([host + "x.example"], [origin])
    assert said


def test_a_computer_without_a_name_has_that_of_every_computer():
    assert names_of("") == {"localhost"}
    assert names_of("Ondine") == {"localhost", "ondine", "ondine.local"}
