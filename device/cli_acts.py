"""Commands that are made of acts: `ondine scene recall 3` asks what plays for scene/recall."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from device.errors import ControlError
from device.words import nearest

LIMIT_S = 90.0
"""A scene may bring a large model in from a slow card."""
GROUPS = {
    "scene": ("device.scenes.acts", "SCENE_ACTS", "Save scenes and put them back."),
    "morph": ("device.scenes.acts", "MORPH_ACTS", "Move between scenes by a control."),
    "map": ("device.maps.acts", "MAP_ACTS", "Play, pair, learn: from poses to sounds."),
    "control": ("device.hands.acts", "CONTROL_ACTS", "Teach knobs what they move, and how."),
    "pads": ("device.pads.acts", "PADS_ACTS", "Strike pads, and change what is on them."),
    "stick": ("device.sticks.acts", "STICK_ACTS", "Take instruments from a USB stick."),
    "box": ("device.power.acts", "POWER_ACTS", "Switch the box off, or start it again."),
    "reduce": ("device.hands.acts", "REDUCE_ACTS", "Make a few signals of many landmarks."),
}
"""Where the acts of a group are, and what it is for."""


class Guessing(click.Group):
    """A group that says which command may have been meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            near = nearest(args[0], self.list_commands(ctx))
            raise click.UsageError(f"there is no command {args[0]!r}{near}", ctx) from None


def group_of(name: str) -> click.Group:
    """The group of commands for one kind of acts."""
    module, constant, about = GROUPS[name]
    group = Guessing(name, help=about, context_settings={"help_option_names": ["-h", "--help"]})
    for spec in getattr(importlib.import_module(module), constant):
        group.add_command(_command(spec))
    if name == "scene":
        group.add_command(click.Command("list", callback=_list_scenes, help="Show every scene."))
    return group


def _command(spec: Any) -> click.Command:
    parameters: list[click.Parameter] = [
        click.Argument(
            [f"a{place}"],
            required=not argument.optional,
            nargs=-1 if argument.many else 1,
            metavar=_metavar(argument),
        )
        for place, argument in enumerate(spec.arguments)
    ]

    def do(**given: Any) -> None:
        arguments: list[str] = []
        for place, argument in enumerate(spec.arguments):
            value = given[f"a{place}"]
            words = value if isinstance(value, tuple) else () if value is None else (value,)
            # What plays may be in another folder.
            arguments += [str(Path(w).resolve()) if argument.name == "file" else w for w in words]
        click.echo(ask_for(spec.name, arguments))

    help = "\n\n".join([spec.about, *(_line(argument) for argument in spec.arguments)])
    # -1 is a number here, and no option.
    settings = {"ignore_unknown_options": True}
    name = spec.name.partition("/")[2].replace("/", "-")
    return click.Command(name, settings, do, parameters, help=help, short_help=spec.about)


def ask_for(name: str, arguments: Sequence[str]) -> str:
    """Have an act done by what plays now; returns what it says.

    Raises:
        ControlError: if nothing plays, or it cannot be done, and why.
    """
    from device.control.control_socket import ask
    from device.paths import run_folder

    request: dict[str, object] = {"command": "act", "name": name, "arguments": list(arguments)}
    answer = ask(run_folder().control, request, LIMIT_S)
    if not answer.get("ok"):
        raise ControlError(answer["say"])
    return str(answer["say"])


def _list_scenes() -> None:
    from rich.console import Console

    from device.show.scenes import show_scenes

    show_scenes(Console(highlight=False))


def _metavar(argument: Any) -> str:
    word = argument.name.upper() + ("…" if argument.many else "")
    return f"[{word}]" if argument.optional else word


def _line(argument: Any) -> str:
    return f"{argument.name.upper()}: {argument.about}" if argument.about else ""
