"""A line to someone who reads, who has died, who sleeps, and who never was."""

import io
import os
import subprocess
import sys

from device.audio.say import MAX_CHARACTERS, say


def pipe() -> tuple[int, io.TextIOWrapper]:
    """The reading end as a descriptor, the writing end as a stream."""
    reading, writing = os.pipe()
    return reading, open(writing, "w", encoding="utf-8")


def test_a_line_arrives_at_once() -> None:
    reading, stream = pipe()
    with stream:
        assert say("the card is ünplugged", stream)
        assert os.read(reading, 100).decode() == "the card is ünplugged\n"
    os.close(reading)


def test_it_stays_one_line_of_bounded_length() -> None:
    stream = io.StringIO()
    assert say("two\nlines\r\n" + "x" * 9999, stream)
    assert stream.getvalue().startswith("two lines xxx")
    assert stream.getvalue().count("\n") == 1
    assert len(stream.getvalue()) == MAX_CHARACTERS + 1


def test_what_a_terminal_cannot_show_is_replaced() -> None:
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, "ascii")
    assert say("Geräusch", stream)
    assert data.getvalue() == b"Ger?usch\n"


def test_a_reader_that_sleeps_is_not_waited_for() -> None:
    reading, stream = pipe()
    with stream:
        said = 0
        while say("x" * 999, stream):
            said += 1
            assert said < 10_000
        assert said > 10
        os.read(reading, 1 << 20)
        assert say("again", stream)
    os.close(reading)


def test_a_reader_that_died_is_forgotten() -> None:
    reading, stream = pipe()
    os.close(reading)
    assert not say("is anyone there?", stream)
    assert say("now it goes to /dev/null", stream)
    stream.close()


def test_nobody_was_ever_there() -> None:
    assert not say("hello", None)
    closed = io.StringIO()
    closed.close()
    assert not say("hello", closed)


def test_a_process_whose_reader_died_still_ends_well() -> None:
    """With `print`, Python would complain at exit and end with status 120."""
    reading, writing = os.pipe()
    os.close(reading)
    script = (
        "import sys\nfrom device.audio.say import say\n"
        "print('held back in the buffer', end='')\n"
        "for _ in range(3): say('playing', sys.stdout)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        stdout=writing,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": ""},
        timeout=20,
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, b"")
