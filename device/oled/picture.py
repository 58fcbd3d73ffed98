"""From lines of text to a picture of black and white points, as a small display takes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

LETTER = (6, 11)
"""Width and height of a letter of Pillow's built-in font, in points."""
_MARGIN = 1


@dataclass(frozen=True)
class Size:
    """A display, in points."""

    width: int = 128
    height: int = 64

    @property
    def columns(self) -> int:
        """How many letters stand in a line."""
        return (self.width - _MARGIN) // LETTER[0]

    @property
    def rows(self) -> int:
        """How many lines there are."""
        return max(self.height // (LETTER[1] + 1), 1)


def draw(lines: Sequence[str], size: Size) -> Any:
    """A PIL image of mode "1"; the first line is in reverse, the others spread evenly below it.

    Lines that find no room are left out. Needs Pillow.
    """
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("1", (size.width, size.height))
    canvas, font = ImageDraw.Draw(picture), ImageFont.load_default_imagefont()
    pitch = size.height / size.rows
    for row, line in enumerate(lines[: size.rows]):
        top = round(row * pitch)
        if row == 0:
            canvas.rectangle((0, 0, size.width - 1, LETTER[1]), fill=1)
        # The font has Latin 1, and draws in black where the title is.
        canvas.text((_MARGIN, top), line.encode("latin-1", "replace"), font=font, fill=int(row > 0))
    return picture
