"""What scenes are made of and put back into: an instrument that plays, as functions.

values  routes and macros  learned map  bundle  ──scene──►  Scene
                                           ◄──put, wire──
"""

import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from device.control.source import Reading
from device.errors import ControlError
from device.manifest import fingerprint
from device.mapping import patch as patches
from device.mapping.patch import Patch
from device.mapping.scene import Scene
from device.mapping.scenes import recall
from device.params import ParamSpec
from device.play.playing import Playing
from device.play.swap import Begin
from device.words import sentence


@dataclass(frozen=True)
class Instrument:
    """The parts of a performance that a scene holds."""

    playing: Callable[[], Playing]
    specs: Callable[[], Mapping[str, ParamSpec]]
    stands: Callable[[], Mapping[str, float]]
    """Parameters in units, and macros raw."""
    take: Callable[[Sequence[Reading], Mapping[str, float]], None]
    """Parameters, and macros raw, all at once."""
    patch: Callable[[], Patch]
    change: Callable[[Patch], None]
    learned: Callable[[], dict[str, Any]]
    learn: Callable[[Any], None]
    """Of what `learned` gave, or what `read` made of it."""
    read: Callable[[dict[str, Any]], Any]
    """The slow half of `learn`, for a thread."""
    load: Callable[[str, str, Begin], Awaitable[object]]
    """A bundle by name or path, its precision, and what it begins with."""
    caches: Callable[[], Awaitable[bytes]]
    """What the model remembers now. Raises OndineError if that cannot be had."""

    def scene(self, number: int, name: str) -> Scene:
        """A scene of what plays, without what the model remembers."""
        playing, specs = self.playing(), self.specs()
        mapping, learned = self.wiring()
        values = self.stands()
        return Scene(
            number,
            name,
            bundle=playing.name,
            file=str(playing.bundle),
            fingerprint=fingerprint(playing.manifest),
            precision=playing.precision,
            seed=playing.seed,
            values={i: v for i, v in values.items() if i in specs or i.startswith("macro/")},
            mapping=mapping,
            learned=learned,
        )

    def put(self, scene: Scene, now_s: float, learned: Any = None) -> str:
        """Put a scene into whatever plays; returns what to say.

        `learned` is what `read` has made of its map, if that was done already.
        """
        notes = ""
        try:
            self.wire(scene.mapping, scene.learned if learned is None else learned)
        except ControlError as error:
            notes = f" {sentence(error)}"
        here = fingerprint(self.playing().manifest)
        done = recall(scene, self.specs(), self.stands(), here, when_s=now_s, anyway=True)
        macros = {id: v for id, v in scene.values.items() if id.startswith("macro/")}
        self.take(done.readings, macros)
        return done.say + notes

    def wire(self, mapping: Mapping[str, Any], learned: Any) -> None:
        """Put routes, macros and the learned map in place of those of now.

        The ranges of knobs and what buttons do belong to the box, not to a scene.

        Raises:
            ControlError: if they cannot be used.
        """
        if mapping:
            stored = patches.from_json({**mapping, "format": patches.FORMAT}, None)
            here = self.patch()
            self.change(dataclasses.replace(here, routes=stored.routes, macros=stored.macros))
        self.learn(learned)

    def wiring(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Routes and macros, and the learned map, as `wire` takes them."""
        here = self.patch()
        said = patches.as_json(Patch(routes=here.routes, macros=here.macros))
        # Written even if there are none: a scene without routes takes those of before away.
        return {key: said.get(key, []) for key in ("routes", "macros")}, self.learned()
