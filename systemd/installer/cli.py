"""The two commands: `install` and `update`. Exit codes: 0 done, 1 it could not, 2 asked wrongly."""

import argparse
import contextlib
import fcntl
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from . import boot, packages, read_only, service, trial, version
from .ground import Ground, report
from .refusal import RefusalError, of_system
from .source import Source, find_source

_PYTHON = (3, 11)
_MOST_WITHIN_S = 3600.0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """In one line, with where to read more."""
        print(f"{self.prog}: {message}. See {self.prog} --help", file=sys.stderr)
        sys.exit(2)


def install(arguments: Sequence[str], folder: Path) -> int:
    """`systemd/install`, of the checkout or release at `folder`."""
    o = _options("install", "Make this computer an instrument that plays when it has power.")
    o.add_argument("--uninstall", action="store_true", help="take it away; config and models stay")
    o.add_argument("--dry-run", action="store_true", help="only say what would be done")
    o.add_argument("--keep-boot", action="store_true", help="change nothing of how it boots")
    root = o.add_mutually_exclusive_group()
    root.add_argument(
        "--read-only-root", action="store_true", help="write nothing but to /var/lib/ondine"
    )
    root.add_argument("--writable-root", action="store_true", help="only take that back")
    _source_options(o)
    given = o.parse_args(arguments)
    return _tell("install", lambda: _install(given, folder))


def update(arguments: Sequence[str], folder: Path) -> int:
    """`systemd/update`: another version in the place of the one that plays, if it plays."""
    o = _options("update", "Play a newer version. The old one stays until the new one has played.")
    o.add_argument("--settle", action="store_true", help="decide about an update that was begun")
    o.add_argument("--back", action="store_true", help="go back to the version before")
    o.add_argument(
        "--within", type=_seconds, default=trial.WITHIN_S, metavar="SECONDS", help="to play; 60"
    )
    _source_options(o)
    given = o.parse_args(arguments)
    return _tell("update", lambda: _update(given, folder))


