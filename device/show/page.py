"""`ondine status`: the status as a table, once or live, or as JSON."""

import itertools
import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from device.errors import AudioError, ConfigError
from device.show.display import in_trouble
from device.show.facts import Board, facts, histogram, numbers, read_board
from device.status import Status

FRAMES_PER_S = 4.0
BOARD_EVERY = 20
"""Frames: a board is warm for minutes, and asking some takes a program."""
_NOTHING = "nothing is playing here. Start with: ondine play"


def show_status(console: Console, path: Path, *, as_json: bool = False) -> None:
    """Print the status at `path` once.

    Raises:
        ConfigError: if nothing plays.
        AudioError: if it is of another version.
    """
    if not path.exists():
        raise ConfigError(_NOTHING)
    status, now_s, machine = Status(path), time.monotonic(), read_board()
    if as_json:
        console.print(json.dumps(numbers(status, now_s, machine)), markup=False)
    else:
        console.print(page(status, now_s, machine))


def watch_status(console: Console, path: Path, *, as_json: bool = False) -> None:
    """Print it `FRAMES_PER_S` times a second until Ctrl-C; what does not play may yet begin to.

    On a terminal the same table is drawn over and over; elsewhere only JSON makes sense, line by
    line.
    """
    try:
        if as_json or not console.is_terminal:
            for status, now_s, machine in _seen(path, _ticks()):
                told: dict[str, object] = (
                    {"state": status}
                    if isinstance(status, str)
                    else numbers(status, now_s, machine)
                )
                console.print(json.dumps(told), markup=False, soft_wrap=True)
            return
        with Live(console=console, auto_refresh=False, screen=False) as picture:
            for status, now_s, machine in _seen(path, _ticks()):
                shown: RenderableType = (
                    Text(status) if isinstance(status, str) else page(status, now_s, machine)
                )
                picture.update(shown, refresh=True)
    except KeyboardInterrupt:
        return


def page(status: Status, now_s: float, machine: Board) -> Group:
    """The facts as a table, and the loads as a picture under them."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, fact in facts(status, now_s, machine).items():
        wrong = name == "refused" or (name == "plays" and in_trouble(status))
        table.add_row(name, Text(fact, "red" if wrong else ""))
    table.add_row("loads", histogram(status))
    return Group(table)


def _ticks() -> Iterator[int]:
    """Numbers, one each frame."""
    for number in itertools.count():
        yield number
        time.sleep(1.0 / FRAMES_PER_S)


def _seen(path: Path, ticks: Iterable[int]) -> Iterator[tuple[Status | str, float, Board]]:
    """The status at each tick, or why there is none. It is opened anew each time: audio that is
    started again may have made another."""
    machine = Board()
    for number in ticks:
        if number % BOARD_EVERY == 0:
            machine = read_board()
        seen: Status | str
        try:
            seen = Status(path) if path.exists() else _NOTHING
        except AudioError as error:
            seen = str(error)
        yield seen, time.monotonic(), machine
