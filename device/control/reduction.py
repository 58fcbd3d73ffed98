"""Which frames are reduced by what, and what their numbers are called: data, kept as JSON.

    {"of": "hand/left", "by": {"kind": "pick", "points": [8]}, "names": ["hand/left/index_x", …]}

Without names the numbers are called after the frame and the reducer: "hand/left/8_x".
"""

import dataclasses
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from device.control.dialects.heard import Number
from device.control.pca import Pca
from device.control.reduce import Centre, Distance, Pick, Scale
from device.errors import ControlError
from device.from_json import build
from device.words import nearest

Reducers = Pick | Centre | Scale | Distance | Pca

KINDS: dict[str, type[Reducers]] = {
    "pick": Pick,
    "centre": Centre,
    "scale": Scale,
    "distance": Distance,
    "pca": Pca,
}
_NAME = re.compile(r"[a-z0-9_]+(/[a-z0-9_]+)*")


@dataclass(frozen=True)
class Reduction:
    """Frames named `of` are reduced `by`; its numbers are called `names`."""

    of: str
    by: Reducers
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in (self.of, *self.names):
            if not _NAME.fullmatch(name):
                raise ControlError(
                    f"{name!r} cannot be the name of a signal; its parts are of a-z, 0-9 and _, "
                    "joined by /"
                )
        if self.names and len(self.names) != len(self.by.suffixes):
            raise ControlError(
                f"{self.by.kind} of {self.of} has {len(self.names)} names; it needs "
                f"{len(self.by.suffixes)}, or none"
            )
        if len(set(self.names)) < len(self.names):
            raise ControlError(f"{self.by.kind} of {self.of} has a name twice")

    @property
    def signals(self) -> tuple[str, ...]:
        """The names of its numbers."""
        return self.names or tuple(f"{self.of}/{suffix}" for suffix in self.by.suffixes)

    def numbers(self, frame: NDArray[np.float64]) -> list[Number]:
        """The named numbers of a frame `[points, axes]`.

        Raises:
            ControlError: the frame has not what the reducer needs.
        """
        values = self.by.reduce(frame).tolist()
        return [Number(name, value) for name, value in zip(self.signals, values, strict=True)]


USUAL: tuple[Reduction, ...] = (
    *(
        reduction
        for hand in ("hand/left", "hand/right", "hand/1", "hand/2")
        for reduction in (
            Reduction(hand, Centre(), (f"{hand}/x", f"{hand}/y")),
            Reduction(hand, Scale(), (f"{hand}/size",)),
            Reduction(hand, Pick((8,)), (f"{hand}/index_x", f"{hand}/index_y")),
            Reduction(hand, Distance(4, 8), (f"{hand}/pinch",)),
        )
    ),
    Reduction("pose", Centre(), ("pose/x", "pose/y")),
    Reduction("pose", Scale(), ("pose/size",)),
    Reduction("face/mesh", Centre(), ("face/mesh/x", "face/mesh/y")),
    Reduction("face/mesh", Scale(), ("face/mesh/size",)),
    Reduction("face/raw", Centre(), ("face/raw/x", "face/raw/y")),
    Reduction("face/raw", Scale(), ("face/raw/size",)),
)
"""What comes out as long as nobody has chosen. Point 4 is the thumb's tip, 8 the index finger's."""


def to_json(reductions: Iterable[Reduction]) -> list[dict[str, Any]]:
    """Reductions as JSON's lists, objects, texts and numbers."""
    whole = [dataclasses.asdict(reduction) for reduction in reductions]
    lists: list[dict[str, Any]] = json.loads(json.dumps(whole))
    return lists


def from_json(raw: Any) -> tuple[Reduction, ...]:
    """Reductions from JSON.

    Raises:
        ControlError: with every misfit by its place.
    """
    if not isinstance(raw, list):
        raise ControlError(f"reductions are {type(raw).__name__}, not a list")
    problems: list[str] = []
    found = [_one(item, f"reductions[{i}]", problems) for i, item in enumerate(raw)]
    if problems:
        raise ControlError("; ".join(problems))
    return tuple(reduction for reduction in found if reduction is not None)


def _one(raw: Any, where: str, problems: list[str]) -> Reduction | None:
    by = raw.get("by") if isinstance(raw, dict) else None
    kind = by.get("kind") if isinstance(by, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        near = nearest(kind, KINDS) if isinstance(kind, str) else ""
        problems.append(f"{where}.by.kind is {kind!r}, not one of {', '.join(KINDS)}{near}")
        return None
    before = len(problems)
    try:
        named = build(_Named, {k: v for k, v in raw.items() if k != "by"}, where, problems)
        reducer = build(KINDS[kind], by, f"{where}.by", problems)
        return None if len(problems) > before else Reduction(named.of, reducer, named.names)
    except ControlError as error:
        problems.append(f"{where}: {error}")
        return None


@dataclass(frozen=True)
class _Named:
    """A reduction without its reducer, whose kind is known only when it has been read."""

    of: str
    names: tuple[str, ...] = ()
