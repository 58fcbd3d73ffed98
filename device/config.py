"""The profile of a box: its cards, block sizes and ports, read from `hardware/<box>/profile.toml`.

Without a file the built-in values hold; they are those of `hardware/desktop/profile.toml`.
"""

import dataclasses
import math
import os
import re
import tomllib
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from device.control.guests import guests_of
from device.control.midi.settings import MIDI_RANGES, MidiProfile, midi_problems
from device.control.panel.profile import PANEL_RANGES, PanelProfile, panel_problems
from device.errors import ConfigError, ControlError
from device.provider import Name
from device.words import nearest, sentence

MAX_BYTES = 1 << 16


@dataclass(frozen=True)
class AudioProfile:
    """The sound card and how much is queued on it."""

    cards: tuple[str, ...] = ()
    """Cards in order of preference: names as in `hw:CARD=name`, or kinds: usb, hat, hdmi, onboard,
    any. Empty: the first that is there."""
    inputs: tuple[int, ...] = ()
    """The card's channels that the instrument hears, counted from 1; empty: the first ones."""
    outputs: tuple[int, ...] = ()
    """The card's channels that it plays on, counted from 1; empty: the first ones."""
    headroom_frames: int = 0
    """Frames queued when a block is read; 0: one block of the instrument."""
    latency_frames: int = 0
    """From input to output, kept across instruments; 0: what the first instrument needs."""
    cpu: int = -1
    """The processor that audio is kept on; -1: any."""
    governor: bool = True
    """Whether audio asks for the processor's full clock while it plays."""


@dataclass(frozen=True)
class EngineProfile:
    """How a model is run."""

    threads: int = 1
    precision: Literal["auto", "fp32", "int8"] = "auto"
    provider: Name = "cpu"
    """What computes it: the processor, or on a Jetson "cuda" or "tensorrt"."""
    fp16: bool = False
    """Whether TensorRT may compute with half the digits."""


@dataclass(frozen=True)
class OscProfile:
    """Where OSC is listened for. 127.0.0.1 is this computer alone; 0.0.0.0 the whole network."""

    host: str = "127.0.0.1"
    port: int = 9000
    allow: tuple[str, ...] = ()
    """Whom else, of that network: addresses and networks, for apps and phones as well. (): all."""


@dataclass(frozen=True)
class RecordingProfile:
    """What `ondine keep` can reach back to."""

    minutes: float = 2.0
    """Of what was played, held in memory: 22 MiB a minute in stereo at 48 kHz; 0: none."""


@dataclass(frozen=True)
class MemoryProfile:
    """How much memory is left to others."""

    keep_free_mib: int = 64
    """With less than this free, spare instruments are let go of before the system swaps."""


@dataclass(frozen=True)
class AppsProfile:
    """Where other apps (Wekinator's, cameras', gloves') are listened for."""

    host: str = "127.0.0.1"
    port: int = -1
    """Their UDP port; 6448 is Wekinator's. -1: not at all; 0: any free one."""


@dataclass(frozen=True)
class PhoneProfile:
    """Where phones look up what there is to play, and take their layouts from."""

    port: int = -1
    """A TCP port, at the host of OSC, such as 9000. -1: nowhere; 0: any free one."""


@dataclass(frozen=True)
class DrumsProfile:
    """Pads of one-shots beside whatever instrument plays."""

    on: bool = False


@dataclass(frozen=True)
class Profile:
    """Everything that differs from one box to the next."""

    name: str = "desktop"
    audio: AudioProfile = field(default_factory=AudioProfile)
    engine: EngineProfile = field(default_factory=EngineProfile)
    osc: OscProfile = field(default_factory=OscProfile)
    recording: RecordingProfile = field(default_factory=RecordingProfile)
    memory: MemoryProfile = field(default_factory=MemoryProfile)
    panel: PanelProfile = field(default_factory=PanelProfile)
    midi: MidiProfile = field(default_factory=MidiProfile)
    apps: AppsProfile = field(default_factory=AppsProfile)
    phone: PhoneProfile = field(default_factory=PhoneProfile)
    drums: DrumsProfile = field(default_factory=DrumsProfile)


_RANGES: dict[str, tuple[float, float]] = {
    "audio.headroom_frames": (0, 65_536),
    "audio.latency_frames": (0, 262_144),
    "audio.cpu": (-1, 1023),
    "engine.threads": (1, 64),
    "osc.port": (1, 65_535),
    "recording.minutes": (0, 30),
    "memory.keep_free_mib": (0, 65_536),
    "apps.port": (-1, 65_535),
    "phone.port": (-1, 65_535),
    **MIDI_RANGES,
    **PANEL_RANGES,
}
MAX_CHANNEL = 64
MAX_TABLES = 64


def load_profile(environment: Mapping[str, str] = os.environ) -> Profile:
    """The profile of this box: `$ONDINE_PROFILE`, /etc/ondine/profile.toml, or the desktop's.

    Raises:
        ConfigError: if a file that was found cannot be used.
    """
    if named := environment.get("ONDINE_PROFILE"):
        return read_profile(Path(named))
    installed = Path("/etc/ondine/profile.toml")
    beside = Path(__file__).parent.parent / "hardware/desktop/profile.toml"
    for path in (installed, beside):
        if path.is_file():
            return read_profile(path)
    return Profile()


