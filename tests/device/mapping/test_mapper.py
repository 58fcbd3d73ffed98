"""Routes and macros at work: sums, clamps, bases, takeover, and only what has changed."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.control.desk import Desk
from device.control.signal import Signal
from device.control.source import Reading
from device.errors import ControlError
from device.mapping.conditioning import Conditioning
from device.mapping.curve import Curve
from device.mapping.macros import Macro, Move, macro_specs
from device.mapping.mapper import Mapper
from device.mapping.patch import Patch
from device.mapping.pickup import TOLERANCE
from device.mapping.routes import Route
from device.params import FIXED, ParamSpec, ParamTable
from tests.device.mapping.curves import CURVES, RAW

SWEEP = ParamSpec("sweep", "Sweep", 20.0, 2000.0, 200.0, "Hz", "exponential", 280)
SPECS = {id: FIXED[id] for id in ("output_gain_db", "dry_wet", "noise_amount")} | {"sweep": SWEEP}
DEPTH = st.floats(-1.0, 1.0, allow_subnormal=False)


def mapper(*routes, macros=(), controls=None, **more):
    return Mapper(Patch(controls or {}, tuple(routes), tuple(macros)), SPECS, **more)


def heard(mapper, **values):
    """What changes when these signals (`knob_1` for knob/1) come together, raw by id."""
    signals = [Signal(name.replace("_", "/"), value, 2.0) for name, value in values.items()]
    return {reading.param: reading.value for reading in mapper.apply(signals)}


def test_one_signal_moves_many_parameters_and_says_who_it_was():
    m = mapper(
        Route("knob/1", "dry_wet"),
        Route("knob/1", "sweep", -0.5),
        Route("knob/2", "noise_amount", curve=Curve("table", points=((0.5, 0.25),))),
    )
    readings = m.apply([Signal("knob/1", 0.25, 3.0), Signal("knob/9", 0.5, 3.0)])
    assert readings == [
        Reading("dry_wet", 0.25, True, "knob/1", 3.0),
        Reading("sweep", 0.375, True, "knob/1", 3.0),
    ]
    assert m.apply([Signal("knob/1", 0.25, 4.0)]) == []
    assert heard(m, knob_2=0.5, knob_1=0.25) == {"noise_amount": 0.25}


@given(st.lists(st.tuples(DEPTH, CURVES, RAW), min_size=1, max_size=5))
def test_set_routes_sum_and_are_clamped(wires):
    m = mapper(*(Route(f"knob/{i}", "dry_wet", d, c) for i, (d, c, _) in enumerate(wires)))
    m.apply([Signal(f"knob/{i}", x, 0.0) for i, (_, _, x) in enumerate(wires)])
    parts = [d * c.at(x) if d > 0 else -d * (1 - c.at(x)) for d, c, x in wires]
    assert m.bases["dry_wet"] == pytest.approx(min(sum(parts), 1.0), abs=1e-9)


@given(RAW, st.lists(st.tuples(DEPTH, CURVES, RAW, RAW), min_size=1, max_size=5))
def test_added_routes_sum_around_the_base_and_are_clamped(base, wires):
    m = mapper(
        *(
            Route(f"knob/{i}", "dry_wet", d, c, "add", centre)
            for i, (d, c, centre, _) in enumerate(wires)
        ),
        standing={"dry_wet": base},
    )
    m.apply([Signal(f"knob/{i}", x, 0.0) for i, (*_, x) in enumerate(wires)])
    told = m.expand([Reading("dry_wet", base, True, "osc", 1.0)])
    wanted = base + sum(d * (c.at(x) - c.at(centre)) for d, c, centre, x in wires)
    assert told[0].value == pytest.approx(min(max(wanted, 0.0), 1.0), abs=1e-9)
    assert m.bases == {"dry_wet": base}
    # Every signal back at its centre: nothing is added any more.
    m.apply([Signal(f"knob/{i}", centre, 2.0) for i, (_, _, centre, _) in enumerate(wires)])
    [told] = m.expand([Reading("dry_wet", base, True, "osc", 3.0)])
    assert told.value == pytest.approx(base, abs=1e-9)


@given(st.floats(-1.0, 1.0, allow_subnormal=False), CURVES)
def test_a_depth_is_covered_from_end_to_end(depth, curve):
    m = mapper(Route("knob/1", "dry_wet", depth, curve), standing={"dry_wet": 0.5})
    ends = []
    for x in (0.0, 1.0):
        m.apply([Signal("knob/1", x, 0.0)])
        ends.append(m.bases["dry_wet"])
    assert ends == ([0.0, depth] if depth > 0 else [-depth, 0.0])


def test_a_base_that_is_put_elsewhere_keeps_what_is_added_to_it():
    m = mapper(Route("motion/pitch", "dry_wet", 0.5, mode="add", centre=0.5))
    assert heard(m, motion_pitch=0.0) == {"dry_wet": 0.75}
    sent = Reading("dry_wet", 0.5, False, "phone", 3.0)
    assert m.expand([sent]) == [Reading("dry_wet", 0.25, True, "phone", 3.0)]
    assert m.bases == {"dry_wet": 0.5}
    m.stands({"dry_wet": 1.0})
    assert m.following
    assert heard(m) == {"dry_wet": 0.75}
    assert not m.following


def test_what_sets_and_what_adds_meet_in_one_parameter():
    m = mapper(Route("knob/1", "dry_wet", 0.5), Route("pedal/1", "dry_wet", 1.0, mode="add"))
    assert heard(m, knob_1=1.0) == {"dry_wet": 0.5}
    assert heard(m, pedal_1=0.25) == {"dry_wet": 0.75}
    assert heard(m, knob_1=0.0) == {"dry_wet": 0.25}
    assert heard(m, pedal_1=1.0, knob_1=1.0) == {"dry_wet": 1.0}
    assert m.bases == {"dry_wet": 0.5}


def test_a_newer_mapper_goes_on_from_an_older_one():
    routes = [Route("pedal/1", "dry_wet", -0.5, mode="add"), Route("knob/1", "sweep")]
    old = mapper(*routes, standing={"dry_wet": 1.0})
    assert heard(old, pedal_1=0.5, knob_1=0.2) == {"dry_wet": 0.75, "sweep": 0.2}
    new = mapper(*routes, standing=old.bases, heard=old.heard)
    assert heard(new) == {"dry_wet": 0.75}
    assert heard(new, pedal_1=0.5, knob_1=0.2) == {}
    assert heard(new, pedal_1=0.0) == {"dry_wet": 1.0}


KNOBS = {"knob/1": Conditioning(), "knob/2": Conditioning(takeover="jump")}


def test_a_knob_waits_for_a_parameter_that_something_else_has_moved():
    m = mapper(Route("knob/1", "dry_wet"), controls=KNOBS, standing={"dry_wet": 0.5})
    assert heard(m, knob_1=0.2) == {}
    assert heard(m, knob_1=0.47) == {"dry_wet": 0.47}
    assert heard(m, knob_1=0.9) == {"dry_wet": 0.9}
    sent = Reading("dry_wet", 0.1, False, "phone", 3.0)
    assert m.expand([sent]) == [sent]
    assert heard(m, knob_1=0.8) == {}
    # Turned down fast, past it: the parameter comes along, 5 % at a time.
    assert heard(m, knob_1=0.0) == {"dry_wet": pytest.approx(0.05)}
    assert m.following
    assert heard(m) == {"dry_wet": 0.0}
    assert not m.following


def test_a_knob_that_jumps_takes_it_at_once():
    m = mapper(Route("knob/2", "dry_wet"), controls=KNOBS, standing={"dry_wet": 0.5})
    assert heard(m, knob_2=0.1) == {"dry_wet": 0.1}
    m.stands({"dry_wet": 0.9, "sweep": 0.3, "output_gain_db": math.nan})
    assert heard(m, knob_2=0.1) == {}
    assert heard(m, knob_2=0.2) == {"dry_wet": 0.2}


@given(
    st.lists(st.tuples(st.sampled_from(["knob/1", "knob/3"]), RAW, st.none() | RAW), max_size=30)
)
def test_no_knob_that_picks_up_ever_takes_a_parameter_with_a_jump(moments):
    knobs = {"knob/1": Conditioning(), "knob/3": Conditioning()}
    m = mapper(Route("knob/1", "dry_wet", 0.5), Route("knob/3", "dry_wet", -0.5), controls=knobs)
    stands, owned, seen = 1.0, False, set()
    for name, x, elsewhere in moments:
        if elsewhere is not None:
            m.expand([Reading("dry_wet", elsewhere, True, "osc", 0.0)])
            stands, owned = elsewhere, False
        if name not in seen:
            owned = False
        seen.add(name)
        for reading in m.apply([Signal(name, x, 0.0)]):
            if not owned:
                assert abs(reading.value - stands) <= TOLERANCE + 1e-12
            stands = reading.value
        owned = owned or (not m.following and stands == m.bases["dry_wet"] and _asked(m) == stands)


def _asked(m):
    """What both knobs ask for together, as far as they were heard."""
    x = {signal.name: signal.value for signal in m.heard}
    return 0.5 * x.get("knob/1", 0.0) + (0.5 * (1.0 - x["knob/3"]) if "knob/3" in x else 0.0)


MACROS = (
    Macro("1", (Move("dry_wet", 0.2, 1.0), Move("macro/deep", 1.0, 0.0), Move("sweep", 0.5, 0.0))),
    Macro("deep", (Move("noise_amount", 0.0, 0.5),), "Depth"),
)


def test_a_macro_moves_each_by_its_own_range():
    m = mapper(Route("knob/1", "macro/1"), macros=MACROS)
    assert heard(m, knob_1=0.5) == {
        "dry_wet": pytest.approx(0.6),
        "sweep": 0.25,
        "noise_amount": 0.25,
    }
    assert m.macros == {"macro/1": 0.5, "macro/deep": 0.5}
    assert heard(m, knob_1=1.0) == {"dry_wet": 1.0, "sweep": 0.0, "noise_amount": 0.0}
    assert [r.who for r in m.apply([Signal("knob/1", 0.0, 5.0)])] == ["knob/1"] * 3


def test_a_macro_is_a_parameter_that_others_can_set(tmp_path):
    desk = Desk(ParamTable(tmp_path / "params", create=True), SPECS)
    m = mapper(macros=MACROS)
    desk.take(m.expand([Reading("macro/1", 0.5, False, "phone", 1.0)]))
    assert desk.value("dry_wet") == pytest.approx(0.6)
    assert desk.value("noise_amount") == pytest.approx(0.5)
    # Of one for a macro and one for what it moves, the later one wins.
    two = [Reading("macro/1", 1.0, True, "phone", 1.0), Reading("dry_wet", 0.3, False, "osc", 1.0)]
    desk.take(m.expand(two))
    assert desk.value("dry_wet") == pytest.approx(0.3)
    desk.take(m.expand(two[::-1]))
    assert desk.value("dry_wet") == 1.0
    assert {id: s.group for id, s in macro_specs(MACROS).items()} == {
        "macro/1": "macro",
        "macro/deep": "macro",
    }
    # One that came past the mapper is refused at the desk, and writes nothing.
    with pytest.raises(ControlError, match="there is no parameter 'macro/1'"):
        desk.take(two)


def test_what_a_macro_moves_is_picked_up_as_well():
    m = mapper(
        Route("knob/1", "macro/1"),
        macros=MACROS,
        controls=KNOBS,
        standing={
            "macro/1": 0.0,
            "macro/deep": 1.0,
            "dry_wet": 0.2,
            "sweep": 0.5,
            "noise_amount": 0.5,
        },
    )
    assert heard(m, knob_1=0.02) == {
        "dry_wet": pytest.approx(0.216),
        "sweep": 0.49,
        "noise_amount": 0.49,
    }
    m.stands({"dry_wet": 0.9})
    assert "dry_wet" not in heard(m, knob_1=0.5)
    assert heard(m, knob_1=0.9)["dry_wet"] == pytest.approx(0.92)


@pytest.mark.parametrize(
    ("reading", "sentence"),
    [
        (Reading("macro/2", 0.5, True, "osc", 0.0), "no parameter 'macro/2'; did you mean macro/1"),
        (Reading("macro/1", math.nan, True, "osc", 0.0), "macro/1 was sent nan; send a number"),
        (Reading("dry_wet", math.inf, False, "osc", 0.0), "dry_wet was sent inf"),
    ],
)
def test_a_bad_reading_changes_nothing(reading, sentence):
    m = mapper(macros=MACROS)
    before = m.bases
    with pytest.raises(ControlError, match=sentence):
        m.expand([Reading("macro/1", 1.0, True, "osc", 0.0), reading])
    assert m.bases == before


@given(
    st.lists(
        st.tuples(st.floats(allow_subnormal=False), st.floats(allow_subnormal=False)), max_size=20
    )
)
def test_whatever_is_heard_readings_are_numbers(moments):
    m = mapper(
        Route("knob/1", "macro/1"), Route("knob/1", "dry_wet", -1.0, mode="add"), macros=MACROS
    )
    for value, when_s in moments:
        for reading in m.apply([Signal("knob/1", value, when_s)]):
            assert 0.0 <= reading.value <= 1.0
    assert all(0.0 <= raw <= 1.0 for raw in m.bases.values())


def test_a_patch_that_does_not_fit_is_refused():
    with pytest.raises(ControlError, match="route 1: there is no parameter or macro 'dry_wit'"):
        mapper(Route("knob/1", "dry_wit"))
