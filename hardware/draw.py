"""`python -m hardware.draw`: each box's wiring as a drawing, and as a table in its README.

Both are made from the `profile.toml` that the device loads, so that they cannot say otherwise.
Names of boxes may be given; without any, all are drawn. Prints what it wrote.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from device.config import read_profile
from device.errors import OndineError
from hardware.boards import BOARDS, Board
from hardware.compose import lay_out
from hardware.netlist import netlist
from hardware.sheet import Label, Line, Sheet
from hardware.table import connections, put_between

HERE = Path(__file__).parent
A4_MM = 297, 210


def drawing(box: str, folder: Path = HERE) -> Sheet:
    """The sheet of one box.

    Raises:
        ConfigError: if its profile cannot be used.
        ValueError: if its board has not what the profile names.
    """
    profile = read_profile(folder / box / "profile.toml")
    board = BOARDS[box]
    parts = netlist(profile.panel, board)
    return lay_out(title(board), parts, board)


def title(board: Board) -> str:
    """What a sheet is called."""
    return f"Ondine, panel of the {board.title}: wiring"


def readme(box: str, folder: Path = HERE) -> str:
    """The README of one box, with the table of its connections made anew."""
    profile = read_profile(folder / box / "profile.toml")
    board = BOARDS[box]
    text = (folder / box / "README.md").read_text()
    return put_between(text, connections(netlist(profile.panel, board), board))


def svg(sheet: Sheet) -> str:
    """A sheet as SVG: black on white whatever the page around it is, and A4 when printed."""
    width_mm, height_mm = A4_MM
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width_mm}mm" height="{height_mm}mm" '
        f'viewBox="0 0 {sheet.width:g} {sheet.height:g}" '
        'font-family="Helvetica, Arial, sans-serif">',
        f"<title>{escape(sheet.title)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        *(_line(line) for line in sheet.lines),
        *(
            f'<circle cx="{x:g}" cy="{y:g}" r="4" fill="{colour}"/>'
            for _, (x, y), colour in sheet.dots
        ),
        *(
            f'<path d="{shape.path}" fill="{shape.fill}" stroke="{shape.stroke}" '
            f'stroke-width="{shape.width:g}"/>'
            for shape in sheet.shapes
        ),
        *(_label(label) for label in sheet.labels),
        "</svg>",
    ]
    return "\n".join(body) + "\n"


def _line(line: Line) -> str:
    points = " ".join(f"{x:g},{y:g}" for x, y in line.points)
    dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
    return (
        f'<polyline points="{points}" fill="none" stroke="{line.colour}" '
        f'stroke-width="{line.width:g}"{dash}/>'
    )


def _label(label: Label) -> str:
    x, y = label.at
    anchor = "" if label.anchor == "start" else f' text-anchor="{label.anchor}"'
    weight = ' font-weight="bold"' if label.bold else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{label.size:.3g}"{anchor}{weight} '
        f'fill="{label.colour}">{escape(label.text)}</text>'
    )


def main(boxes: Sequence[str], folder: Path = HERE) -> int:
    """Write the drawings and tables; returns 0, or 2 if one cannot be made."""
    for box in boxes or BOARDS:
        if box not in BOARDS:
            print(f"there is no board {box!r}; there are {', '.join(BOARDS)}", file=sys.stderr)
            return 2
        try:
            sheet, text = svg(drawing(box, folder)), readme(box, folder)
        except (OndineError, OSError, ValueError) as error:
            print(f"{box} cannot be drawn: {error}", file=sys.stderr)
            return 2
        (folder / box / "wiring.svg").write_text(sheet)
        (folder / box / "README.md").write_text(text)
        print(f"wrote {folder / box / 'wiring.svg'} and its README's table")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
