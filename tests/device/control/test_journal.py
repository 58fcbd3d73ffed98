"""The journal: every move, for as long as was promised, in a room that is never exceeded."""

import dataclasses
import json

import numpy as np
import pytest

from device.control.journal import MAX_SOURCES, Instrument, Journal, Move, Page, events
from device.control.source import Reading
from device.control.timeline import Event, Timeline
from device.control.timeline_file import read_timeline
from device.errors import ControlError
from device.params import SLOTS, specs_of
from tests.bundles import tiny_autoencoder

SPECS = specs_of(tiny_autoencoder().manifest)


class Times:
    """A clock that tests set."""

    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def times():
    return Times()


def test_it_notes_what_was_applied_in_units(times):
    applied = []
    journal = Journal(times, 60.0)
    take = journal.tee(applied.append, lambda: SPECS)
    times.now_s = 1.5
    readings = [
        Reading("dry_wet", 7.0, False, "phone", 0.0),
        Reading("output_gain_db", 0.5, True, "knob", 0.0),
    ]
    take(readings)
    assert applied == [readings]
    assert journal.page().moves == [
        Move(1.5, "dry_wet", 1.0, "phone"),
        Move(1.5, "output_gain_db", -24.0, "knob"),
    ]


def test_what_the_desk_refused_is_not_noted(times):
    journal = Journal(times, 60.0)

    def refuse(readings):
        raise ControlError("there is no parameter 'dri_wet'")

    with pytest.raises(ControlError):
        journal.tee(refuse, lambda: SPECS)([Reading("dry_wet", 1.0, False, "phone", 0.0)])
    assert journal.page() == Page({}, [], ())


def test_a_load_is_noted_with_the_values_it_set(times):
    journal = Journal(times, 60.0)
    times.now_s = 3.0
    glass = Instrument("glass", "abc", 7, "int8", 5)
    journal.loaded(glass, {"dry_wet": 0.25})
    page = journal.page()
    assert page.loads == ((3.0, glass),)
    assert page.moves == [Move(3.0, "dry_wet", 0.25, "bundle")]


def test_a_full_room_folds_what_is_too_old(times):
    journal = Journal(times, 10.0, room=100)
    for step in range(300):
        times.now_s = step * 0.5
        journal.note({"dry_wet": step / 300.0}, "knob")
    page = journal.page()
    assert page.moves[0].time_s <= times.now_s - 10.0 + 0.5
    assert [move.time_s for move in page.moves[-20:]] == [140.0 + i * 0.5 for i in range(20)]
    before = round(page.moves[0].time_s / 0.5) - 1
    assert page.before == {"dry_wet": before / 300.0}


def test_a_flood_thins_the_minutes_and_does_not_shorten_them(times):
    """Three knobs, 10 000 moves a second, for as long as is kept, in room for one in ten."""
    journal = Journal(times, 10.0, room=10_000)
    ids = ("dry_wet", "output_gain_db", "noise_amount")
    for step in range(100_000):
        times.now_s = step / 10_000
        journal.note({ids[step % 3]: step / 100_000}, "flood")
    page = journal.page()
    assert 5_000 <= len(page.moves) <= 10_000
    at = np.array([move.time_s for move in page.moves])
    assert at[0] < 0.1
    assert np.diff(at).max() < 0.1
    for id in ids:
        last = [move for move in page.moves if move.param == id][-1]
        assert last.time_s >= 9.9997
        assert last.value == pytest.approx(last.time_s / 10.0)


def test_more_parameters_than_room_leave_the_newest(times):
    journal = Journal(times, 10.0, room=16)
    for step in range(100):
        times.now_s = step / 1000.0
        journal.note({f"p{step}": 1.0}, "knob")
    assert 8 <= len(journal.page().moves) <= 16
    assert journal.page().moves[-1].param == "p99"


def test_forged_senders_take_no_room(times):
    journal = Journal(times, 10.0)
    for number in range(2 * MAX_SOURCES):
        journal.note({"dry_wet": 0.0}, f"10.0.{number // 256}.{number % 256}")
    who = [move.who for move in journal.page().moves]
    assert who[MAX_SOURCES - 1] == "10.0.0.255"
    assert set(who[MAX_SOURCES:]) == {"others"}


BLOCKS = np.arange(10) * 0.1 + 5.0
"""When ten blocks read their parameters."""
PLACES = np.arange(10) * 0.1


