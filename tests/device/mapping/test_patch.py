"""A patch as JSON: read back the same, refused whole with every mistake named."""

import copy
import itertools
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.errors import ControlError
from device.mapping.conditioning import Conditioning
from device.mapping.curve import Curve
from device.mapping.macros import Macro, Move
from device.mapping.patch import (
    MAX_BYTES,
    Patch,
    as_json,
    decode_mapping,
    encode_mapping,
    fitting,
    from_json,
    problems_of,
)
from device.mapping.routes import MAX_ROUTES, Route
from device.params import FIXED
from tests.device.mapping.curves import CURVES, RAW

IDS = ["dry_wet", "noise_amount", "output_gain_db"]
SPECS = {id: FIXED[id] for id in IDS}
NAMES = st.from_regex(r"[a-z0-9_.-]{1,8}(/[a-z0-9]{1,4}){0,2}", fullmatch=True).filter(
    lambda name: not name.startswith("macro/")
)
CONTROLS = st.builds(
    Conditioning,
    low=st.floats(0.0, 0.4, allow_subnormal=False),
    high=st.floats(0.5, 1.0, allow_subnormal=False),
    direction=st.sampled_from(["up", "down"]),
    curve=CURVES,
    deadband=st.floats(0.0, 0.25, allow_subnormal=False),
    smoothing_ms=st.floats(0.0, 10_000.0, allow_subnormal=False),
    takeover=st.sampled_from(["pickup", "jump"]),
)


@st.composite
def patches(draw):
    names = draw(st.lists(NAMES, max_size=3, unique=True))
    macros = []
    for number in range(draw(st.integers(0, 3))):
        # Each may move those before it: no circle.
        targets = [*IDS, *(macro.id for macro in macros)]
        moved = draw(st.lists(st.sampled_from(targets), max_size=3, unique=True))
        moves = tuple(Move(t, draw(RAW), draw(RAW), draw(CURVES)) for t in moved)
        macros.append(Macro(str(number), moves, draw(st.text(st.characters(codec="utf-8")))))
    targets = st.sampled_from([*IDS, *(macro.id for macro in macros)])
    pairs = draw(st.lists(st.tuples(st.sampled_from([*names, "x/1"]), targets), unique=True))
    routes = []
    for source, target in pairs:
        mode = draw(st.sampled_from(["set", "add"]))
        centre = draw(RAW) if mode == "add" else 0.0
        depth = draw(st.floats(-1.0, 1.0, allow_subnormal=False))
        routes.append(Route(source, target, depth, draw(CURVES), mode, centre))
    return Patch({name: draw(CONTROLS) for name in names}, tuple(routes), tuple(macros))


@settings(max_examples=40)
@given(patches())
def test_what_is_written_is_read_back_the_same(patch):
    assert problems_of(patch, SPECS) == []
    assert decode_mapping(encode_mapping(patch), SPECS) == patch
    assert from_json(json.loads(json.dumps(as_json(patch))), IDS) == patch


def test_what_is_at_its_default_is_not_written():
    patch = Patch({"knob/1": Conditioning(low=0.125)}, (Route("knob/1", "dry_wet"),))
    assert as_json(patch) == {
        "format": 1,
        "controls": {"knob/1": {"low": 0.125}},
        "routes": [{"source": "knob/1", "target": "dry_wet"}],
    }
    assert decode_mapping(b"{}", SPECS) == Patch()


