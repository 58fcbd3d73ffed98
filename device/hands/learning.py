"""Learning routes by moving controls: "this knob shall move that".

    control/learn dry_wet ─► the player turns knob/1 ─► knob/1 → dry_wet plays, and is stored
    control/learn dry_wet hand/left ─► … and nothing but that hand is listened to

The route replaces what the control moved before. What other controls move stays: where two move one
parameter, what they say is added, and the player is told.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from device.control.midi.learn import Learn, Learned
from device.control.osc_reply import Answer
from device.control.signal import Signal
from device.errors import ControlError
from device.hands.acts import CANCEL, FORGET, LEARN, LIST
from device.hands.movable import Movable
from device.hands.repatch import Repatch
from device.mapping.conditioning import Conditioning
from device.mapping.patch import Patch
from device.mapping.routes import Route, sound_name
from device.mapping.targets import Targets
from device.play.acts import ActSpec, Do
from device.words import nearest, printable

MOST_SHOWN = 100
"""An answer is longer than its question, and must not become a flood."""


class ControlLearning:
    """Routes that are learned; `targets` tells what can be moved, `say` reaches the player."""

    def __init__(
        self,
        movable: Movable,
        repatch: Repatch,
        *,
        targets: Callable[[], Collection[str]],
        say: Callable[[str], None],
    ) -> None:
        self._movable, self._repatch = movable, repatch
        self._targets, self._say = targets, say
        self._learn = Learn(movable.allowed, movable.needed)

    def acts(self) -> dict[ActSpec, Do]:
        """What a player can have done."""
        return {LEARN: self.learn, CANCEL: self.cancel, FORGET: self.forget, LIST: self.routes}

    def hear(self, signals: Sequence[Signal]) -> None:
        """Signals as they come from their sources: conditioned ones creep."""
        if learned := self._learn.hear(signals):
            try:
                self._say(self._route(learned))
            except ControlError as error:
                self._say(f"Not learned: {error}.")

    def learn(self, target: str, family: str = "") -> str:
        """Wait for a control; returns what the player has to do.

        Raises:
            ControlError: if there is no such target, or nothing can be called like the family.
        """
        self._refuse_unknown(target)
        family = family.rstrip("/")
        if family and not sound_name(family):
            raise ControlError(
                f"{printable(family)[:64]!r} is no beginning of a signal's name, such as midi, "
                "hand/left or knob/1"
            )
        presses = _pressing(self._repatch.patch)
        touches = self._movable.touched

        def among(name: str) -> bool:
            if name in presses:
                return False  # the button that began this is let go of in a moment
            return name == family or name.startswith(f"{family}/") if family else touches(name)

        self._learn.arm(target, among)
        only = f" Only {family} is listened to." if family else ""
        return f"Move the control for {target}.{only}"

    def cancel(self) -> str:
        """Wait no longer."""
        target = self._learn.target
        self._learn.cancel()
        return f"No control is learned for {target}." if target else "No control was being learned."

    def forget(self, name: str) -> str:
        """Take away the routes from a control, or to a parameter.

        Raises:
            ControlError: if there are none, with the nearest name that has some.
        """
        patch = self._repatch.patch
        gone = [route for route in patch.routes if name in (route.source, route.target)]
        if not gone:
            shown = printable(name)[:64]
            names = {name for route in patch.routes for name in (route.source, route.target)}
            raise ControlError(f"no route is from or to {shown!r}{nearest(shown, sorted(names))}")
        kept = tuple(route for route in patch.routes if route not in gone)
        self._repatch.play(replace(patch, routes=kept))
        return f"Forgotten: {_listed(gone)}."

    def routes(self) -> str:
        """Which control moves what."""
        routes = self._repatch.patch.routes
        waiting = (
            f" Waiting for the control for {self._learn.target}." if self._learn.target else ""
        )
        return f"{_listed(routes)}.{waiting}" if routes else f"No control moves anything.{waiting}"

    def answers(self) -> list[Answer]:
        """One `/ondine/control/route` each, and what is being learned."""
        routes = self._repatch.patch.routes
        told: list[Answer] = [("/ondine/control/learning", [self._learn.target or ""])]
        told += [
            ("/ondine/control/route", [route.source, route.target, route.depth, route.mode])
            for route in routes[:MOST_SHOWN]
        ]
        return [*told, ("/ondine/control/routes", [len(routes)])]

    def _refuse_unknown(self, target: str) -> None:
        macros = (macro.id for macro in self._repatch.patch.macros)
        if problems := Targets(self._targets(), macros).problems(
            printable(target), "control/learn"
        ):
            raise ControlError(problems[0])

    def _route(self, learned: Learned) -> str:
        """Play and store what was learned; returns what to say."""
        source, target = learned
        self._refuse_unknown(target)  # another instrument may have come in since
        patch = self._repatch.patch
        before = [route.target for route in patch.routes if route.source == source]
        others = [
            route.source
            for route in patch.routes
            if route.target == target and route.source != source and route.mode == "set"
        ]
        kept = tuple(route for route in patch.routes if route.source != source)
        controls: Mapping[str, Conditioning] = patch.controls
        if self._movable.touched(source) and source not in controls:
            controls = {**controls, source: Conditioning()}
        routes = (*kept, Route(source, target))
        self._repatch.play(replace(patch, controls=dict(controls), routes=routes))
        said = f"{source} moves {target} now"
        if before and before != [target]:
            said += f", no longer {', '.join(each for each in before if each != target)}"
        if source in controls and controls[source].takeover == "pickup":
            said += "; it takes over where it comes past it"
        if others:
            said += f". What {', '.join(others[:4])} says is added; control/forget takes it away"
        return f"{said}."


def _pressing(patch: Patch) -> set[str]:
    """The signals that press, and the buttons behind those of them that are held or hit twice."""
    names = set(patch.presses)
    return names | {name.removesuffix("/long").removesuffix("/double") for name in names}


def _listed(routes: Sequence[Route]) -> str:
    shown = [
        f"{route.source} → {route.target}" + (f" ({route.depth:+g})" if route.mode == "add" else "")
        for route in routes[:MOST_SHOWN]
    ]
    more = [f"and {len(routes) - MOST_SHOWN} more"] if len(routes) > MOST_SHOWN else []
    return ", ".join([*shown, *more])
