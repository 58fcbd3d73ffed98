"""`python -m models.demos [NAME …] [-o FOLDER]`: play the demonstrations, draw and measure them.

Each gives NAME.wav and NAME.png, and NAME.in.wav if it hears something. Ends with 1 if one of them
clips, clicks, drifts or is silent.
"""

import argparse
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

import models
from device.errors import AudioError, ConfigError, OndineError
from device.words import nearest
from models.demos import NAMES, drumming, performing
from models.demos.measures import LOWEST_DB, Measures, faults, measure
from models.demos.picture import picture
from models.demos.shown import Shown

MODELS = Path(models.__path__[0])
DRUMS = "hail"


def bundle_of(name: str, folder: Path = MODELS) -> Path:
    """Where the bundle of an instrument that ships lies."""
    return folder / ("drums" if name == DRUMS else "bundles") / f"{name}.ondine"


def chosen(names: Sequence[str]) -> list[str]:
    """The demonstrations of these names; all, if there are none.

    Raises:
        ConfigError: with the nearest name, if one is unknown.
    """
    for name in names:
        if name not in NAMES:
            near = nearest(name, NAMES) or f"; there are {', '.join(NAMES)}"
            raise ConfigError(f"there is no demonstration {name!r}{near}")
    return [name for name in NAMES if name in names or not names]


def prepare(folder: Path) -> None:
    """Make the folder that demonstrations go to, and see that it can be written.

    Raises:
        AudioError: if it cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioError(
            f"cannot make the folder {folder} ({error.strerror}). Choose another with -o"
        ) from None
    if not os.access(folder, os.W_OK):
        raise AudioError(f"the folder {folder} is read-only. Choose another with -o")


def demonstrate(
    names: Iterable[str], folder: Path, progress: Progress, bundles: Path = MODELS
) -> dict[str, tuple[Shown, Measures]]:
    """Play, draw and measure demonstrations; the files go to `folder`.

    Raises:
        OndineError: if a bundle or a script cannot be used, or a file not be written.
    """
    found = {}
    tasks = {name: progress.add_task(name, total=1.0) for name in names}
    for name, task in tasks.items():

        def tell(share: float, task: TaskID = task) -> None:
            progress.update(task, completed=share)

        perform = drumming.perform if name == DRUMS else performing.perform
        shown = perform(name, bundle_of(name, bundles), folder, tell)
        try:
            picture(shown).save(folder / f"{name}.png", optimize=True)
        except OSError as error:
            raise AudioError(f"cannot write {folder / name}.png ({error})") from None
        found[name] = shown, measure(shown.played)
    return found


def report(found: dict[str, tuple[Shown, Measures]], folder: Path) -> Table:
    """What came of it, a row each."""
    table = Table(title=f"In {folder}: NAME.wav and NAME.png", title_justify="left")
    table.add_column("name")
    for head in ("seconds", "peak", "loudness", "mean", "click", "silent", "limited"):
        table.add_column(head, justify="right")
    for name, (shown, m) in found.items():
        table.add_row(
            name,
            f"{m.seconds:.1f}",
            f"{m.peak_db:.1f}",
            f"{m.loudness_lufs:.1f}",
            f"{m.dc:.0e}",
            f"{m.click_db:.0f}" if m.click_db > LOWEST_DB else "none",
            f"{100 * m.silence:.0f} %",
            f"{100 * shown.limited:.1f} %",
        )
    table.caption = (
        "peak and click in dBFS, loudness in LUFS; click: the largest step that stands alone; "
        "silent: of the time, below -60 dBFS; limited: of the blocks"
    )
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0, 1 if a demonstration is not fit to be heard, 2 if one could not be made."""
    parser = argparse.ArgumentParser(prog="demos", description="Play and draw demonstrations.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all")
    parser.add_argument("-o", "--out", type=Path, default=Path("build/demos"), metavar="FOLDER")
    options = parser.parse_args(arguments)
    console, screen = Console(highlight=False), Console(stderr=True)
    try:
        names = chosen(options.names)
        prepare(options.out)
        with Progress(console=screen, disable=not screen.is_terminal) as progress:
            found = demonstrate(names, options.out, progress)
    except OndineError as error:
        screen.print(f"demos: {error}", markup=False, soft_wrap=True)
        return 2
    console.print(report(found, options.out))
    wrong = [f"{name}: {fault}" for name, (_, m) in found.items() for fault in faults(m)]
    for line in wrong:
        console.print(line, markup=False)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