ROUTE = {"source": "knob/1", "target": "dry_wet"}
MACRO = {"name": "1", "moves": [{"target": "dry_wet"}]}


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ({"rotes": []}, "mapping.rotes is unknown (did you mean routes?)"),
        ({"controls": {"knob/1": {"smothing_ms": 1}}}, "did you mean smoothing_ms?"),
        ({"controls": {"knob/1": {"takeover": "steal"}}}, "not one of pickup, jump"),
        ({"controls": {"knob/1": {"deadband": "wide"}}}, "deadband is str, not float"),
        ({"controls": {"knob/1": {"low": 0.9, "high": 0.1}}}, "knob/1 has its range from 0.9 to"),
        ({"controls": {"Knob 1": {}}}, "the control 'Knob 1' has no signal's name such as knob/1"),
        ({"controls": []}, "mapping.controls is list, not dict"),
        ({"routes": [ROUTE | {"target": "dri_wet"}]}, "macro 'dri_wet'; did you mean dry_wet?"),
        ({"routes": [ROUTE | {"target": "macro/1"}]}, "there is no parameter or macro 'macro/1'"),
        ({"routes": [ROUTE | {"source": "macro/1"}]}, "is a macro, no signal; give the macro a"),
        ({"routes": [ROUTE | {"source": "knob//1"}]}, "'knob//1' is no signal's name"),
        ({"routes": [ROUTE | {"depth": 1.5}]}, "route 1: depth is 1.5, outside -1..1"),
        ({"routes": [ROUTE | {"centre": 0.5}]}, "only a route of mode add has a centre"),
        ({"routes": [ROUTE | {"mode": "add", "centre": 2}]}, "centre is 2, outside 0..1"),
        ({"routes": [ROUTE | {"mode": "mul"}]}, "not one of set, add"),
        ({"routes": [ROUTE, ROUTE]}, "'knob/1' moves 'dry_wet' already, by route 1"),
        ({"routes": [ROUTE | {"curve": {"kind": "s", "bend": 99}}]}, "bend is 99, outside"),
        ({"routes": [{"source": "knob/1"}]}, "routes[0].target is missing"),
        ({"routes": [7]}, "routes[0] is int, not an object"),
        ({"routes": [ROUTE] * 1025}, f"there are 1025 routes; {MAX_ROUTES} are allowed"),
        ({"macros": [MACRO, MACRO]}, "macro 2: macro/1 is there twice"),
        ({"macros": [MACRO | {"name": "A b"}]}, "its name 'A b' is not 1 to 32 of a-z"),
        ({"macros": [{"name": "1", "moves": [{"target": "dry_wet", "end": 2}]}]}, "end is 2, out"),
        ({"macros": [MACRO | {"moves": MACRO["moves"] * 2}]}, "macro/1 moves 'dry_wet' twice"),
        (
            {"macros": [MACRO | {"moves": MACRO["moves"] * 65}]},
            "there are 65 moves of macro 1; 64 are allowed",
        ),
        ({"macros": [{"name": "1", "moves": [{"target": "macro/1"}]}]}, "macro/1 → macro/1"),
        ({"format": 2}, "has format 2; this Ondine reads format 1"),
        ([], "not a JSON object with controls, routes and macros"),
    ],
)
def test_each_mistake_is_named(raw, sentence):
    with pytest.raises(ControlError) as error:
        decode_mapping(json.dumps(raw).encode(), SPECS)
    assert sentence in str(error.value)
    assert len(str(error.value)) < 400


def test_a_circle_of_macros_is_told_in_its_order():
    macros = tuple(
        Macro(name, (Move(f"macro/{moved}"),)) for name, moved in ("ab", "bc", "ca", "da")
    )
    [problem] = problems_of(Patch(macros=macros), SPECS)
    way = re.findall(r"macro/(\w)", problem)
    assert len(way) == 4
    assert all(pair in ("ab", "bc", "ca") for pair in map("".join, itertools.pairwise(way)))


def test_all_mistakes_are_told_at_once_and_not_without_end():
    raw = {
        "controls": {"k": {"low": 2}},
        "routes": [ROUTE | {"depth": 9, "target": "nothing"}],
        "macros": [{"name": "1", "moves": [{"target": "dry_wet", "start": -1}]}],
    }
    with pytest.raises(ControlError) as error:
        decode_mapping(json.dumps(raw).encode(), SPECS)
    assert str(error.value).count(";") >= 4
    for part in ("k has its range", "depth is 9", "'nothing'", "start is -1"):
        assert part in str(error.value)
    many = {"routes": [ROUTE | {"target": f"dry_we{i}"} for i in range(1000)]}
    with pytest.raises(ControlError, match=r"and 988 more$"):
        decode_mapping(json.dumps(many).encode(), SPECS)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "not readable JSON"),
        (b"\xff\xfe\x00", "not readable JSON"),
        (b"[" * 100_000, "not readable JSON"),
        (b'{"macros": [{"name": "1", "moves": [], "label": "\\ud800"}]}', "not readable JSON"),
        (b'{"routes": [{"source": "a", "target": "dry_wet", "depth": NaN}]}', "is not finite"),
        (b'{"routes": [{"source": "a", "target": "dry_wet", "depth": 1e999}]}', "is not finite"),
        (b'{"' + b"x" * 100_000 + b'": 0}', "mapping.xxx.*xxx[.]{3}$"),
        (b" " * MAX_BYTES + b"{}", "larger than 1 MiB"),
    ],
)
def test_what_is_no_mapping_is_refused(data, sentence):
    with pytest.raises(ControlError, match=sentence) as error:
        decode_mapping(data, SPECS)
    assert len(str(error.value)) < 400


