"""A scene: everything a player set, under a number and a name, as one strict piece of JSON.

It keeps what it cannot use: values of parameters that the bundle of the moment does not have, and
the mapping and the learned map, which are read by those who made them. The model's caches are too
large for it; it names them by their sha256, and the store keeps them beside it.
"""

import dataclasses
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from device.errors import ControlError
from device.from_json import build
from device.params import ParamSpec
from device.words import printable

FORMAT = 1
MOST_SCENES = 128
"""As many as MIDI has programs."""
MAX_BYTES = 1 << 22
MAX_NAME = 60
MAX_VALUES = 4096
MAX_TEXT = 4096
MAX_SEED = 2**63 - 1
_MOST_SHOWN = 12
_ID = re.compile(r"(macro/)?[A-Za-z0-9_.-]{1,64}")
_SHA256 = re.compile(r"([0-9a-f]{64})?")


@dataclass(frozen=True)
class Scene:
    """All of it but the caches. `values` are in the parameters' units, by id."""

    number: int
    """0..127."""
    name: str
    bundle: str = ""
    """What the instrument calls itself; '' if the scene is for any."""
    file: str = ""
    """Where its bundle was."""
    fingerprint: str = ""
    """What tells the bundle from every other: the sha256 of its manifest."""
    precision: str = ""
    seed: int = 0
    values: dict[str, float] = field(default_factory=dict)
    mapping: dict[str, Any] = field(default_factory=dict)
    """Routes, conditioning and macros, as `device.mapping.routes` wrote them."""
    learned: dict[str, Any] = field(default_factory=dict)
    """The learned map, as `device.mapping.learned` wrote it."""
    caches: str = ""
    """The sha256 of the model's caches in the store; '' if they were not kept."""
    format: int = FORMAT

    def known(self, specs: Mapping[str, ParamSpec]) -> dict[str, float]:
        """The values that a bundle's parameters can take, within their ranges of today."""
        return {id: specs[id].clamp(v) for id, v in self.values.items() if id in specs}

    def unknown(self, specs: Mapping[str, ParamSpec]) -> tuple[str, ...]:
        """The parameters that have a value here and are none of the bundle's."""
        return tuple(id for id in self.values if id not in specs)

    @property
    def wanted(self) -> str:
        """The bundle to load for it: where it was, or by its name if it is there no more."""
        # os.path and not pathlib, which raises for a folder that is another user's.
        return self.file if os.path.isfile(self.file) else Path(self.file).stem or self.bundle

    def with_values(self, values: Mapping[str, float]) -> "Scene":
        """The same with these values; those of parameters that are not among them stay."""
        return dataclasses.replace(self, values={**self.values, **values})


def encode_scene(scene: Scene) -> bytes:
    """The scene as UTF-8 JSON, which `decode_scene` reads back as it is.

    Raises:
        ControlError: with everything in it that cannot be written.
    """
    problems = _impossible(scene)
    data = b""
    try:
        # Not dataclasses.asdict: it would copy a learned map of a thousand pairs first.
        members = {f.name: getattr(scene, f.name) for f in dataclasses.fields(scene)}
        text = json.dumps(members, indent=1, ensure_ascii=False, allow_nan=False)
        data = text.encode() + b"\n"
    except (TypeError, ValueError, RecursionError) as error:
        problems.append(f"it is no JSON ({error})")
    if len(data) > MAX_BYTES:
        problems.append(f"it has {len(data)} bytes, {MAX_BYTES} at most; use a smaller map")
    if problems:
        raise _refused(f"scene {scene.number}", problems)
    return data


def decode_scene(data: bytes, where: str) -> Scene:
    """Read a scene and check it whole; `where` names it in the error, such as its file.

    Raises:
        ControlError: with everything that is missing, unknown, of a wrong type or impossible.
    """
    if len(data) > MAX_BYTES:
        raise ControlError(f"{where} is larger than {MAX_BYTES >> 20} MiB")
    try:
        raw = json.loads(data, parse_constant=_no_constant, object_pairs_hook=_once_each)
        # Half a letter (a lone surrogate) can be read, and never be written again.
        json.dumps(raw, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise ControlError(f"{where} is not readable JSON ({error})") from None
    if not isinstance(raw, dict):
        raise ControlError(f"{where} is not a JSON object")
    if raw.get("format") != FORMAT:
        raise ControlError(
            f"{where} has format {str(raw.get('format'))[:20]}; this Ondine reads format {FORMAT}. "
            "Save the scene again, or update Ondine"
        )
    problems: list[str] = []
    scene = build(Scene, raw, "scene", problems)
    if isinstance(scene, Scene) and not problems:
        problems += _impossible(scene)
    if problems:
        raise _refused(where, problems)
    return scene


def is_newer(data: bytes) -> bool:
    """Whether this is the scene of an Ondine that is younger than this one, and so not damaged."""
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(raw, dict) and type(raw.get("format")) is int and raw["format"] > FORMAT


def plain_name(text: str) -> str:
    """What a player typed as a scene's name: printable, without blanks at its ends, not too long.

    Raises:
        ControlError: if nothing is left of it.
    """
    name = " ".join(printable(text).split())[:MAX_NAME].strip()
    if not name or name.isdecimal():
        raise ControlError(
            f"a scene cannot be called {printable(text)[:MAX_NAME]!r}; give a name with a letter"
        )
    return name


def _impossible(scene: Scene) -> list[str]:
    """What a well-formed scene still cannot say."""
    found = []
    if not 0 <= scene.number < MOST_SCENES:
        found.append(f"number is {scene.number}, outside 0..{MOST_SCENES - 1}")
    if not scene.name.strip() or len(scene.name) > MAX_NAME or not scene.name.isprintable():
        found.append(f"name is {scene.name[:MAX_NAME]!r}; 1..{MAX_NAME} printable characters")
    found += [
        f"{key} has {len(text)} characters, {MAX_TEXT} at most"
        for key in ("bundle", "file", "fingerprint", "precision")
        if len(text := getattr(scene, key)) > MAX_TEXT
    ]
    if not 0 <= scene.seed <= MAX_SEED:
        found.append(f"seed is {str(scene.seed)[:24]}, outside 0..2^63-1")
    if not _SHA256.fullmatch(scene.caches):
        found.append(f"caches are {scene.caches[:70]!r}, not a sha256 of 64 hexadecimal digits")
    if len(scene.values) > MAX_VALUES:
        found.append(f"there are {len(scene.values)} values, {MAX_VALUES} at most")
    for id, value in scene.values.items():
        if not _ID.fullmatch(id):
            found.append(f"values has {id[:70]!r}, which is no parameter's id")
        elif not math.isfinite(value):
            found.append(f"values.{id} is not finite")
    return found


def _refused(where: str, problems: list[str]) -> ControlError:
    shown = problems[:_MOST_SHOWN]
    if len(problems) > len(shown):
        shown.append(f"and {len(problems) - len(shown)} more")
    return ControlError(f"{where} cannot be used: " + "; ".join(shown))


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, in which JSON allows a key twice and no reader agrees which one counts."""
    members = dict(pairs)
    if len(members) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"{twice[:64]!r} is there twice")
    return members
