"""A dataset as JSON, and back strictly: every mistake is told at once.

{"format": 1, "inputs": ["knob/1"], "targets": ["dry_wet"], "made": 1,
 "pairs": [{"id": "1", "pose": [0.25], "target": [0.5], "weight": 1.0, "path": 0}]}
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from device.errors import ControlError
from device.from_json import build
from device.mapping.dataset import (
    MAX_INPUTS,
    MAX_PAIRS,
    MAX_TARGETS,
    Dataset,
    Pair,
    name_problems,
    pair_problems,
)

FORMAT = 1
MAX_BYTES = 1 << 24
MAX_SHOWN = 12
_MOST_MADE = 1_000_000_000


@dataclass(frozen=True)
class _StoredPair:
    id: str
    pose: Any
    target: Any
    weight: float = 1.0
    path: int = 0


@dataclass(frozen=True)
class _Stored:
    format: int
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    pairs: Any
    made: int = 0


def encode_dataset(dataset: Dataset) -> dict[str, Any]:
    """The dataset as what `json.dumps` takes; numbers come back bit for bit."""
    return {
        "format": FORMAT,
        "inputs": list(dataset.inputs),
        "targets": list(dataset.targets),
        "made": dataset.made,
        "pairs": [
            {
                "id": pair.id,
                "pose": list(pair.pose),
                "target": list(pair.target),
                "weight": pair.weight,
                "path": pair.path,
            }
            for pair in dataset.pairs
        ],
    }


def decode_dataset(raw: Any) -> Dataset:
    """The dataset of parsed JSON.

    Raises:
        ControlError: naming everything that is missing, unknown, of a wrong type or impossible.
    """
    problems: list[str] = []
    if isinstance(raw, dict) and raw.get("format", FORMAT) != FORMAT:
        raise ControlError(
            f"the dataset has format {raw['format']!r:.60}; this Ondine reads format {FORMAT}"
        )
    stored = build(_Stored, raw, "dataset", problems)
    if not problems:
        problems += name_problems("inputs", stored.inputs, MAX_INPUTS)
        problems += name_problems("targets", stored.targets, MAX_TARGETS)
        if not 0 <= stored.made <= _MOST_MADE:
            problems.append(f"made is {stored.made}, outside 0..{_MOST_MADE}")
    pairs = _pairs(stored, problems) if not problems else ()
    refuse(problems, "the dataset")
    return Dataset(stored.inputs, stored.targets, pairs, stored.made)


def _pairs(stored: _Stored, problems: list[str]) -> tuple[Pair, ...]:
    if not isinstance(stored.pairs, list) or len(stored.pairs) > MAX_PAIRS:
        problems.append(f"pairs is not a list of at most {MAX_PAIRS}")
        return ()
    pairs: list[Pair] = []
    seen: set[str] = set()
    for number, item in enumerate(stored.pairs, 1):
        found: list[str] = []
        one = build(_StoredPair, item, "it", found)
        if not found:
            found += [f"{w} is not a list of numbers" for w in ("pose", "target") if _bad(one, w)]
        if not found:
            row = tuple(map(float, one.pose)), tuple(map(float, one.target))
            pairs.append(Pair(one.id, *row, one.weight, one.path))
            found += pair_problems(pairs[-1], stored.inputs, stored.targets)
            if one.path > stored.made:
                found.append(f"path is {one.path}, more than the {stored.made} ever made")
            if one.id in seen:
                found.append(f"its name {one.id!r} is that of an earlier pair")
            seen.add(one.id)
        problems += [f"pair {number}: {problem}" for problem in found]
    return tuple(pairs)


def _bad(one: _StoredPair, what: str) -> bool:
    return not is_row(getattr(one, what))


def is_row(row: Any) -> bool:
    """Whether this is a list of numbers that a float can hold."""
    # Kinds rather than isinstance: true and false are whole numbers to it.
    if not isinstance(row, list) or not {type(value) for value in row} <= {int, float}:
        return False
    return all(-1e300 < value < 1e300 for value in row)


def parse_json(data: bytes, what: str) -> Any:
    """The JSON in a file's bytes; `what` names it in the sentence.

    Raises:
        ControlError: it is too large, no JSON, or has a number that is none (NaN, Infinity).
    """
    if len(data) > MAX_BYTES:
        raise ControlError(f"{what} is larger than {MAX_BYTES >> 20} MiB")
    try:
        return json.loads(data, parse_constant=_no_constant, object_pairs_hook=_once_each)
    except (UnicodeError, ValueError, RecursionError) as error:
        raise ControlError(f"{what} is not readable JSON ({error})") from None


def refuse(problems: Sequence[str], what: str) -> None:
    """Raise a ControlError of these problems, if there are any; of very many, the first."""
    if problems:
        shown = [*problems[:MAX_SHOWN]]
        if len(problems) > len(shown):
            shown.append(f"and {len(problems) - len(shown)} more")
        raise ControlError(f"{what} cannot be used: " + "; ".join(shown))


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _once_each(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, refused where a key is twice: the one that is meant cannot be known."""
    made = dict(members)
    if len(made) < len(members):
        keys = [key for key, _ in members]
        twice = next(key for key in made if keys.count(key) > 1)
        raise ValueError(f"{twice[:64]!r} is there twice")
    return made
