"""Scenes on the disk: one file each, and whatever happens the old or the new one, whole.

    scene-012.json           the scene
    scene-012.before.json    the version before it, or the one that was deleted
    scene-012.json.damaged   what could not be read: set aside, never thrown away
    caches-<sha256>.npz      the model's caches of those that name them
    last.json, starts.json   not of the store: see `device.mapping.last`

How a file is put in place is in `device.mapping.disk`. Before a scene, its caches and a copy of its
old version are put in place, so no scene is ever there without them. An unchanged one is not
written again. All of it waits for the disk: it is not for the event loop's own thread.
"""

import contextlib
import dataclasses
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from device.errors import ControlError
from device.mapping.disk import PARTIAL, Disk, put, why
from device.mapping.scene import (
    MAX_BYTES,
    MOST_SCENES,
    Scene,
    decode_scene,
    encode_scene,
    is_newer,
)

_SCENE = re.compile(r"scene-(\d{3})\.json")
_BEFORE = re.compile(r"scene-(\d{3})\.before\.json")
_CACHES = re.compile(r"caches-([0-9a-f]{64})\.npz")
_SHA256 = re.compile(rb"[0-9a-f]{64}")


def scenes_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where scenes are kept: `$ONDINE_SCENES`, else in the XDG state folder."""
    if chosen := environment.get("ONDINE_SCENES"):
        return Path(chosen)
    home = Path(environment.get("HOME") or Path.home())
    state = environment.get("XDG_STATE_HOME") or str(home / ".local/state")
    return Path(state) / "ondine/scenes"


@dataclass(frozen=True)
class Loaded:
    """What the store holds: scenes by number, and a sentence for each that is not as it was."""

    scenes: dict[int, Scene]
    said: tuple[str, ...] = ()


class Store:
    """The scenes of one folder; `place` names it in sentences."""

    def __init__(self, disk: Disk, place: str) -> None:
        self._disk, self._place = disk, place

    def load(self) -> Loaded:
        """Every scene that can be read. One that is damaged is set aside; the one before it serves.

        Nothing is raised: a box without its scenes still plays.
        """
        scenes: dict[int, Scene] = {}
        said: list[str] = []
        try:
            names = self._disk.names()
        except OSError as error:
            return Loaded({}, (f"the scenes in {self._place} cannot be read ({why(error)})",))
        for name in names:
            if not (found := _SCENE.fullmatch(name)) or int(found[1]) >= MOST_SCENES:
                continue
            number = int(found[1])
            try:
                scenes[number] = self._read(name, number)
            except OSError as error:
                said.append(f"scene {number} cannot be read ({why(error)})")
            except ControlError as error:
                said.append(self._mend(number, name, str(error), scenes))
        return Loaded(dict(sorted(scenes.items())), tuple(said))

    def save(self, scene: Scene, caches: bytes | None = None) -> Scene:
        """Put a scene in place of what has its number; returns it as it is stored.

        With `caches` (from `pack_caches`) these are its own; without, it keeps those it names.

        Raises:
            ControlError: if it cannot be written or the disk will not take it; then the old one is
                still there.
        """
        from device import caches as npz  # with numpy: a start has no time for it

        if caches is not None:
            scene = dataclasses.replace(scene, caches=npz.name_of(caches))
        data, name = encode_scene(scene), _file(scene.number)
        try:
            with self._disk.alone():
                there = self._disk.names()
                if caches is not None and (blob := f"caches-{scene.caches}.npz") not in there:
                    put(self._disk, blob, caches)
                if name in there:
                    old = self._disk.read(name, MAX_BYTES)
                    if old == data:
                        return scene
                    self._keep_before(scene.number, old)
                put(self._disk, name, data)
                self._sweep()
        except OSError as error:
            raise self._cannot(f"save scene {scene.number}", error) from None
        return scene

    def delete(self, number: int) -> None:
        """Take a scene away; `restore` brings it back.

        Raises:
            ControlError: if there is none, or the disk will not have it.
        """
        try:
            with self._disk.alone():
                if _file(number) not in self._disk.names():
                    raise ControlError(f"there is no scene {number} to delete")
                self._disk.rename(_file(number), _before(number))
                self._disk.sync()
                self._sweep()
        except OSError as error:
            raise self._cannot(f"delete scene {number}", error) from None

    def restore(self, number: int) -> Scene:
        """Bring back the version before the last save or deletion, which then is the one before.

        Raises:
            ControlError: if there is none or it is damaged, or the disk will not have it.
        """
        try:
            earlier = self._read(_before(number), number)
        except FileNotFoundError:
            raise ControlError(f"there is no earlier version of scene {number}") from None
        except OSError as error:
            raise self._cannot(f"read the earlier version of scene {number}", error) from None
        return self.save(earlier)

    def caches(self, scene: Scene) -> bytes | None:
        """The caches that a scene was saved with, for `unpack_caches`; None if it has none.

        Raises:
            ControlError: if they are gone or damaged; the scene can be played without them.
        """
        if not scene.caches:
            return None
        from device import caches as npz

        try:
            data = self._disk.read(f"caches-{scene.caches}.npz", npz.MAX_BYTES)
        except OSError as error:
            raise self._cannot(f"read the caches of scene {scene.number}", error) from None
        if npz.name_of(data) != scene.caches:
            raise ControlError(
                f"the caches of scene {scene.number} are damaged; it starts from silence instead"
            )
        return data

    def _read(self, name: str, number: int) -> Scene:
        scene = decode_scene(self._disk.read(name, MAX_BYTES), name)
        # A file that was copied to another number by hand is the scene of that number.
        return dataclasses.replace(scene, number=number)

    def _mend(self, number: int, name: str, problem: str, scenes: dict[int, Scene]) -> str:
        """Set a damaged scene aside and put the one before it in its place; returns what to say."""
        try:
            scenes[number] = self._read(_before(number), number)
            instead = "; the version before it is used"
        except (OSError, ControlError):
            instead = ""
        try:
            data = self._disk.read(name, MAX_BYTES)
            if is_newer(data):
                return f"scene {number} is left as it is: {problem}{instead}"
            with self._disk.alone():
                aside = self._aside(name)
                if instead and len(data) <= MAX_BYTES:
                    # A copy: with a rename there would be a moment without a scene of this number.
                    put(self._disk, aside, data)
                else:
                    self._disk.rename(name, aside)
                    self._disk.sync()
                if instead:
                    put(self._disk, name, encode_scene(scenes[number]))
            return f"scene {number} is damaged and was set aside as {aside}: {problem}{instead}"
        except OSError as error:
            return (
                f"scene {number} is damaged and cannot be set aside ({why(error)}): "
                f"{problem}{instead}"
            )

    def _aside(self, name: str) -> str:
        """A name for a damaged file that no other has."""
        there = set(self._disk.names())
        names = (f"{name}.damaged{suffix}" for suffix in ["", *(f".{n}" for n in range(2, 1000))])
        return next((free for free in names if free not in there), f"{name}.damaged")

    def _keep_before(self, number: int, old: bytes) -> None:
        """Keep the version that is about to be replaced: as the one before if it can be read."""
        try:
            decode_scene(old, "")
        except ControlError:
            self._disk.rename(_file(number), self._aside(_file(number)))
            self._disk.sync()
        else:
            put(self._disk, _before(number), old)

    def _sweep(self) -> None:
        """Remove caches that no file here speaks of, not even a damaged one, and what was begun.

        Whether that succeeds is nothing to the scene that was just saved.
        """
        with contextlib.suppress(OSError):
            self._remove_idle()

    def _remove_idle(self) -> None:
        names = self._disk.names()
        for name in names:
            if name.startswith(".") and name.endswith(PARTIAL):
                self._disk.remove(name)
        blobs = {found[1]: name for name in names if (found := _CACHES.fullmatch(name))}
        if not blobs:
            return
        spoken_of: set[bytes] = set()
        for name in names:
            if name.startswith("scene-"):
                spoken_of.update(_SHA256.findall(self._disk.read(name, MAX_BYTES)))
        for sha, name in blobs.items():
            if sha.encode() not in spoken_of:
                self._disk.remove(name)

    def _cannot(self, what: str, error: OSError) -> ControlError:
        return ControlError(f"cannot {what} in {self._place}: {why(error)}")


def _file(number: int) -> str:
    return f"scene-{number:03d}.json"


def _before(number: int) -> str:
    return f"scene-{number:03d}.before.json"
