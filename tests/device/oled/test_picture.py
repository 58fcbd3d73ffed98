"""The picture of a small display: its points, looked at where letters have to be."""

import numpy as np
import pytest

from device.oled.picture import LETTER, Size, draw

pytest.importorskip("PIL", reason="Pillow comes with ondine[oled]")
FULL = ("drift", "3 Dawn", "latency 21.3 ms", "load 34% dropouts 0", "192.168.1.20")


def points(lines, size=None):
    """True where it is lit, [height, width]."""
    return np.array(draw(lines, size or Size()), bool)


def cell(picture, row, column, size=None):
    """The points of one letter, counted from the text's first."""
    pitch = (size or Size()).height / (size or Size()).rows
    top, left = round(row * pitch), 1 + column * LETTER[0]
    return picture[top : top + LETTER[1], left : left + LETTER[0]]


def test_a_display_has_room_for_21_letters_in_5_lines():
    assert (Size().columns, Size().rows) == (21, 5)
    assert (Size(128, 32).columns, Size(128, 32).rows) == (21, 2)
    assert (Size(64, 64).columns, Size(64, 8).rows) == (10, 1)


def test_its_size_and_depth_are_the_display_s():
    for size in (Size(), Size(128, 32), Size(64, 32)):
        picture = draw(FULL, size)
        assert (picture.size, picture.mode) == ((size.width, size.height), "1")


def test_the_title_is_in_reverse_and_the_others_are_not():
    picture = points(FULL)
    title, rest = picture[: LETTER[1] + 1], picture[LETTER[1] + 1 :]
    assert title.mean() > 0.8
    assert title[:, 60:].all()  # beyond its five letters
    assert 0 < rest.mean() < 0.2


def test_every_letter_stands_in_its_cell_and_blanks_are_dark():
    picture = points(FULL)
    for row, line in enumerate(FULL[1:], 1):
        for column in range(21):
            # The serif of a D reaches a point into the cell before it.
            lit = cell(picture, row, column)[:, :-1].any()
            blank = column >= len(line) or line[column] == " "
            assert lit != blank, (row, column)


def test_lines_do_not_touch():
    picture = points(("", "gjpqy", "ÅÉÜ", "gjpqy", "|||"))
    for row in range(1, 5):
        assert cell(picture, row, 0).any()
    pitch = Size().height / Size().rows
    for row in range(1, 5):
        assert not picture[round(row * pitch) - 1].any()


def test_the_same_letter_looks_the_same_everywhere():
    picture = points(("", "xx", "  x"))
    assert (cell(picture, 1, 0) == cell(picture, 1, 1)).all()
    assert (cell(picture, 1, 0) == cell(picture, 2, 2)).all()


def test_what_finds_no_room_is_left_out():
    assert (points(FULL[:2], Size(128, 32)) == points(FULL, Size(128, 32))).all()
    assert points(()).sum() == 0
    assert points(("海",)).any()