WHOLE = {
    "format": 1,
    "controls": {"knob/1": {"low": 0.1, "curve": {"kind": "table", "points": [[0.5, 0.25]]}}},
    "routes": [ROUTE | {"target": "macro/1", "depth": -0.5, "mode": "add", "centre": 0.5}],
    "macros": [{"name": "1", "label": "One", "moves": [{"target": "dry_wet", "start": 0.25}]}],
}
STRANGE = [None, True, -1, 10**400, 1e308, "", "a" * 200, [], [[]], {}, {"k": []}, [1, 2, 3], ["x"]]


def places(raw, way=()):
    """The way to every value inside JSON."""
    items = raw.items() if isinstance(raw, dict) else enumerate(raw)
    for key, value in items:
        yield (*way, key)
        if isinstance(value, (dict, list)):
            yield from places(value, (*way, key))


@pytest.mark.parametrize("way", list(places(WHOLE)), ids=lambda way: ".".join(map(str, way)))
def test_a_strange_value_in_any_place_is_refused_or_sound(way):
    for strange in STRANGE:
        raw = copy.deepcopy(WHOLE)
        inner = raw
        for key in way[:-1]:
            inner = inner[key]
        inner[way[-1]] = strange
        try:
            patch = from_json(raw, SPECS)
        except ControlError:
            continue
        assert problems_of(patch, SPECS) == []
        assert from_json(as_json(patch), SPECS) == patch


def test_another_bundle_plays_what_fits_it():
    patch = Patch(
        routes=(Route("knob/1", "drive"), Route("knob/1", "macro/1"), Route("knob/2", "dry_wet")),
        macros=(Macro("1", (Move("drive"), Move("dry_wet", 1.0, 0.0, Curve("s")))),),
    )
    fits, rests = fitting(patch, SPECS)
    assert problems_of(fits, SPECS) == []
    assert [r.target for r in fits.routes] == ["macro/1", "dry_wet"]
    assert [m.target for m in fits.macros[0].moves] == ["dry_wet"]
    assert rests == [
        "the route from knob/1 rests: there is no parameter or macro 'drive'",
        "a move of macro/1 rests: there is no parameter or macro 'drive'",
    ]


def test_presses_are_written_and_read_back():
    patch = Patch(presses={"button/1": "scene/recall 'Blue glass'", "midi/note/60": "panic"})
    assert decode_mapping(encode_mapping(patch), ()) == patch
    assert as_json(Patch()) == {"format": 1}


@pytest.mark.parametrize(
    ("presses", "sentence"),
    [
        ({"Button 1": "panic"}, "no signal's name such as button/1"),
        ({"": "panic"}, "no signal's name"),
        ({"button/1": "  "}, "has no act such as scene/next"),
        ({"button/1": "a" * 4097}, "has no act"),
        ({"button/1": 3}, "presses"),
        (["panic"], "presses"),
        ({f"button/{i}": "panic" for i in range(257)}, "there are 257 presses; 256 are allowed"),
    ],
)
def test_presses_that_cannot_be_are_refused(presses, sentence):
    with pytest.raises(ControlError, match=sentence):
        from_json({"presses": presses}, ())


def test_without_a_table_of_parameters_any_target_may_be_one_but_no_macro_that_is_not_there():
    wired = {"routes": [{"source": "knob/1", "target": "of_another_instrument"}]}
    assert from_json(wired, None).routes[0].target == "of_another_instrument"
    with pytest.raises(ControlError):
        from_json(wired, ())
    wired["routes"][0]["target"] = "macro/nobody"
    with pytest.raises(ControlError, match="macro/nobody"):
        from_json(wired, None)
