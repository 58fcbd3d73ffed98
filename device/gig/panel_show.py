"""`ondine check --panel`: the walk through a panel, in a terminal or driven by a script."""

import json
import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from device.config import load_profile
from device.control.panel.keyboard import Keys as SimulatedKeys
from device.control.panel.profile import PanelProfile
from device.control.panel.simulate import SimulatedWiring
from device.control.panel.wiring import RealWiring, Wiring
from device.errors import ControlError
from device.gig.finding import Finding, exit_code
from device.gig.panel_parts import PanelParts
from device.gig.panel_tasks import Task, tasks
from device.gig.panel_walk import Eye, View, Walk
from device.oled.glass import KeptGlass

VERDICTS = (
    "Everything on the panel works.",
    "What is marked ! was not seen to work.",
    "What is marked ✗ does not answer.",
)
"""By exit code."""
SCRIPT_PATIENCE_S = 10.0
_MARKS = {"fine": "[green]✓[/]", "worry": "[yellow]![/]", "stop": "[red]✗[/]"}
_BAR = 24
_SHOWN_S = 0.05


def check_panel(simulate: Path | None = None, *, as_json: bool = False) -> int:
    """Walk through this box's panel and return the exit code: 0 all works, 1 not all was seen to,
    2 a part does not answer.

    `simulate` is a script (a timeline file) that moves a simulated panel, or Path() for keys.

    Raises:
        ConfigError: if the profile cannot be used.
        ControlError: if it has no panel, the script is wrong, or nobody can be asked.
    """
    profile = load_profile()
    scripted = simulate is not None and simulate != Path()
    if not scripted and not sys.stdin.isatty():
        raise ControlError(
            "nobody can be asked to turn and press: run ondine check --panel in a terminal, or "
            "give it a script, --simulate FILE.json"
        )
    wiring: Wiring = RealWiring()
    if simulate is not None:
        wiring = SimulatedWiring(profile.panel, time.monotonic, simulate if scripted else None)
    console = Console(highlight=False, stderr=as_json)
    terminal = None if scripted else Terminal(wiring)
    try:
        return walk_panel(
            profile.name,
            profile.panel,
            wiring,
            console,
            key=terminal.key if terminal else _no_key,
            as_json=as_json,
        )
    finally:
        if terminal:
            terminal.close()


def _no_key(task: Task) -> str:
    return ""


def walk_panel(
    name: str,
    panel: PanelProfile,
    wiring: Wiring,
    console: Console,
    *,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], None] = time.sleep,
    key: Callable[[Task], str] = _no_key,
    as_json: bool = False,
) -> int:
    """The walk with everything it stands on passed in; prints, and returns the exit code.

    Without keys, what shows nothing new for some seconds is given up; so it ends.

    Raises:
        ControlError: if there is nothing on the panel.
    """
    todo = tasks(panel)
    if not todo:
        raise ControlError(
            f"the profile {name} has no panel. Choose one that has: "
            "ONDINE_PROFILE=hardware/pi4/profile.toml"
        )
    parts = PanelParts(panel, wiring, clock)
    simulated = isinstance(wiring, SimulatedWiring)
    eye = seen_in(wiring, parts) if isinstance(wiring, SimulatedWiring) else None
    screen = Screen(console, clock, _words(simulated) if key is not _no_key else "")
    walk = Walk(
        panel,
        parts,
        clock,
        wait,
        key,
        screen.tell,
        screen.told,
        float("inf") if key is not _no_key else SCRIPT_PATIENCE_S,
        eye,
    )
    try:
        findings = walk.through(todo)
    finally:
        screen.close()
        parts.close()
    code = exit_code(findings)
    if as_json:
        rows = [{"what": f.what, "level": f.level, "sentence": f.sentence} for f in findings]
        told = {"code": code, "verdict": VERDICTS[code], "findings": rows}
        click.echo(json.dumps(told, indent=1, ensure_ascii=False))
    else:
        _summary(console, findings, code)
    return code


