"""What a small display says, as lines of text: nothing here knows of pixels.

    drift                        the instrument, in reverse
    3 Dawn                       the scene that is on
    latency 21.3 ms
    load 34% dropouts 0
    192.168.1.20                 where a phone finds it

Trouble takes the room below the title; what was just said does so for a few seconds. Where there
are fewer lines than facts, load and dropouts stay longest.
"""

import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

STARTING = "starting"


@dataclass(frozen=True)
class Shown:
    """The facts of one look. '' and None: not known, and then not shown."""

    instrument: str = ""
    scene: str = ""
    address: str = ""
    latency_ms: float | None = None
    load: float | None = None
    """Of the deadline: 1 is all of it."""
    dropouts: int | None = None
    trouble: str = ""
    message: str = ""


def lines_of(shown: Shown, columns: int, rows: int) -> tuple[str, ...]:
    """At most `rows` lines of at most `columns` letters; the first is the title.

    Raises:
        ValueError: if there is no room for a word at all.
    """
    if columns < 8 or rows < 1:
        raise ValueError(f"a display of {columns} × {rows} letters; at least 8 × 1 are needed")
    title = shown.instrument or "Ondine"
    said = shown.message or shown.trouble
    body = _wrapped(said, columns, rows - 1) if said else _facts(shown, columns, rows - 1)
    return tuple(_cut(plain(line), columns) for line in (title, *body))


def plain(text: str) -> str:
    """With letters alone that a small font has (Latin 1); others as their base letter, or as ?."""
    letters = []
    for letter in unicodedata.normalize("NFC", text):
        if not letter.isprintable():
            letters.append(" ")
        elif ord(letter) < 0x100:
            letters.append(letter)
        else:
            base = unicodedata.normalize("NFKD", letter)[0]
            letters.append({"–": "-", "’": "'", "…": ".", "“": '"', "”": '"'}.get(letter, base))
    return "".join(letter if ord(letter) < 0x100 else "?" for letter in letters)


def _facts(shown: Shown, columns: int, rows: int) -> Sequence[str]:
    """In the order in which they stand, with how soon each gives way: 0 is the last to go."""
    facts: list[tuple[int, str]] = [(3, shown.scene)]
    if shown.latency_ms is not None:
        facts.append((1, f"latency {shown.latency_ms:.1f} ms"))
    if shown.load is not None and shown.dropouts is not None:
        load, dropouts = f"load {min(shown.load, 9.99):.0%}", f"dropouts {_count(shown.dropouts)}"
        both = f"{load} {dropouts}"
        facts += [(0, both)] if len(both) <= columns else [(2, load), (0, dropouts)]
    elif not shown.scene:
        facts.append((0, STARTING))
    facts.append((2, shown.address))
    told = [(order, text) for order, text in facts if text]
    stays = sorted(range(len(told)), key=lambda place: told[place][0])[: max(rows, 0)]
    return [told[place][1] for place in sorted(stays)]


def _wrapped(text: str, columns: int, rows: int) -> Sequence[str]:
    if rows < 1:
        return []
    lines = textwrap.wrap(plain(text), columns)
    if len(lines) > rows:
        lines = lines[:rows]
        lines[-1] = lines[-1][: columns - 3].rstrip() + "..."
    return lines


def _count(number: int) -> str:
    return str(number) if number < 10_000 else f"{number // 1000}k"


def _cut(line: str, columns: int) -> str:
    return line if len(line) <= columns else line[: columns - 1] + "~"
