"""The scenes of a box: found by number or name, recalled as readings, saved, renamed, deleted.

Recalling is pure: it says what to set, all at once, and which bundle must play for it. Swapping
that in is control's; then the scene is recalled once more.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from device.control.source import Reading
from device.errors import ControlError
from device.mapping.scene import MOST_SCENES, Scene, plain_name
from device.mapping.store import Store
from device.params import ParamSpec
from device.words import nearest


@dataclass(frozen=True)
class Recall:
    """What a recall comes to. Where `load` is not '', nothing is set before that bundle plays."""

    scene: Scene
    load: str
    """The bundle that must be loaded: where it was. '' if the right one plays."""
    readings: tuple[Reading, ...]
    """For one call of `Desk.take`."""
    changed: tuple[str, ...]
    """Ids of the parameters that move."""
    say: str


def recall(
    scene: Scene,
    specs: Mapping[str, ParamSpec],
    values: Mapping[str, float],
    fingerprint: str,
    *,
    when_s: float,
    who: str = "scene",
    anyway: bool = False,
) -> Recall:
    """What to do for a scene to be on, where a bundle of `specs` and `fingerprint` plays.

    `values` are those of now, in units. `anyway` sets what can be set even if another bundle plays:
    for when the scene's own is gone, or was converted anew since.
    """
    title = f"Scene {scene.number}, {scene.name}"
    other = scene.fingerprint not in ("", fingerprint)
    if other and not anyway:
        say = f"{title}, needs the instrument {scene.bundle or scene.file}."
        return Recall(scene, scene.file or scene.bundle, (), (), say)
    known, unknown = scene.known(specs), scene.unknown(specs)
    changed = tuple(id for id, value in known.items() if values.get(id) != value)
    say = f"{title}: {_count(len(changed), 'parameter')} changed"
    if other:
        say += f"; it was made for {scene.bundle or 'another instrument'}"
    if unknown:
        say += f"; {_count(len(unknown), 'value')} not used here"
    readings = tuple(Reading(id, value, False, who, when_s) for id, value in known.items())
    return Recall(scene, "", readings, changed, f"{say}.")


def find_scene(scenes: Mapping[int, Scene], wanted: str) -> Scene:
    """A scene by number, or by name whether in capitals or not.

    Raises:
        ControlError: if there is none, with the nearest name, or if several are called so.
    """
    text = wanted.strip()
    if text.isdecimal() and len(text) <= 9:
        if scene := scenes.get(int(text)):
            return scene
        raise ControlError(f"there is no scene {int(text)}; {_there(scenes)}")
    same = [s for s in scenes.values() if s.name == text]
    same = same or [s for s in scenes.values() if s.name.casefold() == text.casefold()]
    if len(same) > 1:
        numbers = " and ".join(str(s.number) for s in same)
        raise ControlError(f"scenes {numbers} are both called {text!r}; give the number")
    if same:
        return same[0]
    near = nearest(text, [s.name for s in scenes.values()])
    raise ControlError(f"there is no scene {text[:64]!r}{near or '; ' + _there(scenes)}")


def neighbour(scenes: Mapping[int, Scene], on: int | None, step: int) -> Scene:
    """The next (`step` 1) or previous (-1) scene that there is, around the ends.

    Raises:
        ControlError: if there are no scenes.
    """
    numbers = sorted(scenes)
    if not numbers:
        raise ControlError("there are no scenes yet; save one first")
    if on is None:
        return scenes[numbers[0 if step > 0 else -1]]
    # A scene that was deleted while it was on still has its place between the others.
    below = sum(number < on for number in numbers)
    here = on in scenes
    place = below + step if here or step < 0 else below + step - 1
    return scenes[numbers[place % len(numbers)]]


def free_number(scenes: Mapping[int, Scene]) -> int:
    """The first number that no scene has.

    Raises:
        ControlError: if all are taken.
    """
    for number in range(MOST_SCENES):
        if number not in scenes:
            return number
    raise ControlError(f"all {MOST_SCENES} scenes are taken; save over one, or delete one")


class Scenes:
    """The scenes in memory and in their store, which is waited for: call it from a thread.

    `said` has a sentence for each scene that is not as it was.
    """

    def __init__(self, store: Store) -> None:
        loaded = store.load()
        self.all: Mapping[int, Scene] = loaded.scenes
        self.said: Sequence[str] = loaded.said
        self._store = store

    def save(self, scene: Scene, caches: bytes | None = None) -> Scene:
        """Save a scene over what has its number; returns it as it is stored.

        Values of parameters that it does not mention stay as they were there, if it is of the same
        name: another bundle may know them.

        Raises:
            ControlError: if it cannot be saved; the old one is still there.
        """
        if (old := self.all.get(scene.number)) and old.name == scene.name:
            scene = dataclasses.replace(scene, values=old.with_values(scene.values).values)
        return self._put(self._store.save(scene, caches))

    def caches(self, scene: Scene) -> bytes | None:
        """The caches that a scene was saved with; None if it has none.

        Raises:
            ControlError: if they are gone or damaged; the scene can be played without them.
        """
        return self._store.caches(scene)

    def rename(self, number: int, name: str) -> Scene:
        """Give a scene another name.

        Raises:
            ControlError: if there is none, the name is none, or it cannot be saved.
        """
        scene = find_scene(self.all, str(number))
        renamed = dataclasses.replace(scene, name=plain_name(name))
        return self._put(self._store.save(renamed))

    def delete(self, number: int) -> str:
        """Take a scene away; returns what to say.

        Raises:
            ControlError: if there is none, or the disk will not have it.
        """
        scene = find_scene(self.all, str(number))
        self._store.delete(number)
        self.all = {n: s for n, s in self.all.items() if n != number}
        return f"Scene {number}, {scene.name}, is deleted; it can be brought back."

    def restore(self, number: int) -> Scene:
        """Bring back what a scene was before its last save, or before it was deleted.

        Raises:
            ControlError: if there is nothing to bring back, or the disk will not have it.
        """
        return self._put(self._store.restore(number))

    def _put(self, scene: Scene) -> Scene:
        self.all = dict(sorted({**self.all, scene.number: scene}.items()))
        return scene


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def _there(scenes: Mapping[int, Scene]) -> str:
    numbers = [str(number) for number in sorted(scenes)]
    shown = numbers[:16]
    if len(numbers) > len(shown):
        shown[-1] = f"… {numbers[-1]}"
    return f"there are {', '.join(shown)}" if shown else "there are none yet; save one first"
