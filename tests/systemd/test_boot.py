"""Our lines in the boot loader's file: there once, gone without a trace, nothing else touched."""

import pytest

from systemd.installer.boot import BEGIN, END, with_lines
from systemd.installer.refusal import RefusalError
from systemd.installer.source import board_of

TEXTS = [b"", b"a=1", b"a=1\n", b"a=1\r\n[cm4]\r\nb\r\n", b"\n\n", "grün=1\n".encode()]


@pytest.mark.parametrize("text", TEXTS)
def test_lines_come_and_go_and_leave_every_byte(text):
    with_ours = with_lines(text, ["boot_delay=0", "x"])
    assert with_ours.startswith(text)
    assert with_ours.count(b"\n[all]\nboot_delay=0\nx\n") == 1
    assert with_lines(with_ours, ["boot_delay=0", "x"]) == with_ours
    assert with_lines(with_ours, []) == text


def test_lines_that_changed_take_the_place_of_the_old_ones():
    text = with_lines(with_lines(b"a\n", ["old"]) + b"later=1\n", ["new"])
    assert b"old" not in text
    assert text.count(b"new") == 1
    assert b"later=1" in text


@pytest.mark.parametrize("text", [BEGIN, END, f"{BEGIN}\n{BEGIN}\n{END}\n{END}"])
def test_markers_that_do_not_pair_are_not_guessed_at(text):
    with pytest.raises(RefusalError, match="do not pair"):
        with_lines(text.encode(), ["x"])


@pytest.mark.parametrize(
    ("model", "board"),
    [
        ("Raspberry Pi 4 Model B Rev 1.4", "pi4"),
        ("Raspberry Pi 5 Model B Rev 1.0", "pi5"),
        ("NVIDIA Jetson Orin Nano Developer Kit", "jetson-orin-nano"),
        ("Raspberry Pi 3 Model B", "desktop"),
        ("", "desktop"),
    ],
)
def test_a_board_is_known_by_what_it_calls_itself(model, board):
    assert board_of(model) == board
