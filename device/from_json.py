"""JSON into annotated dataclasses, with every misfit told at once and by its place.

It knows dataclasses, `X | None`, Literal, tuple[X, ...], dict[K, V], Any, int, float and str: what
the manifest is made of, and no more.
"""

import dataclasses
import math
import types
import typing
from typing import Any, Literal

from device.words import nearest

_MOST_NAMED = 8
"""Unknown keys that are named; of thousands the rest would say no more, and take a second."""


def build(kind: Any, raw: Any, where: str, problems: list[str]) -> Any:
    """Turn JSON into the annotated type `kind`; what does not fit is added to `problems`.

    `where` names the value in those problems. What is returned is only of use if there were none.
    """
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _build_dataclass(typing.cast(type, kind), raw, where, problems)
    if origin in (typing.Union, types.UnionType):
        return None if raw is None else build(args[0], raw, where, problems)
    if origin is Literal:
        if raw not in args:
            problems.append(f"{where} is {raw!r}, not one of {', '.join(map(str, args))}")
        return raw
    if origin is tuple and isinstance(raw, list):
        return tuple(build(args[0], r, f"{where}[{i}]", problems) for i, r in enumerate(raw))
    if origin is dict and isinstance(raw, dict):
        return {
            build(args[0], k, f"{where} key", problems): build(args[1], v, f"{where}.{k}", problems)
            for k, v in raw.items()
        }
    if kind is Any:
        return raw
    if kind is float and isinstance(raw, (int, float)) and not isinstance(raw, bool):
        try:
            number = float(raw)
        except OverflowError:  # A whole number of hundreds of digits.
            number = math.inf
        if not math.isfinite(number):
            problems.append(f"{where} is not finite")
        return number
    if kind in (int, str) and isinstance(raw, kind) and not isinstance(raw, bool):
        return raw
    wanted = getattr(origin or kind, "__name__", str(kind))
    problems.append(f"{where} is {type(raw).__name__}, not {wanted}")
    return raw


def _build_dataclass(kind: type, raw: Any, where: str, problems: list[str]) -> Any:
    if not isinstance(raw, dict):
        problems.append(f"{where} is {type(raw).__name__}, not an object")
        return None
    hints = typing.get_type_hints(kind)
    unknown = sorted(raw.keys() - hints.keys())
    for key in unknown[:_MOST_NAMED]:
        near = nearest(key, hints).removeprefix("; ")
        problems.append(f"{where}.{key} is unknown" + (f" ({near})" if near else ""))
    if len(unknown) > _MOST_NAMED:
        problems.append(f"and {len(unknown) - _MOST_NAMED} more keys of {where} are")
    values = {k: build(hints[k], raw[k], f"{where}.{k}", problems) for k in hints if k in raw}
    missing = [
        f.name
        for f in dataclasses.fields(kind)
        if f.name not in raw
        and f.default is dataclasses.MISSING
        and f.default_factory is dataclasses.MISSING
    ]
    problems += [f"{where}.{name} is missing" for name in missing]
    return None if missing else kind(**values)
