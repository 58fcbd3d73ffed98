"""A kit: what lies on the sixteen pads, as data. Sounds themselves are made from it.

    made     latents and a seed: the drum engine makes it, the same every time
    found    a file and where in it: the player's own; with latents, so that it can be varied

Kits are kept as JSON, whole or not at all. The pads answer to MIDI notes 36..51 in the order of
General MIDI's drums, so that any drum pattern makes sense.
"""

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any

from device.errors import ControlError
from device.mapping.disk import Disk, put, why
from device.pads.bank import GROUPS, PADS
from device.pads.layout import CLASSES, LATENTS

FORMAT = 1
FIRST_NOTE = 36
SUFFIX = ".kit.json"
MAX_BYTES = 1 << 18
PLAN = (
    "kick", "perc", "snare", "clap", "snare", "tom", "hat", "tom",
    "hat", "tom", "hat", "tom", "tom", "cymbal", "tom", "cymbal",
)  # fmt: skip
"""The class of each pad, as General MIDI has them from note 36 on."""
HATS = (6, 8, 10)
LEVEL_DB = (-60.0, 12.0)
PITCH = (-24.0, 24.0)


@dataclass(frozen=True)
class Pad:
    """One pad. `file` is '' where the drum engine makes its sound."""

    kind: str
    latents: tuple[float, ...] = (0.0,) * LATENTS
    seed: int = 0
    file: str = ""
    start: int = 0
    """Frames at 48 kHz, as `frames`."""
    frames: int = 0
    level_db: float = 0.0
    pan: float = 0.0
    pitch: float = 0.0
    """Semitones."""
    choke: int = 0
    empty: bool = False

    def __post_init__(self) -> None:
        if problem := _problem(self):
            raise ControlError(problem)


@dataclass(frozen=True)
class Kit:
    """Sixteen pads."""

    pads: tuple[Pad, ...]

    def with_pad(self, number: int, pad: Pad) -> "Kit":
        """The same with another pad in a place, 0..15."""
        pads = list(self.pads)
        pads[number] = pad
        return Kit(tuple(pads))


def blank() -> Kit:
    """Nothing on any pad, but what each is for, and hats that end each other."""
    choke = [1 if n in HATS else 0 for n in range(PADS)]
    return Kit(tuple(Pad(k, empty=True, choke=c) for k, c in zip(PLAN, choke, strict=True)))


def as_json(kit: Kit) -> bytes:
    """A kit as a file's bytes."""
    pads = [dataclasses.asdict(pad) for pad in kit.pads]
    return json.dumps({"format": FORMAT, "pads": pads}, indent=1).encode()


def from_json(data: bytes) -> Kit:
    """The kit in a file's bytes.

    Raises:
        ControlError: if it is none, and what is wrong with it.
    """
    try:
        raw = json.loads(data[: MAX_BYTES + 1])
    except (ValueError, RecursionError) as error:
        raise ControlError(f"the kit is not readable JSON ({error})") from None
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise ControlError(f"that is no kit of format {FORMAT}; save it again with this Ondine")
    pads = raw.get("pads")
    if not isinstance(pads, list) or len(pads) != PADS:
        raise ControlError(f"a kit has {PADS} pads")
    return Kit(tuple(_pad(number, each) for number, each in enumerate(pads)))


def _pad(number: int, raw: Any) -> Pad:
    fields = {field.name: field for field in dataclasses.fields(Pad)}
    if not isinstance(raw, dict) or (odd := raw.keys() - fields.keys()):
        what = f"has {sorted(odd)[0]!r}" if isinstance(raw, dict) else "is no object"
        raise ControlError(f"pad {number + 1} of the kit {what}, which is not known")
    given = dict(raw)
    latents = given.get("latents", [0.0] * LATENTS)
    given["latents"] = tuple(latents) if isinstance(latents, list) else latents
    try:
        return Pad(**given)
    except (ControlError, TypeError) as error:
        raise ControlError(f"pad {number + 1} of the kit cannot be used: {error}") from None


def _problem(pad: Pad) -> str:
    """What is wrong with a pad; '' if nothing."""
    if pad.kind not in CLASSES:
        return f"{str(pad.kind)[:40]!r} is no class of drums; {', '.join(CLASSES)} are"
    numbers = (pad.level_db, pad.pan, pad.pitch)
    if not isinstance(pad.latents, tuple) or len(pad.latents) != LATENTS:
        return f"it has not {LATENTS} latents"
    if not all(_is_number(x) for x in (*pad.latents, *numbers)):
        return "a value of it is no finite number"
    if not all(_is_whole(x) for x in (pad.seed, pad.start, pad.frames, pad.choke)):
        return "a count of it is no whole number from 0 on"
    if not isinstance(pad.file, str) or "\0" in pad.file or not isinstance(pad.empty, bool):
        return "its file is no path"
    for name, value, (low, high) in (
        ("level", pad.level_db, LEVEL_DB),
        ("pan", pad.pan, (-1.0, 1.0)),
        ("pitch", pad.pitch, PITCH),
        ("choke", pad.choke, (0, GROUPS)),
    ):
        if not low <= value <= high:
            return f"{name} is {value:g}; {low:g} to {high:g} is possible"
    return ""


def _is_number(value: object) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and math.isfinite(float(value))  # type: ignore[arg-type]


def _is_whole(value: object) -> bool:
    return type(value) is int and 0 <= value < 1 << 62


def file_of(name: str) -> str:
    """The file of a kit of this name.

    Raises:
        ControlError: if it cannot be one.
    """
    plain = name.strip()
    if not plain or len(plain) > 60 or plain.startswith(".") or not plain.isprintable():
        raise ControlError(f"{name[:60]!r} is no name of a kit; give letters and digits, up to 60")
    if "/" in plain:
        raise ControlError(f"a kit's name has no slash in it, as {plain[:60]!r} has")
    return f"{plain}{SUFFIX}"


def keep(disk: Disk, name: str, kit: Kit) -> None:
    """Keep a kit by its name, in place of one of that name.

    Raises:
        ControlError: if the disk will not have it.
    """
    file = file_of(name)
    try:
        with disk.alone():
            put(disk, file, as_json(kit))
    except OSError as error:
        raise ControlError(f"the kit {name} cannot be kept: {why(error)}") from None


def kept(disk: Disk, name: str) -> Kit:
    """A kit by its name.

    Raises:
        ControlError: if there is none, and which there are, or it cannot be used.
    """
    file = file_of(name)
    try:
        return from_json(disk.read(file, MAX_BYTES))
    except FileNotFoundError:
        there = ", ".join(names(disk)) or "none yet"
        raise ControlError(f"there is no kit {name!r}; there is {there}") from None
    except OSError as error:
        raise ControlError(f"the kit {name} cannot be read: {why(error)}") from None


def names(disk: Disk) -> list[str]:
    """The kits that are kept."""
    return [n.removesuffix(SUFFIX) for n in disk.names() if n.endswith(SUFFIX) and n[0] != "."]
