"""The command line: `ondine play | render | bench | info | check | status | …`, and more.

Heavy libraries are only imported by the command that needs them: `ondine --help` answers at once.
"""

import math
import os
from pathlib import Path
from typing import Any

import click

from device import __version__
from device.cli_group import Ondine
from device.paths import DEFAULT_INSTRUMENT

PRECISIONS = click.Choice(["auto", "fp32", "int8"])
SEED = click.IntRange(0, 2**32 - 1)
HEADROOM = click.IntRange(1, 65_536)
SETTING = "Set a parameter, such as dry_wet=0.5; may be given again."


class Seconds(click.ParamType[float]):
    """A length of time: finite and above zero."""

    name = "seconds"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            seconds = float(str(value))
        except ValueError:
            seconds = math.nan
        if not 0.0 < seconds <= 86_400.0:
            self.fail(f"{value!r} is not a number of seconds above 0, up to a day", param, ctx)
        return seconds


@click.group(cls=Ondine, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ondine")
def cli() -> None:
    """Ondine: a neural instrument in a box."""


@cli.command()
@click.argument("model", required=False, metavar="[NAME|FILE.ondine]")
@click.option("--input", metavar="WAV|silence|card", help="What the instrument hears.")
@click.option("--output", type=Path, metavar="WAV", help="Write the sound here, without a card.")
@click.option("--card", metavar="NAME", help="A sound card by name, or none.")
@click.option("--seconds", type=Seconds(), help="Stop after so long.")
@click.option("--precision", type=PRECISIONS)
@click.option("--headroom", "headroom_frames", type=HEADROOM, metavar="FRAMES")
@click.option("--timeline", type=Path, metavar="JSON", help="Move parameters by a script.")
@click.option("--osc-host", metavar="ADDRESS", help="0.0.0.0 lets the whole network in.")
@click.option("--osc-port", type=click.IntRange(0, 65_535), help="0 takes any free port.")
@click.option("--set", "settings", multiple=True, metavar="ID=VALUE", help=SETTING)
@click.option("--seed", type=SEED, default=0, help="Of the noise.")
@click.option("--scene", metavar="NUMBER|NAME|none", help="Default: the last one.")
@click.option("--drums", is_flag=True, help="Sixteen pads beside it.")
@click.option("--patch", type=Path, metavar="JSON", help="Which control moves what.")
@click.option(
    "--simulate",
    type=Path,
    is_flag=False,
    flag_value=Path(),
    metavar="[JSON]",
    help="A panel without one: moved by a script, or by keys.",
)
@click.option("--apps-host", metavar="ADDRESS", help="Where other apps are listened for.")
@click.option("--apps-port", type=click.IntRange(0, 65_535), help="6448 is Wekinator's.")
@click.option("--query-port", type=click.IntRange(0, 65_535), help="Layouts for a phone; TCP.")
def play(**options: Any) -> None:
    """Play an instrument.

    The built-in one, one by its name, or a bundle file. Stop with Ctrl-C.
    """
    # Before numpy is imported: its threads would hold up those that play.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from device.config import load_profile, profile_to_sound
    from device.play.begin import beginning
    from device.play.company import is_unit
    from device.play.wish import Play

    profile, slip = profile_to_sound() if is_unit() else (load_profile(), "")
    with beginning(Play(**options), profile) as begun:
        # Only now, while the sound starts: reading these takes longer than all of it.
        from device.app import play as go_on
        from device.show.screen import Screen

        screen = Screen()
        if slip:
            screen.say(slip)
        go_on(begun, screen)


@cli.command()
@click.argument("folder", required=False, type=Path, metavar="[FOLDER]")
@click.option("--seed", type=SEED, help="Of what is made up; default: another each time.")
@click.option("--card", metavar="NAME", help="A sound card by name, or none.")
@click.option("--seconds", type=Seconds(), help="Stop after so long.")
@click.option("--osc-port", type=click.IntRange(0, 65_535), help="0 takes any free port.")
@click.pass_context
def drums(ctx: click.Context, folder: Path | None, seed: int | None, **options: Any) -> None:
    """Play drums: a kit of a folder of sounds, or made up.

    Sixteen pads beside whatever instrument plays.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from device.library.command import prepare

    click.echo(prepare(folder, seed))
    ctx.invoke(play, drums=True, input="silence", **options)


@cli.command()
@click.argument("in_wav", type=Path, metavar="IN.wav")
@click.argument("out_wav", type=Path, metavar="OUT.wav")
@click.option(
    "--model",
    default=DEFAULT_INSTRUMENT,
    metavar="NAME|FILE.ondine",
    help="Default: the built-in instrument.",
)
@click.option("--timeline", type=Path, metavar="JSON", help="Move parameters by a script.")
@click.option("--set", "settings", multiple=True, metavar="ID=VALUE", help=SETTING)
@click.option("--precision", type=PRECISIONS, default="auto")
@click.option("--seed", type=SEED, default=0, help="Of the noise.")
def render(in_wav: Path, out_wav: Path, model: str, **options: Any) -> None:
    """Send a sound file through an instrument.

    Faster than real time, and to the sample what the stage would hear.
    """
    from device.offline import render as render_offline

    click.echo(render_offline(in_wav, out_wav, model=model, **options))


@cli.command()
@click.argument("model", default=DEFAULT_INSTRUMENT, metavar="[NAME|FILE.ondine]")
@click.option("--seconds", type=Seconds(), default=5.0, help="Of sound to measure; default 5.")
@click.option("--precision", type=PRECISIONS, help="Default: each that the instrument has.")
@click.option("--headroom", "headroom_frames", type=HEADROOM, metavar="FRAMES")
def bench(**options: Any) -> None:
    """Measure whether an instrument fits this machine."""
    from rich.console import Console

    from device.offline import measure

    measure(Console(highlight=False), **options)


@cli.command()
@click.argument("model", required=False, metavar="[NAME|FILE.ondine]")
@click.option("--headroom", "headroom_frames", type=HEADROOM, metavar="FRAMES")
def info(model: str | None, headroom_frames: int | None) -> None:
    """Show an instrument's passport.

    Without a name: which instruments there are.
    """
    from rich.console import Console

    from device.bundle import open_bundle
    from device.info import show_bundle, show_names
    from device.paths import bundles, find_bundle

    console = Console(highlight=False)
    if model is None:
        show_names(console, bundles())
    else:
        path = find_bundle(model)
        show_bundle(console, path, open_bundle(path).manifest, headroom_frames)


@cli.command()
@click.argument("model", required=False, metavar="[NAME|FILE.ondine]")
@click.option("--json", "as_json", is_flag=True, help="For machines: one JSON object.")
@click.option("--panel", is_flag=True, help="Try every knob, button, sensor and light.")
@click.option(
    "--simulate",
    type=Path,
    is_flag=False,
    flag_value=Path(),
    metavar="[JSON]",
    help="With --panel: one that is moved by a script, or by keys.",
)
def check(model: str | None, as_json: bool, panel: bool, simulate: Path | None) -> int:
    """Look for what stands in the way of a concert.

    Ends with 0 if all is fine, 1 if it plays with a risk, 2 if it cannot play.
    """
    if panel and model is None:
        from device.gig.panel_show import check_panel

        return check_panel(simulate, as_json=as_json)
    if panel or simulate is not None:
        raise click.UsageError("--panel goes without an instrument, and --simulate with --panel")
    from device.check import check as look

    return look(model, as_json=as_json)


@cli.command()
@click.option("--watch", is_flag=True, help="Go on showing it, live; Ctrl-C leaves.")
@click.option("--json", "as_json", is_flag=True, help="For machines: one line of JSON.")
def status(watch: bool, as_json: bool) -> None:
    """Show how what is playing now is doing."""
    from rich.console import Console

    from device.paths import run_folder
    from device.show.page import show_status, watch_status

    path = run_folder().status
    # In full, where it is read by another program: a narrow terminal folds what is too long.
    console = Console(highlight=False, soft_wrap=as_json)
    if watch:
        watch_status(console, path, as_json=as_json)
    else:
        show_status(console, path, as_json=as_json)


@cli.command()
@click.argument("model", metavar="NAME|FILE.ondine")
@click.option(
    "--latency",
    type=click.Choice(["keep", "free"]),
    default="keep",
    help="Whether it may become later or earlier; default: keep.",
)
@click.option("--precision", type=PRECISIONS)
def load(model: str, latency: str, precision: str | None) -> None:
    """Load another instrument into what plays now.

    The sound goes on, and crosses over when the other one is ready.
    """
    from device.paths import run_folder
    from device.play.load import load as load_now

    click.echo(load_now(run_folder(), model, latency=latency, precision=precision))


@cli.command()
@click.option("--minutes", type=float, help="Default: all that are there.")
@click.option("-o", "--output", "folder", type=Path, metavar="FOLDER", help="Where takes go.")
def keep(minutes: float | None, folder: Path | None) -> None:
    """Keep what was just heard, as WAV and JSON.

    The last minutes are always there for it.
    """
    from rich.console import Console

    from device.paths import run_folder
    from device.takes.keep import keep as keep_now

    click.echo(keep_now(run_folder(), folder, minutes, Console(stderr=True)))


def main() -> None:
    """The entry point of the `ondine` program."""
    cli()
