"""The group that every command hangs from: commands that others add, and errors as sentences."""

import contextlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from device.cli_acts import GROUPS, Guessing, group_of
from device.errors import OndineError
from device.words import printable

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

_SUMMARIES = {name: about for name, (_, _, about) in GROUPS.items()} | {
    "convert": "Turn a trained model into a bundle."
}
_INSTALL = {"convert": "ondine convert needs the converter: pip install 'ondine[convert]'"}
_CONVERTER = ("torch", "onnx", "onnxscript")


class Ondine(Guessing):
    """The group: its own commands, those of the entry points, and errors as sentences."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which a player meets them; others' commands last."""
        others = (entry.name for entry in _entries())
        return list(dict.fromkeys([*self.commands, *GROUPS, *_INSTALL, *others]))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """As click does it, but without loading others' commands, which takes seconds."""
        rows = []
        for name in self.list_commands(ctx):
            own = self.commands.get(name)
            rows.append((name, own.get_short_help_str(68) if own else _SUMMARIES.get(name, "")))
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if own := super().get_command(ctx, name):
            return own
        if name in GROUPS:
            return group_of(name)
        for entry in _entries():
            if entry.name == name:
                try:
                    return entry.load()
                except ImportError as error:
                    return _absent(name, _INSTALL.get(name, f"ondine {name} needs {error.name}"))
        return _absent(name, _INSTALL[name]) if name in _INSTALL else None

    def main(self, args: Sequence[str] | None = None, **extra: Any) -> Any:  # type: ignore[override]
        """Run a command and exit: 0 done, 1 it could not, 2 it was asked wrongly, 130 Ctrl-C."""
        try:
            code = super().main(args, standalone_mode=False, **{"prog_name": "ondine"} | extra)
        except click.Abort:
            code = 130
        except click.ClickException as error:
            _complain(f"{_ended(error.format_message())} See {_help(error)}")
            code = 2
        except KeyboardInterrupt:
            code = 130
        except BrokenPipeError:
            # What is still buffered for a reader that has gone would complain again at exit.
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = 1
        except OndineError as error:
            _complain(_ended(str(error)))
            code = 1
        except Exception as error:
            if getattr(error, "name", None) in _CONVERTER:
                _complain(f"{_INSTALL['convert']}.")
                sys.exit(1)
            if os.environ.get("ONDINE_DEBUG") == "1":
                traceback.print_exc()
            _complain(
                f"this is a fault of Ondine itself ({type(error).__name__}: {error}). Please run "
                "it again with ONDINE_DEBUG=1 and report what it prints."
            )
            code = 1
        sys.exit(code if isinstance(code, int) else 0)


def _entries() -> "EntryPoints":
    from importlib.metadata import entry_points

    return entry_points(group="ondine.commands")


def _absent(name: str, sentence: str) -> click.Command:
    """A command that only says why it is not there, whatever it is given."""

    def say(**_: object) -> None:
        raise OndineError(sentence)

    settings = {"ignore_unknown_options": True, "help_option_names": []}
    rest = click.Argument(["rest"], nargs=-1, type=click.UNPROCESSED)
    return click.Command(name, settings, say, [rest])


def _complain(sentence: str) -> None:
    print(f"ondine: {printable(sentence)}", file=sys.stderr)


def _ended(sentence: str) -> str:
    """With its full stop, or whatever it ends with."""
    tidy = _tidy(sentence)
    return tidy if tidy.endswith(("?", "!", ")")) else f"{tidy}."


def _tidy(sentence: str) -> str:
    return sentence.strip().rstrip(".")


def _help(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context else 'ondine'} --help"
