"""The OSCQuery tree: every address once, as the proposal describes it, and its changes."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.control.osc import routes
from device.control.oscquery.method import STATUS_EVERY_S, Method, methods_of
from device.control.oscquery.query import answer
from device.control.oscquery.tree import (
    changed,
    describe,
    find,
    methods_in,
    tree,
)
from device.errors import ControlError
from device.params import FIXED, ParamSpec

LOW = ParamSpec("cutoff", "Cutoff", 20.0, 20_000.0, 200.0, "Hz", "exponential", 3)
SPECS = {"output_gain_db": FIXED["output_gain_db"], "cutoff": LOW}
VALUES = {"output_gain_db": -24.0, "cutoff": 632.4555320336759}


def ondine(status=lambda: [("/ondine/status/blocks", [7])], clock=lambda: 0.0):
    table = routes(
        SPECS,
        reset=lambda: None,
        status=status,
        value=VALUES.__getitem__,
        load=lambda name: None,
        keep=lambda: None,
    )
    return table, tree(
        methods_of(table, SPECS, value=VALUES.__getitem__, status=status, clock=clock)
    )


def test_a_parameter_is_described_in_its_units_and_as_a_knob():
    _, root = ondine()
    assert describe(find(root, "/ondine/param/cutoff")) == {
        "FULL_PATH": "/ondine/param/cutoff",
        "DESCRIPTION": "Cutoff",
        "TYPE": "f",
        "ACCESS": 3,
        "VALUE": [632.4555],
        "RANGE": [{"MIN": 20.0, "MAX": 20_000.0}],
        "UNIT": ["time.hz"],
        "CLIPMODE": ["both"],
        "CRITICAL": False,
    }
    # 632.46 Hz is the middle of 20 Hz to 20 kHz: 20 · 1000^(1/2).
    knob = describe(find(root, "/ondine/raw/cutoff"))
    assert knob["VALUE"] == [pytest.approx(0.5, abs=1e-6)]
    assert knob["RANGE"] == [{"MIN": 0.0, "MAX": 1.0}]
    gain = describe(find(root, "/ondine/param/output_gain_db"))
    assert (gain["UNIT"], gain["VALUE"]) == (["gain.db"], [-24.0])


def test_presses_names_and_answers_are_described():
    _, root = ondine()
    panic = describe(find(root, "/ondine/panic"))
    assert (panic["TYPE"], panic["ACCESS"], panic["CRITICAL"]) == ("T", 2, True)
    assert "VALUE" not in panic
    load = describe(find(root, "/ondine/load"))
    assert (load["TYPE"], load["ACCESS"]) == ("s", 2)
    status = describe(find(root, "/ondine/status"))
    assert status["CONTENTS"]["blocks"]["VALUE"] == [7]
    assert status["CONTENTS"]["blocks"]["ACCESS"] == 1


def test_every_route_has_a_node_and_its_container_holds_it():
    table, root = ondine()
    for address in table:
        node = find(root, address)
        assert node.method.address == node.path == address
        parent, name = address.rsplit("/", 1)
        assert find(root, parent).children[name] is node
    assert {*methods_in(root)} == {*table, "/ondine/status/blocks"}
    assert describe(root)["ACCESS"] == 0
    assert root.size == 1 + 1 + 2 + len(table) + 1  # "/", "ondine", "param" and "raw", blocks


def test_the_status_is_looked_at_a_few_times_a_second_however_often_it_is_read():
    looks, now = [], [0.0]

    def status():
        looks.append(now[0])
        return [("/ondine/status/blocks", [len(looks)])]

    _, root = ondine(status, lambda: now[0])
    for i in range(100):
        now[0] = i / 100
        describe(root)
    assert looks == [0.0, STATUS_EVERY_S, 2 * STATUS_EVERY_S, 3 * STATUS_EVERY_S]


def test_a_status_that_tells_less_for_a_while_keeps_what_it_told():
    answers = [[("/ondine/status/blocks", [7])], [("/ondine/status/playing", [0])]]
    now = [0.0]
    _, root = ondine(lambda: answers[min(int(now[0]), 1)], lambda: now[0])
    now[0] = 1.0
    assert describe(find(root, "/ondine/status/blocks"))["VALUE"] == [7]


def test_a_value_that_is_no_number_is_left_out():
    root = tree([Method("/a", "f", 1, read=lambda: float("nan"))])
    assert "VALUE" not in describe(root)["CONTENTS"]["a"]
    assert answer(root, {}, "/a", "VALUE") == (200, {})


def test_a_parameter_that_has_just_gone_is_left_out():
    desk = {}

    def value():
        if "cutoff" not in desk:
            raise ControlError("there is no parameter 'cutoff'")
        return desk["cutoff"]

    root = tree([Method("/a", "f", 1, read=value)])
    assert answer(root, {}, "/a", "VALUE") == (200, {})
    desk["cutoff"] = 1.0
    assert answer(root, {}, "/a", "VALUE") == (200, {"VALUE": [1.0]})


def test_choices_are_listed():
    root = tree([Method("/scene", "s", 3, choices=("dawn", "dusk"), read=lambda: "dusk")])
    node = describe(find(root, "/scene"))
    assert (node["RANGE"], node["VALUE"]) == ([{"VALS": ["dawn", "dusk"]}], ["dusk"])


@pytest.mark.parametrize("address", ["", "a", "/", "//", "/a/", "/a//b"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ValueError, match="no OSC address"):
        tree([Method(address)])


names = st.text("abz09_.-", min_size=1, max_size=5)
addresses = st.lists(names, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
methods = st.builds(
    Method,
    addresses,
    st.sampled_from(["f", "T", "s", ""]),
    st.integers(0, 3),
    st.text(max_size=9),
    st.none() | st.floats(-9, 9, allow_subnormal=False),
    st.floats(10, 20, allow_subnormal=False),
    st.just(()),
    st.sampled_from(["", "gain.db"]),
    st.booleans(),
    st.sampled_from([None, lambda: 0.5, lambda: "x", lambda: 3]),
)


def walk(node):
    yield node
    for child in node.get("CONTENTS", {}).values():
        yield from walk(child)


@settings(max_examples=50)
@given(st.lists(methods, max_size=20))
def test_any_tree_is_whole_and_every_node_is_where_its_path_says(given_methods):
    root = tree(given_methods)
    by_address = {m.address: m for m in given_methods}
    described = json.loads(json.dumps(describe(root), allow_nan=False))
    nodes = list(walk(described))
    paths = [node["FULL_PATH"] for node in nodes]
    assert len(paths) == len(set(paths)) == root.size
    assert {*by_address} <= {*paths}
    assert methods_in(root) == by_address
    for node in nodes:
        assert answer(root, {}, node["FULL_PATH"], "") == (200, node)
        for name, child in node.get("CONTENTS", {}).items():
            assert child["FULL_PATH"] == node["FULL_PATH"].rstrip("/") + "/" + name
        method = by_address.get(node["FULL_PATH"])
        assert node["ACCESS"] == (method.access if method else 0)
        if "VALUE" in node:
            assert node["ACCESS"] & 1
            assert len(node["VALUE"]) == 1


@settings(max_examples=50)
@given(st.lists(methods, max_size=12), st.lists(methods, max_size=12))
def test_what_changed_lies_under_the_path_that_is_told(before, after):
    old, new = tree(before), tree(after)
    path = changed(old, new)
    same = methods_in(old) == methods_in(new)
    assert (path is None) == same
    if path is not None:
        was, now = methods_in(old), methods_in(new)
        stem = path.rstrip("/")
        for address in {*was, *now}:
            if was.get(address) != now.get(address):
                assert address == path or address.startswith(stem + "/")


def test_a_change_is_told_as_low_as_it_can_be():
    first = [Method("/a/b/c"), Method("/a/b/d"), Method("/a/e")]
    assert changed(tree(first), tree(first)) is None
    assert changed(tree(first), tree([*first, Method("/a/b/x")])) == "/a/b"
    assert changed(tree(first), tree([*first, Method("/a/b/c", "f")])) == "/a/b/c"
    assert (
        changed(tree(first), tree([Method("/a/b/c", "f"), Method("/a/b/d"), Method("/a/e", "f")]))
        == "/a"
    )
