"""Timelines: lines worked out by hand, and every mistake that a file can hold."""

import asyncio
import json

import numpy as np
import pytest

from device.control.timeline import Event, Timeline
from device.control.timeline_file import MAX_BYTES, read_timeline
from device.control.timeline_source import TimelineSource
from device.errors import ControlError
from device.params import FIXED, SLOTS

SPECS = {id: FIXED[id] for id in ("output_gain_db", "dry_wet", "latent_bias_0")}
BIAS = SPECS["latent_bias_0"].slot
WET = SPECS["dry_wet"].slot


def values(timeline, time_s):
    into = np.full(SLOTS, 99.0, np.float32)
    timeline.values_at(time_s, into)
    return into


@pytest.mark.parametrize(
    ("time_s", "bias"),
    [(0.0, 0.0), (0.5, 0.375), (0.999999, 0.75), (1.0, 0.0), (5.0, 0.0)],
)
def test_the_drawing_in_the_docstring(time_s, bias):
    """A line to 1.5 over 2 s, cut short at 1 s, where it has reached 0.75."""
    timeline = Timeline(
        [Event(0.0, "latent_bias_0", 1.5, 2.0), Event(1.0, "latent_bias_0", 0.0)], SPECS
    )
    assert values(timeline, time_s)[BIAS] == pytest.approx(bias, abs=1e-5)


def test_a_line_goes_on_from_where_the_last_one_was_cut():
    events = [Event(0.0, "latent_bias_0", 4.0, 4.0), Event(1.0, "latent_bias_0", 3.0, 2.0)]
    timeline = Timeline(events[::-1], SPECS)
    assert [float(values(timeline, t)[BIAS]) for t in (1.0, 2.0, 3.0, 9.0)] == [1.0, 2.0, 3.0, 3.0]
    assert timeline.end_s == 4.0


def test_before_its_first_event_a_parameter_is_left_be_unless_it_is_held():
    events = [Event(2.0, "dry_wet", 0.0, 2.0)]
    assert values(Timeline(events, SPECS), 1.9)[WET] == 99.0
    assert values(Timeline(events, SPECS), 3.0)[WET] == 0.5
    held = Timeline(events, SPECS, {"dry_wet": 0.5, "latent_bias_0": -1.0})
    assert values(held, 0.0)[WET] == 0.5
    assert values(held, 3.0)[WET] == 0.25
    assert values(held, 3.0)[BIAS] == -1.0
    assert np.count_nonzero(values(held, 3.0) != 99.0) == 2


def test_a_timeline_without_events_moves_nothing():
    timeline = Timeline([], SPECS)
    assert timeline.end_s == 0.0
    assert (values(timeline, 1.0) == 99.0).all()


def test_as_a_source_it_hands_on_what_has_changed_together():
    events = [Event(0.0, "dry_wet", 0.0), Event(0.0, "latent_bias_0", 2.0, 2.0)]
    source = TimelineSource(Timeline(events, SPECS), SPECS)
    told = [[(r.param, r.value) for r in source.readings(t)] for t in (0.0, 1.0, 1.0, 2.0, 9.0)]
    assert told == [
        [("dry_wet", 0.0), ("latent_bias_0", 0.0)],
        [("latent_bias_0", 1.0)],
        [],
        [("latent_bias_0", 2.0)],
        [],
    ]


def test_one_that_goes_on_moves_only_what_it_had_not_moved_yet():
    events = [
        Event(0.0, "dry_wet", 0.0),
        Event(0.0, "latent_bias_0", 2.0, 40.0),
        Event(30.0, "output_gain_db", -6.0),
    ]
    told = []

    async def scene():
        loop = asyncio.get_running_loop()
        source = TimelineSource(Timeline(events, SPECS), SPECS, began_s=loop.time() - 20.0)
        later = loop.create_future()

        def take(readings):
            told.extend(readings)
            if not later.done():
                later.set_result(None)

        source.start(loop, take)
        await asyncio.wait_for(later, 10.0)
        source.close()

    asyncio.run(scene())
    assert {reading.param for reading in told} == {"latent_bias_0"}
    assert 1.0 <= told[0].value < 1.1