def profile_to_sound(environment: Mapping[str, str] = os.environ) -> tuple[Profile, str]:
    """The profile of this box; where it cannot be used, the usual one, and a sentence that says so.

    For a box that starts by itself: with a slip in its settings it still has to sound.
    """
    try:
        return load_profile(environment), ""
    except ConfigError as error:
        mend = "Until it is mended and Ondine is started again it plays with any card and no panel"
        return Profile(), f"{sentence(error)} {mend}."


def read_profile(path: Path) -> Profile:
    """Read one profile.

    Raises:
        ConfigError: naming every key that is unknown, of a wrong type or out of its range.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ConfigError(f"the profile {path} is larger than {MAX_BYTES >> 10} KiB")
        raw = tomllib.loads(data.decode())
    except OSError as error:
        raise ConfigError(f"cannot read the profile {path}: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"the profile {path} is not readable TOML ({error})") from None
    problems: list[str] = []
    profile = _build(Profile, raw, "", problems)
    if not problems:
        problems = [*panel_problems(profile.panel), *midi_problems(profile.midi)]
        problems += guest_problems(profile.osc.allow)
    if problems:
        raise ConfigError(f"the profile {path} cannot be used: " + "; ".join(problems))
    return profile


def guest_problems(texts: Sequence[str]) -> list[str]:
    """What of `osc.allow` is no address."""
    try:
        guests_of(texts)
    except ControlError as error:
        return [f"osc.allow: {error}"]
    return []


def _build(kind: type, raw: Mapping[str, Any], within: str, problems: list[str]) -> Any:
    hints = typing.get_type_hints(kind)
    values: dict[str, Any] = {}
    for key, given in raw.items():
        name = within + key
        if key not in hints:
            problems.append(f"{name} is unknown{nearest(key, hints)}")
        elif dataclasses.is_dataclass(hints[key]):
            if isinstance(given, dict):
                values[key] = _build(typing.cast(type, hints[key]), given, f"{name}.", problems)
            else:
                problems.append(f"{name} is {given!r}; write it as a table [{name}]")
        elif item := _item(hints[key]):
            values[key] = _build_each(item, given, name, problems)
        else:
            if problem := _wrong(name, given, hints[key]):
                problems.append(problem)
            elif hints[key] is float:
                values[key] = float(given)
            else:
                values[key] = tuple(given) if isinstance(given, list) else given
    missing = [
        part.name
        for part in dataclasses.fields(kind)
        if part.default is part.default_factory is dataclasses.MISSING and part.name not in raw
    ]
    problems += [f"{within}{name} is missing" for name in missing]
    return None if problems else kind(**values)


def _item(kind: Any) -> type | None:
    """What a list of tables is a list of; None for any other kind of value."""
    of = typing.get_args(kind)[:1]
    return of[0] if of and isinstance(of[0], type) and dataclasses.is_dataclass(of[0]) else None


def _build_each(kind: type, given: Any, name: str, problems: list[str]) -> tuple[Any, ...]:
    """A list of tables, counted from 1 in what is said of them: panel.knobs[1].channel."""
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        problems.append(f"{name} is {given!r}; write it as tables [[{name}]]")
        return ()
    if len(given) > MAX_TABLES:
        problems.append(f"{name} has {len(given)} tables; {MAX_TABLES} are allowed")
        return ()
    return tuple(_build(kind, item, f"{name}[{i}].", problems) for i, item in enumerate(given, 1))


def _wrong(name: str, given: Any, kind: Any) -> str:
    """What is wrong with one value, or nothing."""
    if typing.get_origin(kind) is Literal:
        allowed = typing.get_args(kind)
        fits = any(given == one and type(given) is type(one) for one in allowed)
        return "" if fits else f"{name} is {given!r}; it may be {', '.join(map(str, allowed))}"
    if kind == tuple[int, ...]:
        return _wrong_channels(name, given)
    if typing.get_origin(kind) is tuple:
        names = isinstance(given, list) and all(isinstance(item, str) for item in given)
        return "" if names else f"{name} is {given!r}, not a list of names"
    if kind is bool:
        return "" if isinstance(given, bool) else f"{name} is {given!r}, not true or false"
    if kind in (int, float):
        # Python counts True as 1 and TOML writes 2.0 as 2: the first is a slip, the second is not.
        fitting = (int,) if kind is int else (int, float)
        if not isinstance(given, fitting) or isinstance(given, bool):
            return f"{name} is {given!r}, not a {'whole ' if kind is int else ''}number"
        low, high = _RANGES.get(re.sub(r"\[\d+\]", "", name), (-math.inf, math.inf))
        return "" if low <= given <= high else f"{name} is {given}, outside {low:g}..{high:g}"
    return "" if isinstance(given, str) else f"{name} is {given!r}, not text"


def _wrong_channels(name: str, given: Any) -> str:
    """A channel map: the card's channels from 1 up, each once."""
    if not isinstance(given, list) or any(type(item) is not int for item in given):
        return f"{name} is {given!r}, not a list of channels such as [1, 2]"
    if outside := [item for item in given if not 1 <= item <= MAX_CHANNEL]:
        return f"{name} has channel {outside[0]}, outside 1..{MAX_CHANNEL}"
    twice = next((item for item in given if given.count(item) > 1), None)
    return f"{name} has channel {twice} twice" if twice is not None else ""
