"""Queries by the letter of the OSCQuery proposal: its own examples, and each kind of error."""

import pytest

from device.control.oscquery.method import Method
from device.control.oscquery.query import answer, host_info
from device.control.oscquery.tree import tree

ROOT = tree(
    [
        Method("/foo", "f", 1, "a number to read", 0.0, 100.0, read=lambda: 0.5),
        Method("/bar", "f", 2, "a number to set", 0.0, 50.0),
        Method("/baz/qux", "s", 3, choices=("empty", "full"), read=lambda: "full"),
        Method("/never", "f", 3),
    ]
)
INFO = host_info("Box", 9000, 8080)


@pytest.mark.parametrize(
    ("path", "query", "status", "body"),
    [
        ("/foo", "VALUE", 200, {"VALUE": [0.5]}),
        ("/foo", "VALUE=", 200, {"VALUE": [0.5]}),
        ("/baz/qux", "RANGE", 200, {"RANGE": [{"VALS": ["empty", "full"]}]}),
        ("/foo", "VALUE&RANGE", 200, {"VALUE": [0.5], "RANGE": [{"MIN": 0.0, "MAX": 100.0}]}),
        ("/foo", "ACCESS", 200, {"ACCESS": 1}),
        ("/baz", "TYPE", 200, {}),
        ("/never", "VALUE", 200, {}),
        ("/bazzzzz", "TYPE", 404, None),
        ("/foo/", "", 404, None),
        ("foo", "", 404, None),
        ("", "", 404, None),
        ("/foo/bar", "", 404, None),
        ("/bar", "VALUE", 204, None),
        ("/baz", "VALUE", 204, None),
        ("/foo", "TAGS", 204, None),
        ("/foo", "HTML", 204, None),
        ("/foo", "COLOUR", 400, None),
        ("/foo", "value", 400, None),
        ("/foo", "VALUE=1", 400, None),
        ("/foo", "VALUE&COLOUR", 400, None),
        ("/foo", "&", 400, None),
        ("/foo", "&".join(["TYPE"] * 17), 400, None),
        ("/foo", "HOST_INFO", 200, INFO),
        ("/no/such/path", "HOST_INFO", 200, INFO),
    ],
)
def test_each_query_has_its_answer(path, query, status, body):
    assert answer(ROOT, INFO, path, query) == (status, body)


def test_without_a_query_a_node_is_described_with_all_that_is_in_it():
    status, body = answer(ROOT, INFO, "/baz", "")
    assert status == 200
    assert body["CONTENTS"]["qux"]["FULL_PATH"] == "/baz/qux"
    status, body = answer(ROOT, INFO, "/", "")
    assert {*body["CONTENTS"]} == {"foo", "bar", "baz", "never"}


def test_where_osc_is_taken_is_said_only_if_it_is():
    assert (INFO["NAME"], INFO["OSC_PORT"], INFO["OSC_TRANSPORT"]) == ("Box", 9000, "UDP")
    assert INFO["EXTENSIONS"]["LISTEN"]
    assert "OSC_PORT" not in host_info("Box", None, 8080)
