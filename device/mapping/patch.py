"""A patch: everything between the controls and the parameters, as data and as JSON.

{"format": 1,
 "controls": {"knob/1": {"low": 0.02, "high": 0.97, "smoothing_ms": 20}},
 "routes":   [{"source": "knob/1", "target": "macro/1"}],
 "macros":   [{"name": "1", "moves": [{"target": "dry_wet", "start": 0.2, "end": 1}]}],
 "presses":  {"button/1": "scene/next"}}
"""

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from device.errors import ControlError
from device.from_json import build
from device.mapping.conditioning import Conditioning
from device.mapping.conditioning import problems_of as problems_of_settings
from device.mapping.macros import MAX_MACROS, MAX_MOVES, Macro
from device.mapping.macros import problems_of as problems_of_macros
from device.mapping.routes import MAX_NAME, MAX_ROUTES, Route, sound_name
from device.mapping.routes import problems_of as problems_of_routes
from device.mapping.targets import Targets

FORMAT = 1
MAX_BYTES = 1 << 20
MAX_CONTROLS = 256
MAX_PRESSES = 256
MAX_ACT = 4096
MAX_SHOWN = 12


@dataclass(frozen=True)
class Patch:
    """Conditioning by the name of its control, routes, macros, and what presses do."""

    controls: dict[str, Conditioning] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    macros: tuple[Macro, ...] = ()
    presses: dict[str, str] = field(default_factory=dict)
    """Acts by the signal that presses, such as {"button/1": "scene/next"}."""
    format: int = FORMAT


def problems_of(patch: Patch, specs: Iterable[str] | None) -> list[str]:
    """What a well-formed patch still cannot be, with parameters of these ids, as sentences.

    `specs` None: whatever is no macro may be a parameter, of some instrument.
    """
    targets = Targets(_named(patch) if specs is None else specs, (m.id for m in patch.macros))
    found = []
    for name, settings in patch.controls.items():
        if not sound_name(name):
            found.append(
                f"the control {name[:MAX_NAME]!r} has no signal's name such as knob/1: lower case, "
                "without blanks"
            )
        found += problems_of_settings(settings, name[:MAX_NAME])
    for name, act in patch.presses.items():
        if not sound_name(name):
            found.append(f"the press {name[:MAX_NAME]!r} has no signal's name such as button/1")
        if not act.strip() or len(act) > MAX_ACT:
            found.append(f"the press {name[:MAX_NAME]!r} has no act such as scene/next")
    found += problems_of_routes(patch.routes, targets)
    return found + problems_of_macros(patch.macros, targets)


def _named(patch: Patch) -> set[str]:
    moves = (move.target for macro in patch.macros for move in macro.moves)
    return {t for t in (*(r.target for r in patch.routes), *moves) if not t.startswith("macro/")}


def fitting(patch: Patch, specs: Iterable[str]) -> tuple[Patch, list[str]]:
    """The part of a sound patch that another bundle can play, and sentences about what rests.

    A bundle that comes in has other parameters; what the player wired to the others stays.
    """
    targets = Targets(specs, (macro.id for macro in patch.macros))
    rests: list[str] = []

    def fits(target: str, where: str) -> bool:
        missing = targets.problems(target, where)
        rests.extend(missing)
        return not missing

    routes = tuple(r for r in patch.routes if fits(r.target, f"the route from {r.source} rests"))
    macros = tuple(
        replace(m, moves=tuple(v for v in m.moves if fits(v.target, f"a move of {m.id} rests")))
        for m in patch.macros
    )
    return replace(patch, routes=routes, macros=macros), rests


def encode_mapping(patch: Patch) -> bytes:
    """The patch as UTF-8 JSON; what is at its default is left out."""
    return json.dumps(as_json(patch), indent=1, ensure_ascii=False).encode()


def as_json(patch: Patch) -> dict[str, Any]:
    """The patch as a JSON object, for a file that has more in it, such as a scene."""
    said: dict[str, Any] = _said(patch)
    return {"format": FORMAT, **said}


def decode_mapping(data: bytes, specs: Iterable[str] | None) -> Patch:
    """Read and check a patch, for parameters of these ids (a table of specs will do).

    Raises:
        ControlError: naming everything in it that is unknown, missing, of a wrong type or
            impossible (the first dozen, and how many more there are).
    """
    if len(data) > MAX_BYTES:
        raise ControlError(f"the mapping is larger than {MAX_BYTES >> 20} MiB")
    try:
        raw = json.loads(data)
    except (UnicodeError, ValueError, RecursionError) as error:
        raise ControlError(f"the mapping is not readable JSON ({error})") from None
    return from_json(raw, specs)


def from_json(raw: Any, specs: Iterable[str] | None) -> Patch:
    """A patch out of read JSON, checked; raises as `decode_mapping` does."""
    try:
        # Half a letter (a lone surrogate) can be read, and never be written again.
        json.dumps(raw, ensure_ascii=False).encode()
    except (UnicodeError, ValueError, RecursionError) as error:
        raise ControlError(f"the mapping is not readable JSON ({error})") from None
    if not isinstance(raw, dict):
        raise ControlError("the mapping is not a JSON object with controls, routes and macros")
    if raw.get("format", FORMAT) != FORMAT:
        raise ControlError(
            f"the mapping has format {str(raw['format'])[:20]}; this Ondine reads format {FORMAT}. "
            "Update Ondine, or make the mapping again."
        )
    # Counted before they are built: a sentence for each of so many would take seconds.
    problems = _too_many(raw)
    if not problems:
        patch = build(Patch, raw, "mapping", problems)
        if isinstance(patch, Patch) and not problems:
            problems += problems_of(patch, specs)
    if problems:
        shown = [p if len(p) <= _LONGEST else p[:_LONGEST] + "..." for p in problems[:MAX_SHOWN]]
        if len(problems) > len(shown):
            shown.append(f"and {len(problems) - len(shown)} more")
        raise ControlError("the mapping cannot be used: " + "; ".join(shown))
    return patch


_MOST = {
    "controls": MAX_CONTROLS,
    "routes": MAX_ROUTES,
    "macros": MAX_MACROS,
    "presses": MAX_PRESSES,
}
_LONGEST = 240


def _too_many(raw: dict[str, Any]) -> list[str]:
    """Sentences about lists that are longer than any that could be used."""
    counts = [(key, raw.get(key), most) for key, most in _MOST.items()]
    macros = raw.get("macros")
    for number, macro in enumerate(macros if isinstance(macros, list) else [], 1):
        if isinstance(macro, dict):
            counts.append((f"moves of macro {number}", macro.get("moves"), MAX_MOVES))
    return [
        f"there are {len(given)} {what}; {most} are allowed"
        for what, given, most in counts
        if isinstance(given, (list, dict)) and len(given) > most
    ]


def _said(value: Any) -> Any:
    """A value as JSON, a dataclass without the fields that say what is so anyway."""
    if isinstance(value, dict):
        return {key: _said(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_said(item) for item in value]
    if not dataclasses.is_dataclass(value):
        return value
    said = {}
    for f in dataclasses.fields(value):
        given = getattr(value, f.name)
        made = f.default_factory
        default = f.default if made is dataclasses.MISSING else made()
        if given != default:
            said[f.name] = _said(given)
    return said
