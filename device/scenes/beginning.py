"""Which scene a performance begins with: what is asked for, or the last one.

last scene, log of starts ──► choose_start ──► its instrument, then everything else of it
"""

from collections.abc import Mapping
from pathlib import Path

from device.errors import ControlError
from device.mapping.disk import Disk
from device.mapping.last import read_last, read_starts
from device.mapping.scene import Scene
from device.mapping.scenes import Scenes, find_scene
from device.mapping.starts import Now, choose_start
from device.play.wish import Play
from device.words import sentence

NONE = "none"


def choose_scene(
    wish: Play, scenes: Mapping[int, Scene], disk: Disk, now: Now
) -> tuple[Scene | None, str]:
    """The scene to begin with, and what to tell the player, '' if there is nothing to tell.

    It is the one that is asked for; where none is, and no instrument either, the last one, unless
    it keeps ending badly.

    Raises:
        ControlError: if the one that is asked for is not there.
    """
    if wish.scene is not None:
        return (None if wish.scene == NONE else find_scene(scenes, wish.scene)), ""
    if wish.model is not None:
        return None, ""
    choice = choose_start(read_starts(disk), read_last(disk), now)
    return (scenes.get(choice.scene) if choice.scene is not None else None), choice.say


def start_file(scenes: Scenes, scene: Scene, path: Path) -> tuple[Path | None, str]:
    """What the scene's model remembers, written to `path` for the audio process to begin with.

    None if it was saved without, or that cannot be had; then what to tell the player, too.
    """
    try:
        caches = scenes.caches(scene)
        if caches is None:
            return None, ""
        from device.audio.start import write_start  # which few scenes need

        write_start(path, {}, caches)
    except ControlError as error:
        return None, sentence(error)
    return path, ""
