"""`ondine drums FOLDER`: from a folder of sounds to drums under the player's hands, in one command.

folder ─► listen, with a progress bar ─► a kit of what is in it ─► play
"""

from pathlib import Path

import click
import numpy as np

from device.library.filling import filled
from device.library.library import Library, engine_named, remember
from device.library.listening import Report
from device.mapping.disk import Folder
from device.pads.board import LAST
from device.pads.generator import Generator, shipped
from device.pads.kit import blank, keep
from device.pads.kitchen import randomised
from device.pads.kits import kits_folder


def prepare(folder: Path | None, seed: int | None, engine: Path | None = None) -> str:
    """Lay out a kit for the next performance, from a folder or from the drum engine alone.

    Returns what to say. Can be ended at any time, and goes on where it was.

    Raises:
        OndineError: with a sentence, if there is nothing to make it of.
    """
    engine = engine or shipped()
    generator, rng = Generator(engine), np.random.default_rng(seed)
    disk = Folder(kits_folder())
    if folder is None:
        keep(disk, LAST, randomised(blank(), range(16), generator, rng))
        return "Sixteen drums, made up. Another time they are others."
    library = Library(folder, engine_named(engine))
    report = _listen(library, generator)
    remember(disk, folder)
    made, count = filled(library, generator, rng)
    keep(disk, LAST, made)
    lines = [f"{report.segments} sounds in {report.files} files; {count} of them are on the pads."]
    if count < len(made.pads):
        lines.append(f"{len(made.pads) - count} pads are made up: the folder lacks their kind.")
    lines += [f"{sentence.rstrip('.')}." for sentence in report.unheard[:5]]
    if len(report.unheard) > 5:
        lines.append(f"And {len(report.unheard) - 5} more files could not be read.")
    return "\n".join(lines)


def _listen(library: Library, generator: Generator) -> Report:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("listening"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as bar:
        task = bar.add_task("", total=None)
        return library.listen(
            generator.encode,
            progress=lambda done, of: bar.update(task, completed=done, total=of),
        )


@click.command()
@click.argument("folder", required=False, type=Path)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="The same kit again.")
def drums(folder: Path | None, seed: int | None) -> None:
    """Drums: from a folder of your sounds, or made up.

    Pads are MIDI notes 36 to 51. Stop with Ctrl-C; what was listened to is kept.
    """
    click.echo(prepare(folder, seed))
