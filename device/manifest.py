"""The manifest: a bundle's passport, and the only thing the rest of the box needs to know of it.

Frozen dataclasses that mirror `manifest.json` one to one. `decode_manifest` reads one from JSON
and checks it whole: unknown keys, wrong types and impossible numbers are all reported at once.
"""

import dataclasses
import difflib
import json
import math
import types
import typing
from dataclasses import dataclass, field
from typing import Any, Literal

from device.errors import BundleError

FORMAT = 1
MAX_LATENTS = 128
MAX_BLOCK_FRAMES = 65_536

Kind = Literal["autoencoder", "decoder", "encoder", "prior", "synth", "oneshot", "effect"]
Role = Literal["audio", "latent", "noise", "param"]
Precision = Literal["fp32", "int8"]
Distribution = Literal["normal", "uniform"]


@dataclass(frozen=True)
class Port:
    """One input or output of a graph: float32, of fixed shape [1, channels, steps] as a rule.

    `distribution` says how a noise input is drawn: `normal` is N(0, 1), `uniform` is U[0, 1).
    """

    name: str
    role: Role
    shape: tuple[int, ...]
    distribution: Distribution | None = None


@dataclass(frozen=True)
class State:
    """A streaming cache: fed to the graph as `input`, handed back by it as `output`.

    A graph that joins a cache and the new frames, [1, P, C] and [1, T, C], has the next cache at
    the end of what it wrote. Then `written` is that whole output's shape, [1, P + T, C], and the
    next step is fed its tail by pointer: no node and no copy keeps the cache.
    """

    input: str
    output: str
    shape: tuple[int, ...]
    dtype: str = "float32"
    written: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Graph:
    """One ONNX graph: its member in the bundle, its caches, and the caches' exported start."""

    member: str
    states: tuple[State, ...] = ()
    start: str | None = None
    """Member (.npz) with the caches as they were in the source file; None if they were zero."""


@dataclass(frozen=True)
class Method:
    """A pure step `(inputs, states) → (outputs, states)`, in one or two precisions."""

    graphs: dict[Precision, Graph]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

    def role(self, role: Role) -> tuple[Port, ...]:
        """The inputs of one role, in order."""
        return tuple(port for port in self.inputs if port.role == role)


@dataclass(frozen=True)
class Latent:
    """One latent dimension: its label and the range it was seen to move in (1st..99th percent)."""

    label: str
    low: float = -3.0
    high: float = 3.0


@dataclass(frozen=True)
class Parameter:
    """A parameter that the bundle adds to the table: it feeds the graph input of the same name."""

    id: str
    label: str
    minimum: float
    maximum: float
    default: float
    warp: Literal["linear", "exponential"] = "linear"
    unit: str = ""


@dataclass(frozen=True)
class Source:
    """Where the bundle comes from."""

    file: str = ""
    sha256: str = ""
    converter: str = ""


