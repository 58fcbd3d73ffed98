"""`ondine keep`: have the control process write the take, or write it here if there is none."""

import datetime
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from device.audio.tape import MAX_SECONDS, Tape
from device.control.control_socket import ask
from device.errors import AudioError, ConfigError, ControlError
from device.paths import RunFolder
from device.status import Status
from device.takes.take import keep_take, takes_folder

LIMIT_S = 120.0
"""For a slow disk. A control process that hangs is not waited for any longer."""
PATIENCE_S = 2.0
"""What takes longer is shown."""

T = TypeVar("T")


def keep(folder: RunFolder, takes: Path | None, minutes: float | None, console: Console) -> str:
    """Keep the last `minutes` (all, if None) in `takes`, by whoever can; returns what to say.

    Raises:
        ConfigError: if so many minutes are never there.
        ControlError: if nothing plays and no tape is left.
        AudioError: if the take cannot be written.
    """
    request: dict[str, object] = {"command": "keep"}
    if minutes is not None and not 0.0 < 60.0 * minutes <= MAX_SECONDS:
        raise ConfigError(
            f"{minutes:g} minutes cannot be kept; above 0, up to {MAX_SECONDS / 60:g}"
        )
    seconds = None if minutes is None else 60.0 * minutes
    if seconds is not None:
        request["seconds"] = seconds
    if takes is not None:
        # The control process may be in another folder.
        request["folder"] = str(takes.absolute())
    try:
        answer = _shown(console, lambda _: ask(folder.control, request, LIMIT_S))
    except ControlError:
        if not folder.tape.exists():
            raise
    else:
        if not answer["ok"]:
            raise AudioError(answer["say"])
        return str(answer["say"])
    take = _shown(
        console,
        lambda progress: keep_take(
            Tape(folder.tape),
            takes or takes_folder(),
            name=_name(folder),
            now=datetime.datetime.now().astimezone(),
            now_s=time.monotonic(),
            seconds=seconds,
            progress=progress,
        ),
    )
    return f"{take.sentence}, without the moves: the control process is gone."


def _name(folder: RunFolder) -> str:
    """What played last, if it can still be told."""
    try:
        return Status(folder.status).text("name")
    except AudioError:
        return ""


def _shown(console: Console, work: Callable[[Callable[[float], None]], T]) -> T:
    """Do `work(progress)` in a thread of its own, with a bar if it takes a while."""
    done: list[T] = []
    failed: list[BaseException] = []
    share = [0.0]

    def run() -> None:
        try:
            done.append(work(lambda so_far: share.__setitem__(0, so_far)))
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run, name="keep", daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    if thread.is_alive():
        columns = (TextColumn("Keeping"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("", total=None)
            while thread.is_alive():
                thread.join(0.1)
                # Another process writes it and does not say how far it is.
                bar.update(task, completed=share[0], total=1.0 if share[0] else None)
    if failed:
        raise failed[0]
    return done[0]
