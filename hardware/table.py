"""The same connections as a table, for the README of a box."""

from collections.abc import Iterator, Sequence

from hardware.boards import Board
from hardware.netlist import Feed, Part

BEGIN, END = "<!-- connections: made by hardware.draw -->", "<!-- end of connections -->"


def connections(parts: Sequence[Part], board: Board) -> str:
    """A Markdown table: one row for each thing to solder."""
    lines = ["| part | terminal | goes to |", "|---|---|---|"]
    for part in parts:
        note = f" ({part.note})" if part.note else ""
        for i, (terminal, to) in enumerate(_rows(part, board)):
            lines.append(f"| {f'**{part.name}**{note}' if not i else ''} | {terminal} | {to} |")
    free = [pin for pin in board.pins() if pin.kind == "signal"]
    used = {wire.pin for part in parts for wire in part.wires}
    names = ", ".join(f"{pin.number} ({pin.name})" for pin in free if pin.number not in used)
    return "\n".join([*lines, "", f"Not used: {names}."])


def put_between(text: str, table: str) -> str:
    """A README with the table between its markers.

    Raises:
        ValueError: if the markers are not both there, in this order.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the README has no place for the table; write {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


def _rows(part: Part, board: Board) -> Iterator[tuple[str, str]]:
    pins = {pin.number: pin for pin in board.pins()}
    for wire in part.wires:
        yield wire.terminal, f"pin {wire.pin}, {pins[wire.pin].name}"
    for other in part.others:
        if isinstance(other, Feed):
            yield other.terminal, _feed(other)
        else:
            ends = "; ".join(f"{f.terminal or 'an end'} to {_feed(f)}" for f in other.feeds)
            note = f"; {other.note}" if other.note else ""
            yield other.channel, f"{other.terminal} of {other.name} ({ends}{note})"


def _feed(feed: Feed) -> str:
    return f"{feed.rail} through {feed.through}" if feed.through else feed.rail
