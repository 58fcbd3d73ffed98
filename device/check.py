"""`ondine check`, the gig check: what stands in the way of tonight's concert, in plain sentences.

    programs ─► settings ─► cards ─► rights ─► processor, power ─► disk ─► instruments, memory

Nothing is changed and nothing that plays is disturbed: rights are tried out in processes that end
at once, and a card that is played on is not opened.
"""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console

from device.config import Profile, load_profile
from device.errors import OndineError
from device.gig.finding import Finding, exit_code
from device.gig.ground import Ground
from device.gig.paper import Tell, Waiting, json_of, show
from device.gig.power import power
from device.gig.processor import processor
from device.gig.programs import programs
from device.gig.rights import rights
from device.gig.sounding import Sounding, sounding
from device.gig.storage import storage
from device.paths import model_folders, run_folder, seen_file

__all__ = ["Finding", "Ground", "check", "examine", "exit_code"]


def check(model: str | None = None, *, as_json: bool = False) -> int:
    """Look, print what was found, and return the exit code."""
    console = Console(highlight=False)
    if as_json:
        found = list(examine(model))
        click.echo(json_of(found))
        return exit_code(found)
    with contextlib.closing(Waiting(console)) as waiting:
        return show(console, examine(model, tell=waiting.tell))


def _quiet(name: str, number: int, count: int) -> None:
    pass


def examine(
    model: str | None = None, ground: Ground | None = None, tell: Tell = _quiet
) -> Iterator[Finding]:
    """Look at the machine, then at one instrument or at all of them.

    `tell` hears before each instrument which it is: the first look at a large one takes seconds.
    """
    ground = ground or Ground()
    first = list(programs(ground))
    yield from first
    profile, playing, settings = _settings(ground)
    yield from settings
    if exit_code(first) < 2:
        yield from _playable(model, profile, playing, ground, tell)
    else:
        # What follows would bring the check down as it brought the probe down.
        yield from power(ground)


def _playable(
    model: str | None, profile: Profile, playing: Sounding | None, ground: Ground, tell: Tell
) -> Iterator[Finding]:
    """The findings of all that needs the libraries."""
    from device.gig.instruments import instruments
    from device.gig.memory import memory
    from device.gig.provider import provider
    from device.gig.sound import cards, chosen_card, look_at_cards

    seen = look_at_cards(profile.audio, playing, ground)
    yield from cards(seen, profile.audio, playing, ground)
    yield from rights(ground, playing)
    yield from provider(profile.engine, ground)
    yield from processor(profile.audio, ground)
    yield from power(ground)
    yield from storage(_folders(ground), ground)
    found = instruments(model, profile, chosen_card(seen, profile.audio), ground, tell)
    yield from found.findings
    if finding := memory(found.graph_bytes, profile, playing is not None, ground):
        yield finding


def _settings(ground: Ground) -> tuple[Profile, Sounding | None, list[Finding]]:
    """The profile (the built-in one if there is none to be had), what plays, and findings."""
    try:
        profile = load_profile(ground.environment)
        folder = run_folder(ground.environment)
        playing = sounding(folder, time.monotonic(), ground)
    except OndineError as error:
        return Profile(), None, [Finding("settings", "stop", f"{str(error).rstrip('.')}.")]
    found = [Finding("settings", "fine", f"profile {profile.name}, tables in {folder.path}")]
    if playing:
        found.append(_playing(playing))
    return profile, playing, found


def _playing(playing: Sounding) -> Finding:
    told = f"{playing.name} plays now, {playing.dropouts or 'no'} dropouts so far"
    if not playing.trouble and not playing.dropouts:
        return Finding("playing", "fine", told)
    trouble = f" {playing.trouble.rstrip('.')}." if playing.trouble else ""
    return Finding("playing", "worry", f"{told}.{trouble} More: ondine status")


def _folders(ground: Ground) -> list[Path]:
    """Where takes, measurements and instruments are kept, if they are."""
    from device.takes.take import takes_folder

    models = [folder for folder in model_folders(ground.environment)[1:3] if folder.is_dir()]
    return [takes_folder(ground.environment), seen_file(ground.environment).parent, *models]
