"""Macros: one movement that moves several parameters, each by its own range and curve.

A macro is a parameter of its own, `macro/<name>`, raw 0..1: routes move it, a phone moves it, and a
macro may move another, as long as none moves itself in the end.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from device.mapping.curve import Curve
from device.mapping.curve import problems_of as problems_of_curve
from device.mapping.targets import Targets
from device.params import SLOTS, ParamSpec

PREFIX = "macro/"
MAX_MACROS = 64
MAX_MOVES = 64

# A name is part of an OSC address, as a parameter's id is.
_NAME = re.compile(r"[a-z0-9_.-]{1,32}")


@dataclass(frozen=True)
class Move:
    """What a macro does to one target: from `start` to `end` (raw, 0..1) as it goes from 0 to 1."""

    target: str
    start: float = 0.0
    end: float = 1.0
    curve: Curve = field(default_factory=Curve)


@dataclass(frozen=True)
class Macro:
    """Several moves by one name: lower-case letters, digits and `_.-`."""

    name: str
    moves: tuple[Move, ...]
    label: str = ""

    @property
    def id(self) -> str:
        """What it is called where parameters are called by their ids."""
        return PREFIX + self.name


def macro_specs(macros: Iterable[Macro]) -> dict[str, ParamSpec]:
    """Macros as parameters, by id, for whatever lists or addresses parameters.

    They have no slot in the params table (theirs is beyond its end): a reading for one goes
    through `Mapper.expand`, which turns it into readings of what the macro moves.
    """
    return {
        macro.id: ParamSpec(
            id=macro.id,
            label=macro.label or f"Macro {macro.name}",
            minimum=0.0,
            maximum=1.0,
            default=0.0,
            slot=SLOTS,
            group="macro",
        )
        for macro in macros
    }


def in_order(macros: Sequence[Macro]) -> list[Macro]:
    """Macros such that each comes before those it moves.

    Raises:
        graphlib.CycleError: if one moves itself in the end.
    """
    by_id = {macro.id: macro for macro in macros}
    moved_by: dict[str, list[str]] = {id: [] for id in by_id}
    for macro in macros:
        for move in macro.moves:
            if move.target in by_id:
                moved_by[move.target].append(macro.id)
    return [by_id[id] for id in TopologicalSorter(moved_by).static_order()]


def problems_of(macros: Sequence[Macro], targets: Targets) -> list[str]:
    """What well-formed macros still cannot be."""
    found: list[str] = []
    seen: set[str] = set()
    for number, macro in enumerate(macros, 1):
        if not _NAME.fullmatch(macro.name):
            found.append(
                f"macro {number}: its name {macro.name[:40]!r} is not 1 to 32 of a-z, 0-9 and _.-"
            )
        elif macro.id in seen:
            found.append(f"macro {number}: {macro.id} is there twice; give it another name")
        seen.add(macro.id)
        if len(macro.moves) > MAX_MOVES:
            found.append(f"{macro.id} has {len(macro.moves)} moves; {MAX_MOVES} are allowed")
            continue
        for place, move in enumerate(macro.moves, 1):
            where = f"{macro.id}, move {place}"
            found += targets.problems(move.target, where)
            found += [
                f"{where}: {end} is {raw:g}, outside 0..1"
                for end, raw in (("start", move.start), ("end", move.end))
                if not 0.0 <= raw <= 1.0
            ]
            found += problems_of_curve(move.curve, f"{where}: curve")
        moved = [move.target for move in macro.moves]
        twice = next((target for target in moved if moved.count(target) > 1), None)
        if twice is not None:
            found.append(f"{macro.id} moves {twice[:64]!r} twice; once is enough, with a curve")
    try:
        in_order(macros)
    except CycleError as error:
        round_trip = " → ".join(error.args[1])
        found.append(f"macros move each other in a circle ({round_trip}); take one of them out")
    return found