def made(page, most=1000):
    return [
        (e.at_s, e.param, e.to, who) for e, who in events(page, SPECS, BLOCKS, PLACES, most=most)
    ]


def test_a_move_belongs_to_the_first_block_that_read_it():
    moves = [
        Move(4.0, "dry_wet", 0.1, "knob"),  # before the first block: its state
        Move(5.1, "dry_wet", 0.2, "knob"),  # at the very time: read
        Move(5.1001, "dry_wet", 0.3, "knob"),
        Move(5.15, "dry_wet", 0.4, "phone"),  # of two for one block, the last
        Move(5.5, "dry_wet", 0.4, "phone"),  # no change
        Move(5.95, "dry_wet", 0.5, "phone"),  # after the last block
    ]
    told = made(Page({"output_gain_db": -6.0}, moves))
    first = [event for event in told if event[0] == 0.0]
    assert {(id, to) for _, id, to, _ in first} == {
        (id, {"dry_wet": 0.1, "output_gain_db": -6.0}.get(id, spec.default))
        for id, spec in SPECS.items()
    }
    assert told[len(first) :] == [
        (0.1, "dry_wet", 0.2, "knob"),
        (0.2, "dry_wet", 0.4, "phone"),
    ]


def test_a_former_bundles_parameters_are_left_out_and_ranges_hold():
    moves = [Move(5.15, "drive", 3.0, "knob"), Move(5.15, "dry_wet", 9.0, "knob")]
    told = made(Page({"drive": 2.0, "dry_wet": -3.0}, moves))
    assert all(id != "drive" for _, id, _, _ in told)
    assert (0.0, "dry_wet", 0.0, "before") in told
    assert told[-1] == (0.2, "dry_wet", 1.0, "knob")


def test_too_many_events_become_those_of_several_blocks():
    moves = [Move(5.05 + i / 10, "dry_wet", 0.1 * (i + 1), "knob") for i in range(9)]
    told = made(Page({}, moves), most=len(SPECS) + 5)
    rest = told[len(SPECS) :]
    assert len(rest) <= 5
    assert rest[-1][:3] == (pytest.approx(0.9), "dry_wet", pytest.approx(0.9))
    assert len(made(Page({}, moves), most=1)) == len(SPECS) + 1


def test_what_is_written_is_a_timeline_that_gives_every_block_its_values(tmp_path):
    random = np.random.default_rng(3)
    moves = sorted(
        Move(4.9 + 1.2 * random.random(), id, spec.value(random.random()), "knob")
        for id, spec in SPECS.items()
        for _ in range(20)
    )
    told = events(Page({}, moves), SPECS, BLOCKS, PLACES, most=1000)
    path = tmp_path / "take.json"
    listed = [dataclasses.asdict(event) | {"who": who} for event, who in told]
    path.write_text(json.dumps({"take": {"name": "glass"}, "events": listed}))
    timeline = Timeline(read_timeline(path, SPECS), SPECS)
    wanted = np.zeros(SLOTS, np.float32)
    for spec in SPECS.values():
        wanted[spec.slot] = spec.default
    for read_s, place_s in zip(BLOCKS, PLACES, strict=True):
        for move in moves:
            if move.time_s <= read_s:
                wanted[SPECS[move.param].slot] = move.value
        values = np.zeros(SLOTS, np.float32)
        timeline.values_at(place_s, values)
        assert np.array_equal(values, wanted)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"take": {}}', "it is not a list of events"),
        ('{"events": {}}', "it is not a list of events"),
        ('{"events": [], "tale": 1}', "'tale' is unknown; did you mean take?"),
        ('[{"at_s": 0, "param": "dry_wet", "to": 1, "who": 3}]', "who is 3, not a name"),
    ],
)
def test_a_file_that_only_looks_like_a_take_is_refused(tmp_path, text, sentence):
    path = tmp_path / "take.json"
    path.write_text(text)
    with pytest.raises(ControlError, match=sentence.replace("?", r"\?")):
        read_timeline(path, SPECS)


def test_a_take_with_no_moves_is_a_timeline_too(tmp_path):
    path = tmp_path / "take.json"
    path.write_text('{"take": {"name": "glass"}, "events": []}')
    assert read_timeline(path, SPECS) == []
    path.write_text('[{"at_s": 0, "param": "dry_wet", "to": 1, "who": "knob"}]')
    assert read_timeline(path, SPECS) == [Event(0.0, "dry_wet", 1.0)]
