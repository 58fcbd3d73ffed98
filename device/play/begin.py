"""What is to sound first: decided, laid out, and on a box already taken up by the audio service.

    scene ─► what plays ─► table of parameters ─► the part ─► (audio loads it)
                                                     └──────► hands, phones, screen: `device.app`

Most of a start is Python reading its libraries. To say what sounds needs few of them: neither numpy
nor asyncio, nor anything that a hand is on. So they come afterwards, while the sound starts.
"""

import contextlib
import fcntl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from device.config import Profile
from device.errors import ConfigError
from device.manifest import Manifest
from device.mapping.disk import Folder
from device.mapping.scene import Scene
from device.mapping.scenes import Scenes
from device.mapping.starts import Now, now_here
from device.mapping.store import Store, scenes_folder
from device.params import SERIAL, make_table, specs_of
from device.paths import RunFolder, admitted_file, run_folder
from device.play.company import Company, company
from device.play.moves import Moves, plan_moves
from device.play.opening import Opening, begin_with, left_behind
from device.play.playing import Playing
from device.play.wish import Play
from device.scenes.beginning import choose_scene, start_file
from device.words import sentence


@dataclass(frozen=True)
class Begun:
    """A performance that has its part, and no hands yet."""

    wish: Play
    profile: Profile
    folder: RunFolder
    audio: Company
    disk: Folder
    scenes: Scenes
    scene: Scene | None
    """The one that it begins with."""
    opening: Opening
    moves: Moves
    now: Now
    """When it began."""
    notes: tuple[str, ...]
    """What to tell the player."""


@contextlib.contextmanager
def beginning(wish: Play, profile: Profile) -> Iterator[Begun]:
    """Begin; the run folder is this process's own until the end.

    Raises:
        OndineError: with a sentence, if it cannot play.
    """
    folder = run_folder()
    audio = company(folder, profile)
    wish = audio.wished(wish)
    with _only_one(folder):
        disk = Folder(scenes_folder())
        scenes = Scenes(Store(disk, str(disk.path)))
        notes, now = [sentence(said) for said in scenes.said], now_here()
        opening, scene = left_behind(wish, profile, folder), None
        if opening is None:
            wanted, why = choose_scene(wish, scenes.all, disk, now)
            opening, scene = begin_with(wanted, wish, profile, admitted)
            notes.append(why)
        notes += opening.notes
        moves = plan_moves(wish, opening)
        if opening.audio is None:
            audio.clear()
        if not opening.resumed:
            _lay_table(folder, opening.playing, scene)
        start = None
        if scene is not None:
            start, why = start_file(scenes, scene, folder.path / "start-0.npz")
            notes.append(why)
        audio.begin(opening, start)
        told = tuple(filter(None, notes))
        yield Begun(wish, profile, folder, audio, disk, scenes, scene, opening, moves, now, told)


def admitted(path: Path) -> Manifest:
    """Admit a bundle, or remember that it was.

    Raises:
        BundleError: if it may not play.
    """
    from device.admission.admit import admit

    return admit(path, known=admitted_file())


def _lay_table(folder: RunFolder, playing: Playing, scene: Scene | None) -> None:
    """Every parameter at its default, or where the scene has it."""
    specs = specs_of(playing.manifest)
    known = scene.known(specs) if scene is not None else {}
    values = {spec.slot: known.get(spec.id, spec.default) for spec in specs.values()}
    make_table(folder.params, {**values, SERIAL: float(playing.serial)})


@contextlib.contextmanager
def _only_one(folder: RunFolder) -> Iterator[None]:
    """Hold the folder for this process; the kernel lets go of it however we end."""
    with folder.lock.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError("Ondine is already playing; stop that one first") from None
        yield
