"""The part: laid, taken, and everything that may lie there in its place."""

import json

import pytest

from device.part import (
    Part,
    Taken,
    lay,
    part_file,
    part_of,
    read_part,
    read_taken,
    withdraw,
    write_taken,
)
from device.paths import RunFolder


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path)


def test_what_was_laid_is_what_is_read(folder):
    part = part_of(["--bundle", "/a b/ü.ondine", "--card", "usb,hat"])
    lay(folder, part)
    assert read_part(folder) == part
    assert [p.name for p in folder.path.iterdir()] == ["part.json"]
    withdraw(folder)
    withdraw(folder)
    assert read_part(folder) is None


def test_a_service_waits_for_its_card():
    assert part_of(["--card", "usb"]).arguments == ("--card", "usb", "--patient")
    assert part_of(["--card", "usb", "--patient"]).arguments == ("--card", "usb", "--patient")
    assert part_of(["--card", "none"]).arguments == ("--card", "none")
    assert part_of(["--card"]).arguments == ("--card", "--patient")


def test_a_part_is_known_by_its_token():
    assert Part(("a", "b")).token == Part(("a", "b")).token
    assert Part(("a", "b")).token != Part(("a b",)).token
    assert Part(("a", "b")).token != Part(("b", "a")).token


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "{}", "3", '"--card"', "[1]", '["a", null]', json.dumps(["a"] * 129),
     "[" * 100_000, '["' + "a" * (1 << 17) + '"]'],
)  # fmt: skip
def test_what_is_no_part_is_none(folder, text):
    part_file(folder).write_text(text)
    assert read_part(folder) is None


def test_bytes_that_are_no_text_are_no_part(folder):
    part_file(folder).write_bytes(b'["\xff"]')
    assert read_part(folder) is None


def test_what_was_taken_is_told(folder):
    assert read_taken(folder) == Taken()
    write_taken(folder, Taken("abc", 3))
    assert read_taken(folder) == Taken("abc", 3)


@pytest.mark.parametrize("text", ["", "[", "[1, 2]", '["a"]', '["a", true]', '["a", "3"]', "{}"])
def test_what_cannot_be_told_was_not_taken(folder, text):
    folder.audio_lock.write_text(text)
    assert read_taken(folder) == Taken()
