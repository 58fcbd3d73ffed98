"""The lines of a small display: counted by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.oled.words import Shown, lines_of, plain

PLAYING = Shown("drift", "3 Dawn", "192.168.1.20", 21.34, 0.336, 0)


def test_everything_has_its_line():
    assert lines_of(PLAYING, 21, 5) == (
        "drift",
        "3 Dawn",
        "latency 21.3 ms",
        "load 34% dropouts 0",
        "192.168.1.20",
    )


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        (1, ("drift",)),
        (2, ("drift", "load 34% dropouts 0")),
        (3, ("drift", "latency 21.3 ms", "load 34% dropouts 0")),
        (4, ("drift", "latency 21.3 ms", "load 34% dropouts 0", "192.168.1.20")),
    ],
)
def test_with_fewer_lines_the_load_and_dropouts_stay_longest(rows, lines):
    assert lines_of(PLAYING, 21, rows) == lines


def test_without_a_scene_or_a_network_nothing_stands_there():
    shown = Shown("drift", latency_ms=21.0, load=0.5, dropouts=2)
    assert lines_of(shown, 21, 5) == ("drift", "latency 21.0 ms", "load 50% dropouts 2")


def test_before_the_first_block_it_starts():
    assert lines_of(Shown(), 21, 5) == ("Ondine", "starting")
    assert lines_of(Shown("drift", address="10.0.0.2"), 21, 5) == ("drift", "starting", "10.0.0.2")


def test_large_numbers_find_room():
    shown = Shown("drift", latency_ms=21.0, load=123.0, dropouts=123_456)
    assert max(map(len, lines_of(shown, 21, 5))) <= 21
    assert lines_of(shown, 21, 5)[2:] == ("load 999%", "dropouts 123k")


def test_trouble_takes_the_room_and_what_was_just_said_before_it():
    trouble = Shown("drift", "3 Dawn", trouble="there is no card hw:CARD=Track, looking on")
    assert lines_of(trouble, 21, 5) == ("drift", "there is no card", "hw:CARD=Track,", "looking on")
    said = Shown("drift", trouble="x", message="A stick with an instrument: glass.")
    assert lines_of(said, 21, 5) == ("drift", "A stick with an", "instrument: glass.")


def test_a_long_sentence_ends_with_dots_and_a_long_name_with_a_wave():
    long = Shown("a very long name of an instrument", message="word " * 60)
    lines = lines_of(long, 21, 5)
    assert lines[0] == "a very long name of ~"
    assert lines[-1] == "word word word wor..."
    assert lines_of(long, 21, 1) == ("a very long name of ~",)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("é", "é"),
        ("Dvořák", "Dvorák"),
        ("it’s 5–6…", "it's 5-6."),
        ("海\n\x1b[2J", "?  [2J"),
        ("e\u0301", "é"),
    ],
)
def test_letters_that_the_font_has_not_are_told_by_others(text, shown):
    assert plain(text) == shown


@pytest.mark.parametrize(("columns", "rows"), [(7, 5), (21, 0), (0, 0)])
def test_a_display_without_room_is_refused(columns, rows):
    with pytest.raises(ValueError, match="at least 8 × 1"):
        lines_of(PLAYING, columns, rows)


@given(st.text(), st.text(), st.text(), st.integers(8, 30), st.integers(1, 8))
def test_whatever_is_said_it_fits(name, scene, message, columns, rows):
    for told in (message, ""):
        lines = lines_of(Shown(name, scene, "10.0.0.1", 1.0, 0.1, 0, message=told), columns, rows)
        assert 1 <= len(lines) <= rows
        for line in lines:
            assert len(line) <= columns
            line.encode("latin-1")
            assert line.isprintable() or not line
