"""Controls: ends always reached, noise kept out, settled exactly, harmless whatever comes in."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from device.control.signal import Signal
from device.errors import ControlError
from device.mapping.conditioning import MIN_SPAN, Conditioning, RangeLearner, problems_of
from device.mapping.controls import Control, Controls
from device.mapping.curve import Curve
from tests.device.mapping.curves import CURVES, RAW

COUNT = 1 / 1023


@st.composite
def settings(draw, **given):
    low, high = sorted((draw(RAW), draw(RAW)))
    assume(high - low >= MIN_SPAN)
    fields = {
        "direction": st.sampled_from(["up", "down"]),
        "curve": CURVES,
        "deadband": st.floats(0.0, 0.25, allow_subnormal=False),
        "smoothing_ms": st.one_of(st.just(0.0), st.floats(0.1, 200.0, allow_subnormal=False)),
    }
    values = {key: draw(field) for key, field in fields.items() if key not in given}
    return Conditioning(low, high, **values, **given)


def rest(control, now_s, settings):
    """Let a control settle; returns everything it told on the way, and the time then."""
    told = []
    while not control.settled:
        now_s += max(settings.smoothing_ms, 1.0) / 1000.0
        told += [control.tick(now_s)]
    return [signal for signal in told if signal], now_s


@given(settings(), st.lists(RAW, min_size=2, max_size=20))
def test_both_ends_of_any_learned_range_are_reached(old, readings):
    learner = RangeLearner()
    for reading in readings:
        learner.hear(reading)
    assume(max(readings) - min(readings) >= MIN_SPAN)
    new = learner.learned(old, "knob/1")
    assert (new.low, new.high, new.curve) == (min(readings), max(readings), old.curve)
    assert problems_of(new, "knob/1") == []
    control = Control("knob/1", new)
    control.hear(0.5 * (new.low + new.high), 0.0)
    ends = []
    now_s = 0.0
    for reading in (new.low, new.high, new.low):
        control.hear(reading, now_s)
        _, now_s = rest(control, now_s, new)
        ends.append(control.value)
    assert ends == ([0.0, 1.0, 0.0] if new.direction == "up" else [1.0, 0.0, 1.0])


@given(settings(smoothing_ms=0.0), RAW, st.sampled_from(["low", "high"]))
def test_a_deadband_never_keeps_the_ends_from_being_reached(settings, first, end):
    control = Control("knob/1", settings)
    control.hear(first, 0.0)
    control.hear(getattr(settings, end), 1.0)
    assert control.value == float((end == "high") == (settings.direction == "up"))


@given(
    settings(), st.lists(RAW, min_size=1, max_size=20), st.floats(0.0, 0.05, allow_subnormal=False)
)
def test_it_settles_exactly_and_then_says_nothing_more(settings, readings, step_s):
    control, now_s, told = Control("knob/1", settings), 0.0, []
    for reading in readings:
        told.append(control.hear(reading, now_s))
        now_s += step_s
    more, now_s = rest(control, now_s, settings)
    last = [signal.value for signal in [*told, *more] if signal][-1]
    # It rests where a reading no further than the deadband away puts it.
    near = settings.deadband + 1e-9
    bounds = sorted(settings.position(readings[-1] + way * near) for way in (-1, 1))
    assert bounds[0] - 1e-12 <= last <= bounds[1] + 1e-12
    assert [control.tick(now_s + t) for t in (0.001, 1.0, 1e6)] == [None] * 3
    assert control.hear(readings[-1], now_s + 1e7) is None


@given(st.integers(10, 1013), st.lists(st.integers(-2, 2), max_size=50))
def test_two_counts_of_noise_are_not_heard_and_three_are(count, noise):
    control = Control("knob/1", Conditioning(smoothing_ms=0.0))
    control.hear(count * COUNT, 0.0)
    assert [control.hear((count + n) * COUNT, 1.0) for n in noise] == [None] * len(noise)
    assert control.hear((count + 3) * COUNT, 1.0) is not None


@given(settings(deadband=0.0, smoothing_ms=0.0), RAW, RAW)
def test_direction_is_the_way_it_moves(settings, a, b):
    low, high = sorted((a, b))
    rise = settings.position(high) - settings.position(low)
    assert rise >= -1e-15 if settings.direction == "up" else rise <= 1e-15


def test_smoothing_is_one_pole_over_real_time():
    settings = Conditioning(deadband=0.0, smoothing_ms=50.0)
    even, uneven = Control("a", settings), Control("a", settings)
    for control in (even, uneven):
        assert control.hear(0.0, 0.0).value == 0.0
        assert control.hear(1.0, 0.0) is None
    for step in range(1, 11):
        last = even.tick(step * 0.005)
    uneven.tick(0.037)
    assert last.value == pytest.approx(1.0 - math.exp(-1.0))
    assert uneven.tick(0.05).value == pytest.approx(last.value)
    assert (last.name, last.when_s) == ("a", 0.05)


NUMBERS = st.one_of(
    st.floats(allow_subnormal=False), st.sampled_from([math.nan, math.inf, -math.inf, -1.0, 2.0])
)


@given(settings(), st.lists(st.tuples(NUMBERS, NUMBERS), max_size=30))
def test_whatever_is_read_at_whatever_time_a_signal_is_a_number(settings, moments):
    control = Control("knob/1", settings)
    for reading, now_s in moments:
        for signal in (control.hear(reading, now_s), control.tick(now_s)):
            assert signal is None or 0.0 <= signal.value <= 1.0
            assert signal is None or math.isfinite(signal.when_s)
    control.hear(0.5, 0.0)
    rest(control, 0.0, settings)
    assert control.settled


def test_a_clock_set_back_stops_nothing():
    control = Control("a", Conditioning(deadband=0.0, smoothing_ms=50.0))
    control.hear(0.0, 1000.0)
    control.hear(1.0, 1000.0)
    assert control.tick(5.0) is None
    assert control.tick(5.05).value == pytest.approx(1.0 - math.exp(-1.0))


def test_a_range_is_learned_while_it_is_played():
    controls = Controls({"knob/1": Conditioning(smoothing_ms=0.0, deadband=0.0, direction="down")})
    controls.hear([Signal("knob/1", 0.1, 0.0)])
    controls.learn("knob/1")
    for reading in (0.75, math.nan, 0.25, 0.5):
        controls.hear([Signal("knob/1", reading, 1.0)])
    learned = controls.learned("knob/1")
    assert (learned.low, learned.high, learned.direction) == (0.25, 0.75, "down")
    assert controls.settings == {"knob/1": learned}
    assert controls.hear([Signal("knob/1", 0.375, 2.0)]) == [Signal("knob/1", 0.75, 2.0)]
    controls.learn("knob/1")
    controls.hear([Signal("knob/1", 0.37, 2.0), Signal("knob/1", 0.38, 2.0)])
    with pytest.raises(ControlError, match=r"moved over 1\.0 % of its travel.*from end to end"):
        controls.learned("knob/1")
    with pytest.raises(ControlError, match=r"knob/9 was moved over 0\.0 %"):
        controls.learned("knob/9")
    assert controls.settings == {"knob/1": learned}


def test_streams_without_settings_pass_and_what_is_no_number_does_not():
    controls = Controls({"knob/1": Conditioning()})
    heard = [Signal("face/jaw", v, 1.0) for v in (0.3, math.nan, 1.5, -math.inf, -2.0)]
    assert [s.value for s in controls.hear(heard)] == [0.3, 1.0, 0.0]
    assert controls.hear([Signal("knob/1", math.nan, 1.0)]) == []
    assert controls.settled


def test_other_settings_go_on_from_where_a_control_is():
    controls = Controls({"a": Conditioning(deadband=0.0, smoothing_ms=50.0)})
    controls.hear([Signal("a", 0.25, 0.0)])
    with pytest.raises(ControlError, match="smoothing_ms is -1, outside"):
        controls.change({"a": Conditioning(smoothing_ms=-1.0)})
    controls.change({"a": Conditioning(deadband=0.0, smoothing_ms=50.0, direction="down")})
    assert not controls.settled
    [signal] = controls.tick(0.05)
    assert signal.value == pytest.approx(0.75 - 0.5 * math.exp(-1.0))
    while not controls.settled:
        [signal] = controls.tick(signal.when_s + 0.05)
    assert signal.value == 0.75
    assert controls.tick(9.0) == []


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (Conditioning(0.7, 0.2), "range from 0.7 to 0.2; low and high lie in 0..1, low below"),
        (Conditioning(-0.1, 1.0), "range from -0.1 to 1"),
        (Conditioning(math.nan, 1.0), "range from nan to 1"),
        (Conditioning(0.5, 0.51), "range from 0.5 to 0.51, less than 0.02; learn it again"),
        (Conditioning(deadband=0.3), "deadband is 0.3, outside 0..0.25"),
        (Conditioning(deadband=math.nan), "deadband is nan, outside"),
        (Conditioning(smoothing_ms=1e5), "smoothing_ms is 100000, outside 0..10000"),
        (Conditioning(curve=Curve("s", 99.0)), "curve.bend is 99, outside -12..12"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, sentence):
    with pytest.raises(ControlError) as error:
        Controls({"knob/1": settings, "knob/2": Conditioning()})
    assert str(error.value).startswith("knob/1")
    assert sentence in str(error.value)
