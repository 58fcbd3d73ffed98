"""The parts of a performance that a player has hands on, and how they hang together.

    signals ─► hands ─┬─► desk              acts ─┬─ scenes ─► hands, learning, swap
                      ├─► morph ─► hands          ├─ morph
                      └─► learning ─► hands       ├─ learning
                                                  └─ controls ─► hands

Built once, from the top down; what is made later is reached by functions that are called later.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from device.config import Profile
from device.control.desk import Desk
from device.control.dialects.heard import Command
from device.control.osc_reply import Answer
from device.control.source import Reading, Source
from device.errors import ControlError
from device.hands.open_hands import open_hands
from device.hands.parts import ControlParts, Stored
from device.hands.patching import usual_inputs
from device.mapping.disk import Disk
from device.mapping.patch import Patch
from device.mapping.scenes import Scenes
from device.maps.learning import Learning
from device.maps.saved import read_saved
from device.maps.wekinator import acts_of
from device.params import ParamSpec
from device.paths import RunFolder
from device.play.acts import Acts
from device.play.box_acts import box_acts
from device.play.datagram import send
from device.play.fittings import Fittings, open_rehearsing
from device.play.keeping import Keeping
from device.play.orders import Orders
from device.play.swap import Swap
from device.play.wish import Play
from device.scenes.instrument import Instrument
from device.scenes.morphing import PLACES, Morphing
from device.scenes.scening import Scening
from device.scenes.sketch import Sketch, Sketching, read_sketch
from device.words import sentence


class Parts:
    """`hands`, `scening`, `morphing` and the `acts` and `orders` that reach them."""

    def __init__(
        self,
        wish: Play,
        profile: Profile,
        folder: RunFolder,
        desk: Desk,
        keeping: Keeping,
        swap: Swap,
        scenes: Scenes,
        disk: Disk,
        *,
        stop: Callable[[], None],
        recalled: Callable[[int], None],
        say: Callable[[str], None],
    ) -> None:
        """`recalled` is told of scenes that a player wanted on; `stop` ends the performance."""
        self._show: Callable[[str], None] = lambda sentence: None
        say = self._telling(say)
        self._desk, self._say, self._scenes = desk, say, scenes
        self._renewed: Callable[[], None] = lambda: None
        self._rehearsing = open_rehearsing(profile, lambda: swap.playing, say)
        self.morphing = Morphing(
            disk,
            scenes=lambda: scenes.all,
            specs=lambda: desk.specs,
            instrument=lambda: swap.playing.name,
            take=self._take_morph,
            say=say,
        )
        stored = Stored(given=wish.patch is not None, say=say)
        opened = open_hands(
            wish,
            profile,
            stored,
            specs=self._specs,
            values=self._values,
            take=self.morphing.parting(keeping.tee(desk.take)),
            press=lambda line: self.orders.press(line),
            obey=self._obey,
            say=say,
        )
        self.hands, lights = opened.hands, opened.panel_source
        self.controls = ControlParts(
            stored,
            self.hands,
            opened.panel,
            change=self._change,
            changed=lambda: self.sketching.changed(),
            midi=opened.midi,
            status=folder.status,
            show=lights.leds.show if lights else None,
            say=say,
            clock=time.monotonic,
        )
        self.fittings = Fittings(
            wish,
            profile,
            folder,
            desk,
            keeping,
            opened.midi,
            take=lambda readings: self.hands.take(readings),
            leaving=self.controls.leaving,
            taken=lambda: self._renewed(),
            title=self._scene_title,
            say=say,
        )
        self._show = self.fittings.show
        self.hands.raw_listeners.append(self.fittings.hear)
        self.learning = Learning(
            self.hands.specs,
            take=self.hands.take,
            stands=self.hands.stands,
            rest=self.hands.rest,
            usual_inputs=usual_inputs(opened.panel),
            say=say,
        )
        self.hands.listeners.append(self.learning.hear)
        # In this order they are closed: the lights go out before the panel does.
        self.sources: list[Source] = [*opened.keys, self.learning, self.controls, self.hands]
        self.sources += self.fittings.sources
        if self._rehearsing is not None:
            self.sources.append(self._rehearsing)
        self._instrument = Instrument(
            playing=lambda: swap.playing,
            specs=lambda: desk.specs,
            stands=self.hands.stands,
            take=self._put,
            patch=lambda: self.hands.patch,
            change=self._change,
            learned=self.learning.saved,
            learn=self.learning.restored,
            read=read_saved,
            load=lambda bundle, precision, begin: swap.load(
                bundle, precision=precision, begin=begin
            ),
            caches=swap.caches,
        )
        self.scening = Scening(
            scenes,
            disk,
            self._instrument,
            now_s=time.monotonic,
            say=say,
            changed=self.morphing.prepare,
            recalled=recalled,
        )
        self.acts = Acts(
            {
                **box_acts(
                    lambda: self.orders,
                    panic=self._panic,
                    defaults=self._defaults,
                    reset=partial(send, folder.socket, "reset"),
                ),
                **self.scening.acts(),
                **self.morphing.acts(),
                **self.learning.acts(),
                **self.controls.acts(),
                **self.fittings.acts(),
            }
        )
        self.orders = Orders(
            swap,
            acts=self.acts,
            keep=keeping.keep,
            stop=stop,
            say=say,
            done=lambda: self.sketching.changed(),
        )
        self.sketching = Sketching(folder.path / "sketch.json", self._sketch)

    @property
    def questions(self) -> dict[str, Callable[[], Sequence[Answer]]]:
        """Addresses that are answered, and by what."""
        return {
            "/ondine/scenes": self.scening.answers,
            "/ondine/morph": self.morphing.answers,
            "/ondine/map": self.learning.answers,
            **self.fittings.questions,
            **self.controls.questions,
        }

    def besides(self) -> dict[str, ParamSpec]:
        """What is steered besides the instrument's parameters: macros, the morph."""
        return {id: s for id, s in self.hands.specs.items() if id not in self._desk.specs}

    def place(self, id: str) -> float:
        """Where one of those stands, 0..1."""
        return self.hands.stands().get(id, 0.0)

    def resume(self, on: int | None) -> None:
        """Go on as the control process before this one was left."""
        self.scening.on = on
        if sketch := read_sketch(self.sketching.path):
            self.scening.on = sketch.on
            self._instrument.wire(sketch.mapping, sketch.learned)

    def whenever_renewed(self, renewed: Callable[[], None]) -> None:
        """`renewed` is called whenever other addresses may be there."""
        self._renewed = renewed

    def play(self) -> None:
        """Another instrument plays."""
        self.hands.play(self._specs())
        self.learning.play(self.hands.specs)
        self.morphing.prepare()
        if self._rehearsing is not None:
            self._rehearsing.look()
        self._renewed()

    def close(self) -> None:
        """The performance ended in good order."""
        self.morphing.close()
        self.sketching.close()

    def _telling(self, say: Callable[[str], None]) -> Callable[[str], None]:
        """What the screen is told is told on the small display, too."""

        def tell(told: str) -> None:
            say(told)
            self._show(told)

        return tell

    def _scene_title(self) -> str:
        """Number and name of the scene that is on, '' without one."""
        scene = self._scenes.all.get(-1 if self.scening.on is None else self.scening.on)
        return f"{scene.number} {scene.name}" if scene else ""

    def _specs(self) -> dict[str, ParamSpec]:
        return {**self._desk.specs, **PLACES}

    def _values(self) -> dict[str, float]:
        return {**self._desk.values(), **self.morphing.values()}

    def _take_morph(self, readings: Sequence[Reading]) -> None:
        self.hands.take(readings)

    def _put(self, readings: Sequence[Reading], macros: Mapping[str, float]) -> None:
        # A morph on its way would carry a scene off at once.
        self.morphing.stop()
        self.hands.put(readings, macros)

    def _change(self, patch: Patch) -> None:
        before = self.hands.patch.macros
        self.hands.change(patch)
        if patch.macros != before:
            self.learning.play(self.hands.specs)
            self._renewed()

    def _sketch(self) -> Sketch:
        scene = self._instrument.wiring()
        return Sketch(self.scening.on, *scene)

    def _obey(self, command: Command) -> None:
        """Wekinator's control commands are acts of the learned map."""
        try:
            lines = acts_of(command, self.learning.map, self.learning.player.heard)
        except ControlError as error:
            self._say(sentence(error))
        else:
            self.orders.perform_all(lines)

    def _panic(self) -> None:
        gain = self._desk.specs["output_gain_db"]
        self.hands.take([Reading(gain.id, gain.minimum, False, "panic", time.monotonic())])
        self.fittings.quiet()

    def _defaults(self) -> None:
        now_s = time.monotonic()
        specs = self._desk.specs.values()
        self.hands.take([Reading(s.id, s.default, False, "defaults", now_s) for s in specs])