@dataclass(frozen=True)
class Manifest:
    """Everything the box knows of a model before it runs it."""

    name: str
    kind: Kind
    sample_rate_hz: int
    block_frames: int
    hop_frames: int
    channels_in: int
    channels_out: int
    latent_size: int
    delay_frames: int
    """Algorithmic delay of encode+decode, frames; excludes block and headroom."""
    methods: dict[str, Method]
    recommended: Precision = "fp32"
    """The precision that was the better one at conversion; a board's own bench may overrule it."""
    latents: tuple[Latent, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    authors: tuple[str, ...] = ()
    licence: str = "unknown"
    corpus: str = ""
    consent: str = ""
    source: Source = field(default_factory=Source)
    measured: dict[str, Any] = field(default_factory=dict)
    """Written by the converter's verify stage, for people and for `ondine info`."""
    members: dict[str, str] = field(default_factory=dict)
    """sha256 of every other member of the file."""
    format: int = FORMAT

    @property
    def latent_steps(self) -> int:
        """Latent steps per block."""
        return self.block_frames // self.hop_frames


def encode_manifest(manifest: Manifest) -> bytes:
    """The manifest as UTF-8 JSON."""
    return json.dumps(dataclasses.asdict(manifest), indent=1, ensure_ascii=False).encode()


def decode_manifest(data: bytes) -> Manifest:
    """Read and check a manifest.

    Raises:
        BundleError: naming every field that is missing, unknown, of a wrong type or impossible.
    """
    try:
        raw = json.loads(data)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BundleError(f"the manifest is not readable JSON ({error})") from None
    if not isinstance(raw, dict):
        raise BundleError("the manifest is not a JSON object")
    if raw.get("format") != FORMAT:
        raise BundleError(
            f"the bundle has format {raw.get('format')!r}; this Ondine reads format {FORMAT}. "
            "Convert the model again, or update Ondine."
        )
    problems: list[str] = []
    manifest = _build(Manifest, raw, "manifest", problems)
    if isinstance(manifest, Manifest) and not problems:
        problems += _impossible(manifest)
    if problems:
        raise BundleError("the manifest cannot be used: " + "; ".join(problems))
    return manifest


def _build(kind: Any, raw: Any, where: str, problems: list[str]) -> Any:
    """Turn JSON into the annotated type `kind`; what does not fit is added to `problems`."""
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if dataclasses.is_dataclass(kind):
        return _build_dataclass(typing.cast(type, kind), raw, where, problems)
    if origin in (typing.Union, types.UnionType):
        return None if raw is None else _build(args[0], raw, where, problems)
    if origin is Literal:
        if raw not in args:
            problems.append(f"{where} is {raw!r}, not one of {', '.join(map(str, args))}")
        return raw
    if origin is tuple and isinstance(raw, list):
        return tuple(_build(args[0], r, f"{where}[{i}]", problems) for i, r in enumerate(raw))
    if origin is dict and isinstance(raw, dict):
        return {
            _build(args[0], k, f"{where} key", problems): _build(
                args[1], v, f"{where}.{k}", problems
            )
            for k, v in raw.items()
        }
    if kind is Any:
        return raw
    if kind is float and isinstance(raw, (int, float)) and not isinstance(raw, bool):
        if not math.isfinite(raw):
            problems.append(f"{where} is not finite")
        return float(raw)
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
    for key in raw.keys() - hints.keys():
        near = difflib.get_close_matches(key, hints, 1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        problems.append(f"{where}.{key} is unknown{hint}")
    values = {k: _build(hints[k], raw[k], f"{where}.{k}", problems) for k in hints if k in raw}
    missing = [
        f.name
        for f in dataclasses.fields(kind)
        if f.name not in raw
        and f.default is dataclasses.MISSING
        and f.default_factory is dataclasses.MISSING
    ]
    problems += [f"{where}.{name} is missing" for name in missing]
    return None if missing else kind(**values)


def _is_tail(shape: tuple[int, ...], written: tuple[int, ...]) -> bool:
    """Whether [1, P, C] can be the last frames of `written`, in memory as in meaning."""
    apart = len(shape) == len(written) == 3 and shape[0] == written[0] == 1
    return apart and shape[2] == written[2] and shape[1] <= written[1]


def _impossible(m: Manifest) -> list[str]:
    """What a well-formed manifest still cannot say."""
    found = []
    if not 8_000 <= m.sample_rate_hz <= 192_000:
        found.append(f"sample_rate_hz is {m.sample_rate_hz}, outside 8000..192000")
    if not 0 < m.block_frames <= MAX_BLOCK_FRAMES:
        found.append(f"block_frames is {m.block_frames}, outside 1..{MAX_BLOCK_FRAMES}")
    if m.hop_frames < 1 or m.block_frames % max(m.hop_frames, 1):
        found.append(f"block_frames {m.block_frames} is no multiple of hop_frames {m.hop_frames}")
    if not 0 <= m.latent_size <= MAX_LATENTS or len(m.latents) not in (0, m.latent_size):
        found.append(f"latent_size is {m.latent_size} with {len(m.latents)} described latents")
    if not (0 <= m.channels_in <= 8 and 1 <= m.channels_out <= 8):
        found.append(f"channels are {m.channels_in} in (0..8), {m.channels_out} out (1..8)")
    if not 0 <= m.delay_frames <= 10 * m.sample_rate_hz:
        found.append(f"delay_frames is {m.delay_frames}, outside 0..10 s")
    if not m.methods:
        found.append("there are no methods")
    for name, method in m.methods.items():
        ports = [*method.inputs, *method.outputs]
        shapes = [p.shape for p in ports]
        if not method.graphs:
            found.append(f"method {name} has no graph")
        for graph in method.graphs.values():
            members = [graph.member, *([graph.start] if graph.start else [])]
            found += [f"member {x} has no sha256" for x in members if x not in m.members]
            shapes += [state.shape for state in graph.states]
            shapes += [state.written for state in graph.states if state.written]
            found += [
                f"state {name}.{s.input} of shape {s.shape} is no tail of {s.written}"
                for s in graph.states
                if s.written and not _is_tail(s.shape, s.written)
            ]
        found += [
            f"method {name} has a shape {shape}"
            for shape in shapes
            if any(n < 1 for n in shape) or math.prod(shape) > 2**26
        ]
        found += [
            f"noise input {name}.{p.name} has no distribution"
            for p in method.inputs
            if p.role == "noise" and p.distribution is None
        ]
    return found
