"""What `ondine render` and `ondine bench` do: find, check, run, and say what came of it."""

from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.progress import Progress

from device.audio import realtime
from device.bench import bench, bench_each, report, verdict
from device.bundle import open_bundle
from device.control.setting import read_settings
from device.control.timeline import Timeline
from device.control.timeline_file import read_timeline
from device.manifest import Precision
from device.params import specs_of
from device.paths import find_bundle, seen_file
from device.render import render_file
from device.seen import write_seen
from device.words import printable


def render(
    in_wav: Path,
    out_wav: Path,
    *,
    model: str,
    timeline: Path | None = None,
    settings: tuple[str, ...] = (),
    precision: Literal["auto"] | Precision = "auto",
    seed: int = 0,
) -> str:
    """Render a file; returns a sentence. `settings` hold until the timeline moves them.

    Raises:
        OndineError: with a sentence, if any part of it cannot be done.
    """
    path = find_bundle(model)
    manifest = open_bundle(path).manifest
    specs = specs_of(manifest)
    held = read_settings(settings, specs)
    events = read_timeline(timeline, specs) if timeline else []
    screen = Console(stderr=True)
    with Progress(transient=True, console=screen, disable=not screen.is_terminal) as progress:
        task = progress.add_task("rendering", total=1.0)
        rendered = render_file(
            path,
            in_wav,
            out_wav,
            timeline=Timeline(events, specs, held),
            precision=precision,
            seed=seed,
            progress=lambda share: progress.update(task, completed=share),
        )
    seconds = rendered.audio.shape[1] / rendered.sample_rate_hz
    sentence = (
        f"{out_wav}: {seconds:.2f} s through {printable(manifest.name)} in {rendered.precision}."
    )
    if rendered.limited_blocks:
        sentence += (
            f" The limiter worked in {rendered.limited_blocks} of {rendered.blocks} blocks; "
            "--set output_gain_db=-6 gives it room."
        )
    if rendered.repaired_blocks:
        sentence += f" {rendered.repaired_blocks} blocks were not finite and were muted."
    return sentence


def measure(
    console: Console,
    *,
    model: str,
    seconds: float = 5.0,
    precision: Literal["auto"] | Precision | None = None,
    headroom_frames: int | None = None,
) -> None:
    """Bench a bundle in every precision it has, or in one; print and keep what was seen.

    Raises:
        OndineError: with a sentence, if it cannot be played or the measurement not kept.
    """
    bundle = open_bundle(find_bundle(model))
    # As on stage; without it the slowest steps tell of the machine's other programs.
    if realtime.take_priority():
        console.print("Measured without real-time priority: other programs show in the slowest.")
    if precision is None:
        results = bench_each(bundle, seconds=seconds, headroom_frames=headroom_frames)
    else:
        results = [bench(bundle, precision, seconds=seconds, headroom_frames=headroom_frames)]
    realtime.step_back()
    console.print(report(results))
    name = printable(bundle.manifest.name)
    console.print(f"{name} {verdict(results)} on this machine.", markup=False)
    write_seen(seen_file(), results)