def read(tmp_path, content):
    path = tmp_path / "walk.json"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return read_timeline(path, SPECS)


def test_a_file_is_read(tmp_path):
    events = read(
        tmp_path,
        [
            {"at_s": 0, "param": "latent_bias_0", "to": 1.5, "over_s": 2},
            {"at_s": 1.5, "param": "dry_wet", "to": 0},
        ],
    )
    assert events == [Event(0.0, "latent_bias_0", 1.5, 2.0), Event(1.5, "dry_wet", 0.0, 0.0)]
    assert read(tmp_path, []) == []


GOOD = {"at_s": 0.0, "param": "dry_wet", "to": 1.0}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"ober_s": 1}, "'ober_s' is unknown; did you mean over_s?"),
        ({"param": "dry_wit"}, "there is no parameter 'dry_wit'; did you mean dry_wet?"),
        ({"param": "x" * 500}, "there is no parameter 'xxx"),
        ({"param": 3}, "there is no parameter 3"),
        ({"param": ["dry_wet"]}, "there is no parameter ['dry_wet']"),
        ({"to": 1.5}, "to is 1.5; the range of dry_wet is 0..1"),
        ({"to": "loud"}, "to is 'loud', not a number"),
        ({"to": True}, "to is True, not a number"),
        ({"to": None}, "to is None, not a number"),
        ({"to": 10**400}, "not a number"),
        ({"at_s": -1}, "at_s is -1, outside 0..86400 s"),
        ({"at_s": 1e9}, "at_s is 1e+09, outside 0..86400 s"),
        ({"over_s": -0.5}, "over_s is -0.5, outside"),
        ({"over_s": [1]}, "over_s is [1], not a number"),
    ],
)
def test_each_mistake_is_named(tmp_path, change, sentence):
    with pytest.raises(ControlError) as error:
        read(tmp_path, [GOOD | change])
    assert f"event 1: {sentence}" in str(error.value) or sentence in str(error.value)
    assert len(str(error.value)) < 400


def test_all_mistakes_are_reported_at_once(tmp_path):
    with pytest.raises(ControlError) as error:
        read(tmp_path, [GOOD, 7, {"to": 9}, GOOD, GOOD | {"to": -1, "at_s": -1}])
    text = str(error.value)
    for part in (
        "event 2: it is not an object",
        "event 3: at_s is missing",
        "event 3: param is missing",
        "event 4: it moves dry_wet at 0 s, as event 1 does",
        "event 5: at_s is -1",
        "event 5: to is -1",
    ):
        assert part in text


def test_a_thousand_mistakes_do_not_fill_the_screen(tmp_path):
    with pytest.raises(ControlError, match="and 988 more"):
        read(tmp_path, [7] * 1000)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "not readable JSON"),
        (b"at_s: 0", "not readable JSON"),
        (b"\xff\xfe", "not readable JSON"),
        (b"[" * 100_000, "not readable JSON"),
        (b'[{"at_s": NaN, "param": "dry_wet", "to": 1}]', "NaN is no number"),
        (b'[{"at_s": 0, "param": "dry_wet", "to": -Infinity}]', "-Infinity is no number"),
        (b'[{"at_s": 0, "param": "dry_wet", "to": 1e999}]', "to is inf, not a number"),
        (b"{}", "not a list of events"),
        (b"[" + b" " * MAX_BYTES + b"]", "larger than 16 MiB"),
    ],
)
def test_files_that_are_no_timeline(tmp_path, content, sentence):
    with pytest.raises(ControlError, match=sentence):
        read(tmp_path, content)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ControlError, match="No such file"):
        read_timeline(tmp_path / "none.json", SPECS)
    with pytest.raises(ControlError, match="Is a directory"):
        read_timeline(tmp_path, SPECS)