@contextlib.contextmanager
def _alone(ground: Ground, *, wait: bool = False) -> Iterator[None]:
    """Nobody else changes this tree meanwhile. The lock is on its root: it leaves no file behind.

    Raises:
        RefusalError: if somebody does, unless they are waited for.
    """
    fd = os.open(ground.root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    except BlockingIOError:
        raise RefusalError("another install or update is at work. Wait until it is done") from None
    finally:
        os.close(fd)


def _install(o: argparse.Namespace, folder: Path) -> None:
    ground = _ground(o, dry=o.dry_run)
    with _alone(ground):
        if o.writable_root:
            _make_writable(ground)
            return
        read_only.refuse_if_overlaid(ground)
        if o.uninstall:
            _uninstall(ground)
        else:
            _install_on(ground, o, folder)


def _install_on(ground: Ground, o: argparse.Namespace, folder: Path) -> None:
    source = _source(o, folder, ground)
    name = source.version()
    try:
        packages.fetch(ground, source)
        version.make(ground, source, name)
        service.lay_out(ground, source)
        service.drop_stale(ground, source)
        before = version.current(ground)
        if before and before != name and version.is_whole(ground, before):
            ground.refused.append(
                f"{before} plays and was let be; `systemd/update` changes to {name}"
            )
        else:
            version.switch(ground, name)
        if not ground.live and o.board is None:
            ground.refused.append(
                f"it was not said for which board this tree is; {source.board} was taken. Choose "
                "with --board"
            )
        if not o.keep_boot:
            boot.trim(ground)
            boot.tell_loader(ground, boot.overlay_lines(source))
        if o.read_only_root:
            read_only.make(ground)
    finally:
        ground.save()
    _apply(ground)
    _print(f"Ondine {name} for {source.board}", ground)


def _make_writable(ground: Ground) -> None:
    overlaid = ground.live and read_only.is_overlaid(Path("/proc/mounts").read_text())
    try:
        read_only.undo(ground, overlaid=overlaid)
    finally:
        ground.save()
    _print("The root is writable from the next start on", ground)


def _apply(ground: Ground) -> None:
    """Have the running system know of what lies there now."""
    if not ground.did:
        return
    ground.image("systemd-sysusers", "ondine.conf")
    ground.system("systemd-sysusers", "ondine.conf")
    ground.system("systemd-tmpfiles", "--create", "ondine.conf")
    ground.system("chown", "-R", "ondine:ondine", "/var/lib/ondine")
    ground.system("udevadm", "control", "--reload")
    ground.system("udevadm", "trigger")
    ground.system("systemctl", "daemon-reload")
    ground.system("systemctl", "start", "ondine.target")


def _uninstall(ground: Ground) -> None:
    if not ground.ours() and not ground.place(version.VERSIONS).exists():
        print("There is nothing of Ondine's to take away.")
        return
    ground.system("systemctl", "stop", "ondine.target")
    try:
        boot.tell_loader(ground, [])
        read_only.undo(ground)
        for path in ground.ours():
            ground.drop(path)
        place = ground.place(version.CURRENT)
        if place.is_symlink():
            ground.did.append(f"took away {version.CURRENT}")
            if not ground.dry:
                place.unlink()
        ground.clear(version.VERSIONS, "")
        if not ground.dry:
            ground.place(trial.TRIAL).unlink(missing_ok=True)
    finally:
        ground.save()
    ground.system("systemctl", "daemon-reload")
    _print("Ondine is taken away", ground)
    print("  /etc/ondine and /var/lib/ondine are yours, and stay. The user ondine owns them.")


def _update(o: argparse.Namespace, folder: Path) -> None:
    ground = _ground(o, dry=False)
    # The service that decides after a power cut is started by an update, too: it waits for that.
    with _alone(ground, wait=o.settle):
        read_only.refuse_if_overlaid(ground)
        if o.settle:
            print(trial.settle(ground, o.within))
        else:
            _update_on(ground, o, folder)


def _update_on(ground: Ground, o: argparse.Namespace, folder: Path) -> None:
    old = version.current(ground)
    if not version.is_whole(ground, old):
        raise RefusalError("there is no version to update. Run systemd/install first")
    if o.back:
        _back(ground, old, o.within)
        return
    source = _source(o, folder, ground)
    new = source.version()
    if new == old:
        print(f"{new} plays already.")
        return
    sounded = trial.plays(ground)
    made = version.make(ground, source, new)
    if failure := trial.rehearse(ground, new):
        if made:
            ground.clear(f"{version.VERSIONS}/{new}", "")
        raise RefusalError(f"{new} does not play, not even by itself: {failure}. {old} plays on")
    try:
        service.lay_out(ground, source)
        service.drop_stale(ground, source)
    finally:
        ground.save()
    _change(ground, trial.Trial(old, new), sounded, o.within)


def _change(ground: Ground, change: trial.Trial, sounded: bool, within_s: float) -> None:
    trial.begin(ground, change)
    trial.restart(ground)
    if sounded:
        print(trial.settle(ground, within_s))
        return
    # Where nothing sounded before (no card, an image), nothing can be heard of the new one either.
    ground.place(trial.TRIAL).unlink(missing_ok=True)
    version.drop_others(ground, {change.old, change.new})
    print(f"{change.new} is in place: it played by itself. {change.old} is kept beside it.")


def _back(ground: Ground, old: str, within_s: float) -> None:
    folder = ground.place(version.VERSIONS)
    others = [p.name for p in folder.iterdir() if version.is_whole(ground, p.name)]
    others = [name for name in others if name != old]
    if not others:
        raise RefusalError(f"there is no version but {old} to go back to")
    _change(ground, trial.Trial(old, others[0]), trial.plays(ground), within_s)


def _options(name: str, about: str) -> _Parser:
    parser = _Parser(prog=name, description=about)
    parser.add_argument(
        "--root", type=Path, default=Path("/"), metavar="DIR", help="an image's tree; default: /"
    )
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0.0 <= seconds <= _MOST_WITHIN_S:
        raise argparse.ArgumentTypeError(f"{text!r} is not 0 to {_MOST_WITHIN_S:.0f} seconds")
    return seconds


def _source_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--wheels", type=Path, metavar="DIR", help="install from these wheels, without a network"
    )
    parser.add_argument("--board", metavar="NAME", help="pi4, pi5, …; default: this one")


def _ground(o: argparse.Namespace, *, dry: bool) -> Ground:
    if not o.root.is_dir():
        raise RefusalError(f"there is no folder {o.root}. Make it, or check the path")
    ground = Ground(o.root, dry=dry)
    if ground.live and not dry and os.geteuid() != 0:
        raise RefusalError("this changes the system, and needs its rights. Start it with sudo")
    return ground


def _source(o: argparse.Namespace, folder: Path, ground: Ground) -> Source:
    if sys.version_info < _PYTHON:
        raise RefusalError(
            f"Python {_PYTHON[0]}.{_PYTHON[1]} or newer is needed, and this is "
            f"{sys.version_info[0]}.{sys.version_info[1]}. Start this with a newer one"
        )
    return find_source(folder, o.board, o.wheels, boot.board_model(ground.root))


def _print(title: str, ground: Ground) -> None:
    print(
        "\n".join(
            [
                f"{title}{' (this would be done; nothing is changed)' if ground.dry else ''}:",
                *report(ground),
            ]
        )
    )


def _tell(name: str, do: Callable[[], None]) -> int:
    try:
        do()
    except RefusalError as refusal:
        print(f"{name}: {refusal}.", file=sys.stderr)
    except OSError as error:
        print(f"{name}: {of_system(error)}.", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"{name}: stopped. Start it again to go on where it was.", file=sys.stderr)
        return 130
    else:
        return 0
    return 1
