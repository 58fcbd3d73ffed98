"""`ondine convert`: the command line of the converter."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from device.errors import ConvertError


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The bundle to write.")
@click.option("--block", type=int, help="Frames per block; a multiple of the model's hop.")
@click.option("--precision", type=click.Choice(["fp32", "int8", "both"]), default="both")
@click.option(
    "--calibrate",
    type=click.Path(path_type=Path),
    help="A folder of your sounds to measure int8 on; a built-in set otherwise.",
)
@click.option("--report", is_flag=True, help="Write NAME.report.md beside the bundle.")
@click.option("--author", multiple=True, help="Who trained it; may be given again.")
@click.option("--licence", default="unknown", help="Under which it may be played and shared.")
@click.option("--corpus", default="", help="What it was trained on.")
@click.option("--consent", default="", help="Whether those heard in it agreed.")
def convert(
    model: Path,
    output: Path | None,
    block: int | None,
    precision: str,
    calibrate: Path | None,
    report: bool,
    author: tuple[str, ...],
    licence: str,
    corpus: str,
    consent: str,
) -> None:
    """Turn MODEL, a streaming nn~ export (.ts), into a bundle that Ondine plays."""
    output = output or Path(f"{model.stem}.ondine")
    if output.suffix != ".ondine":
        raise ConvertError(f"{output} does not end in .ondine; a bundle's name does.")
    if output.is_dir() or not output.parent.is_dir():
        raise ConvertError(f"cannot write {output}: its folder is not there, or it is a folder.")
    if block is not None and not 1 <= block <= 65_536:
        raise ConvertError(f"a block of {block} frames is not allowed: 1 to 65536 frames are.")
    from convert.pipeline import STAGES, Options, convert  # torch takes seconds to import
    from convert.report import page, remarks, summary

    console = Console()
    options = Options(block, precision, calibrate, author, licence, corpus, consent)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=STAGES)
        stage = -1

        def say(what: str) -> None:
            nonlocal stage
            stage += 1
            progress.update(task, completed=stage, description=what)
            if not console.is_terminal:
                console.print(f"{stage + 1}/{STAGES} {what}")

        converted = convert(model, output, options, say)
    console.print(summary(converted))
    for line in remarks(converted):
        console.print(line)
    if report:
        path = output.with_suffix(".report.md")
        path.write_text(page(converted))
        console.print(f"Report: {path}")
    console.print(f"Play it: ondine play {output}")