def seen_in(wiring: SimulatedWiring, parts: PanelParts) -> Eye:
    """An eye on a simulated panel's lights and displays."""

    def look(task: Task) -> float:
        for display in parts.displays:
            if display.called == task.name:
                return float(isinstance(display.glass, KeptGlass) and display.glass.lit)
        return float(wiring.board.outputs.get(task.pin, False))

    return look


def _summary(console: Console, findings: list[Finding], code: int) -> None:
    table = Table(title="\nThe panel", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for column in ("", "part", "what was found"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        table.add_row(_MARKS[finding.level], escape(finding.what), escape(finding.sentence))
    console.print(table)
    console.print(f"\n{VERDICTS[code]}")


class Screen:
    """What is asked for now, live on a terminal; below each other what was found."""

    def __init__(self, console: Console, clock: Callable[[], float], keys: str = "") -> None:
        """`keys` says which keys do what; "" where there are none."""
        self._console, self._clock, self._keys = console, clock, keys
        self._shown_s = -1.0
        self._live: Live | None = None

    def tell(self, view: View) -> None:
        """Show a moment of the walk."""
        now_s = self._clock()
        if not self._console.is_terminal or now_s - self._shown_s < _SHOWN_S:
            return
        self._shown_s = now_s
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        self._live.update(_page(view, self._keys), refresh=True)

    def told(self, finding: Finding) -> None:
        """One thing is done or given up."""
        mark = _MARKS[finding.level]
        self._console.print(f"{mark} [bold]{escape(finding.what)}[/]  {escape(finding.sentence)}")
        self._shown_s = -1.0

    def close(self) -> None:
        """Take the live part away."""
        if self._live is not None:
            self._live.stop()
            self._live = None


def bar(value: float | None) -> str:
    """A value of 0..1 as a bar of 24 places; empty if it was never heard."""
    full = round(min(max(value or 0.0, 0.0), 1.0) * _BAR)
    return "█" * full + "·" * (_BAR - full)


def _words(simulated: bool) -> str:
    return "s skip   q stop" + ("   - = 0 1 space move it" if simulated else "")


def _page(view: View, keys: str) -> Text:
    task, seen = view.task, view.seen
    text = Text()
    text.append(f"\n{view.number} of {view.count}  ", "dim")
    text.append(task.name, "bold")
    text.append(f"  {task.ask}\n", "bold cyan")
    text.append(f"{task.where}\n", "dim")
    if task.manner != "light":
        low, high = ("✓" if there else " " for there in (seen.low, seen.high))
        number = "" if seen.last is None else f"{seen.last:.2f}"
        text.append(f"{low} {bar(seen.last)} {high}  {number}\n")
    if view.hint:
        text.append(f"{view.hint}\n", "yellow")
    if keys:
        text.append("y yes   n no   q stop" if task.manner == "light" else keys, "dim")
    return text


class Terminal:
    """The keys of a terminal, without waiting for one; those for a simulated panel move it."""

    def __init__(self, wiring: Wiring, terminal: int = 0) -> None:
        """`terminal` is an open file; 0 is where the check was started."""
        self._file = terminal
        self._before: list[Any] = termios.tcgetattr(terminal)
        tty.setcbreak(terminal)
        self._moves = SimulatedKeys(wiring) if isinstance(wiring, SimulatedWiring) else None

    def key(self, task: Task) -> str:
        """The key that was pressed, or ""."""
        if not select.select([self._file], [], [], 0)[0]:
            return ""
        typed = os.read(self._file, 64).decode(errors="ignore")
        if not typed:  # the terminal was closed
            return "q"
        if self._moves is not None and typed[:1].lower() not in "ynsq":
            self._move(task, typed)
            return ""
        return typed[:1].lower()

    def close(self) -> None:
        """Leave the terminal as it was."""
        termios.tcsetattr(self._file, termios.TCSADRAIN, self._before)

    def _move(self, task: Task, typed: str) -> None:
        """The keys of a simulated panel move what is asked for."""
        assert self._moves is not None
        first = self._moves.chosen
        while self._moves.chosen != task.name:
            self._moves.press("]")
            if self._moves.chosen == first:  # a light, which nothing moves
                return
        # Several at once, if they come quickly; an arrow is three characters.
        for key in [typed] if typed.startswith("\x1b") else typed:
            self._moves.press(key)
