"""Words for players."""

import pytest

from device.errors import ControlError
from device.words import nearest, printable, sentence


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("the card is gone", "The card is gone."),
        ("the card is gone.", "The card is gone."),
        ("Two things. Both are fine. ", "Two things. Both are fine."),
        ("ärger", "Ärger."),
        (ControlError("there is no scene 3"), "There is no scene 3."),
        ("", ""),
        (" . ", ""),
    ],
)
def test_a_sentence_has_a_capital_and_one_full_stop(words, told):
    assert sentence(words) == told


def test_a_slip_of_the_finger_finds_the_name_and_a_stranger_none():
    assert nearest("brok", ["brook", "drift"]) == "; did you mean brook?"
    assert nearest("harpsichord", ["brook", "drift"]) == ""
    assert nearest("b" * 100_000, ["b" * 100_000]) == "", "no name is that long"


def test_what_a_terminal_would_obey_is_not_printed():
    assert printable("a\x1b[2Jb\n") == "a [2Jb "
