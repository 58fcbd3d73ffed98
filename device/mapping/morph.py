"""Morphing: a control moves between scenes, or a point moves in a plane of up to four.

    Line   ●───────●─────────────●        Plane   3 ●────● 4     with three:      ● 3
           0  way  1     way     2                1 ●────● 2                  1 ●───● 2

It happens in raw space, so a frequency glides by octaves, and at a scene it is exactly that scene.
A parameter with steps switches in the middle. One that is the same in all of the scenes, that not
all of them know, or that is excluded is left to the player's other hands.

The control's place is followed with a glide: each way between two scenes takes `glide_s` at least.
Time is passed in; a place is a plain tuple, and nothing is remembered here.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from device.control.source import Reading
from device.errors import ControlError
from device.from_json import build
from device.mapping.scene import Scene
from device.params import ParamSpec

MOST_SCENES = 16
MAX_GLIDE_S = 600.0
_BEND = 3.0
"""A curve of 1 is the power 2^3: with the control in the middle, 1/256 of the change is made."""


@dataclass(frozen=True)
class Way:
    """From one scene to another."""

    curve: float = 0.0
    """-1..1: 0 is straight, above it the change comes late, below it early."""
    glide_s: float = 0.0
    """How long the whole of it takes at least."""


@dataclass(frozen=True)
class Line:
    """Scenes by number along one control, evenly from 0 to 1, and a way between each two."""

    scenes: tuple[int, ...]
    ways: tuple[Way, ...] = ()
    """One fewer than scenes; () is straight ways without a glide."""
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plane:
    """Scenes at the corners of a square, and the ways across (x) and up (y) it."""

    scenes: tuple[int, ...]
    across: Way = field(default_factory=Way)
    up: Way = field(default_factory=Way)
    exclude: tuple[str, ...] = ()


Morph = Line | Plane
Place = tuple[float, ...]
"""Where a morph is: (x,) on a line or (x, y) in a plane, each 0..1."""


def decode_morph(raw: Any) -> Morph:
    """A morph from JSON: an object with the members of `Line`, or of `Plane` if it has `across`
    or `up`.

    Raises:
        ControlError: with everything that is wrong with it.
    """
    kind = Plane if isinstance(raw, dict) and raw.keys() & {"across", "up"} else Line
    problems: list[str] = []
    morph = build(kind, raw, "morph", problems)
    if not problems:
        problems = _impossible(morph)
    if problems:
        raise ControlError("the morph cannot be used: " + "; ".join(problems))
    found: Morph = morph
    return found


@dataclass(frozen=True)
class Blend:
    """A morph made ready for one bundle: `raw` and `values` are float64 [scenes, parameters]."""

    morph: Morph
    specs: tuple[ParamSpec, ...]
    raw: np.ndarray
    values: np.ndarray
    steps: np.ndarray
    """bool [parameters]: those that switch."""


def prepare(
    morph: Morph,
    scenes: Mapping[int, Scene],
    specs: Mapping[str, ParamSpec],
    steps: Collection[str] = (),
) -> Blend:
    """Make a morph ready; `steps` are the ids of parameters that are a choice.

    Raises:
        ControlError: if a scene is missing, or they are for different instruments.
    """
    problems = _impossible(morph)
    problems += [f"there is no scene {n}" for n in morph.scenes if n not in scenes]
    if problems:
        raise ControlError("the morph cannot be used: " + "; ".join(problems))
    mine = [scenes[number] for number in morph.scenes]
    bundles = sorted({scene.bundle for scene in mine if scene.bundle})
    if len(bundles) > 1:
        raise ControlError(
            f"a morph is between scenes of one instrument; these are of {' and '.join(bundles)}"
        )
    known = [scene.known(specs) for scene in mine]
    ids = [
        id
        for id in known[0]
        if id not in morph.exclude
        and all(id in values for values in known)
        and any(values[id] != known[0][id] for values in known)
    ]
    values = np.array([[values[id] for id in ids] for values in known], np.float64)
    raw = np.array([[specs[id].raw(values[id]) for id in ids] for values in known], np.float64)
    switched = np.array([id in steps for id in ids], bool)
    return Blend(morph, tuple(specs[id] for id in ids), raw, values, switched)


def weights(morph: Morph, place: Place) -> np.ndarray:
    """How much there is of each scene at a place: float64 [scenes], their sum is 1."""
    if isinstance(morph, Line):
        shares = np.zeros(len(morph.scenes))
        at = _clipped(place[0]) * (len(morph.scenes) - 1)
        leg = min(int(at), len(morph.scenes) - 2)
        later = _bent(at - leg, _ways(morph)[leg].curve)
        shares[leg], shares[leg + 1] = 1.0 - later, later
        return shares
    x, y = (
        _bent(_clipped(at), way.curve)
        for at, way in zip(place, (morph.across, morph.up), strict=True)
    )
    if len(morph.scenes) == 2:
        return np.array([1.0 - x, x])
    if len(morph.scenes) == 3:
        return np.array([(1.0 - x) * (1.0 - y), x * (1.0 - y), y])
    return np.array([(1.0 - x) * (1.0 - y), x * (1.0 - y), (1.0 - x) * y, x * y])


def readings(blend: Blend, place: Place, when_s: float, who: str = "morph") -> list[Reading]:
    """What to set at a place, for one call of `Desk.take`."""
    shares = weights(blend.morph, place)
    most = int(np.argmax(shares))
    if shares[most] == 1.0:
        # The scene itself: raw and back may differ in the last digit.
        values = blend.values[most].tolist()
    else:
        raw = shares @ blend.raw
        values = [spec.value(r) for spec, r in zip(blend.specs, raw.tolist(), strict=True)]
        for i in np.flatnonzero(blend.steps).tolist():
            values[i] = float(blend.values[most, i])
    return [
        Reading(spec.id, value, False, who, when_s)
        for spec, value in zip(blend.specs, values, strict=True)
    ]


def glide(morph: Morph, place: Place, target: Place, passed_s: float) -> Place:
    """Where a morph at `place` is after `passed_s` on its way to `target`."""
    if isinstance(morph, Line):
        return (_along(_ways(morph), _clipped(place[0]), _clipped(target[0]), passed_s),)
    return tuple(
        _along((way,), _clipped(at), _clipped(to), passed_s)
        for way, at, to in zip((morph.across, morph.up), place, target, strict=True)
    )


def _along(ways: Sequence[Way], at: float, to: float, left_s: float) -> float:
    """From `at` to `to`, each of the ways in its own time, for as long as `left_s` reaches."""
    legs = len(ways)
    here, there = at * legs, to * legs
    left_s = max(left_s, 0.0)
    while here != there:
        up = there > here
        # At a scene, the way that lies ahead.
        leg = min(int(here), legs - 1) if up else max(math.ceil(here) - 1, 0)
        end = min(there, leg + 1.0) if up else max(there, float(leg))
        needs_s = abs(end - here) * ways[leg].glide_s
        if needs_s > left_s:
            here += (end - here) * left_s / needs_s
            break
        here, left_s = end, left_s - needs_s
    return to if here == there else here / legs


def _ways(line: Line) -> tuple[Way, ...]:
    return line.ways or (Way(),) * (len(line.scenes) - 1)


def _bent(share: float, curve: float) -> float:
    """0..1 to 0..1, exact at both ends."""
    if curve < 0.0:
        return float(1.0 - (1.0 - share) ** 2.0 ** (-_BEND * curve))
    return float(share**2.0 ** (_BEND * curve))


def _clipped(share: float) -> float:
    return min(max(share, 0.0), 1.0)


def _impossible(morph: Morph) -> list[str]:
    found = []
    most = MOST_SCENES if isinstance(morph, Line) else 4
    if not 2 <= len(morph.scenes) <= most:
        found.append(f"it has {len(morph.scenes)} scenes; give 2..{most}")
    if isinstance(morph, Line):
        if morph.ways and len(morph.ways) != len(morph.scenes) - 1:
            found.append(
                f"it has {len(morph.ways)} ways for {len(morph.scenes)} scenes; give one fewer"
            )
        ways = {f"ways[{i}]": way for i, way in enumerate(morph.ways)}
    else:
        ways = {"across": morph.across, "up": morph.up}
    for where, way in ways.items():
        if not -1.0 <= way.curve <= 1.0:
            found.append(f"{where}.curve is {way.curve:g}, outside -1..1")
        if not 0.0 <= way.glide_s <= MAX_GLIDE_S:
            found.append(f"{where}.glide_s is {way.glide_s:g}, outside 0..{MAX_GLIDE_S:g} s")
    return found
