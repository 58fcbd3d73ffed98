"""The manifest: a bundle's passport, and the only thing the rest of the box needs to know of it.

Frozen dataclasses that mirror `manifest.json` one to one. `decode_manifest` reads one from JSON
and checks it whole: unknown keys, wrong types and impossible numbers are all reported at once.
"""

import dataclasses
import hashlib
import json
import math
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from device.errors import BundleError
from device.from_json import build

FORMAT = 1
MAX_LATENTS = 128
MAX_BLOCK_FRAMES = 65_536
MAX_PARAMETERS = 32

# Ids of the engine's own parameters, which `device.params` describes: no bundle may take them.
FIXED_IDS = ("input_gain_db", "output_gain_db", "dry_wet", "noise_amount", "limiter_ceiling_db")
LATENT_PREFIXES = ("latent_bias_", "latent_scale_")

Kind = Literal["autoencoder", "decoder", "encoder", "prior", "synth", "oneshot", "effect"]
Role = Literal["audio", "latent", "noise", "param"]
Precision = Literal["fp32", "int8"]
Distribution = Literal["normal", "uniform"]

# An id is part of an OSC address, which has neither blanks nor wildcards.
_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")


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
    """A parameter that the bundle adds to the table: it feeds the graph input of the same name.

    `id` is made of letters, digits and `_.-`, and is none of the engine's own.
    """

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


def fingerprint(m: Manifest) -> str:
    """What tells this bundle from every other: the sha256 of its manifest."""
    return hashlib.sha256(encode_manifest(m)).hexdigest()


def decode_manifest(data: bytes) -> Manifest:
    """Read and check a manifest.

    Raises:
        BundleError: naming every field that is missing, unknown, of a wrong type or impossible.
    """
    try:
        raw = json.loads(data)
        # Half a letter (a lone surrogate) can be read, and never be written again.
        json.dumps(raw, ensure_ascii=False).encode()
    except (UnicodeError, ValueError, RecursionError) as error:
        raise BundleError(f"the manifest is not readable JSON ({error})") from None
    if not isinstance(raw, dict):
        raise BundleError("the manifest is not a JSON object")
    if raw.get("format") != FORMAT:
        raise BundleError(
            f"the bundle has format {raw.get('format')!r}; this Ondine reads format {FORMAT}. "
            "Convert the model again, or update Ondine."
        )
    problems: list[str] = []
    manifest = build(Manifest, raw, "manifest", problems)
    if isinstance(manifest, Manifest) and not problems:
        problems += _impossible(manifest)
    if problems:
        raise BundleError("the manifest cannot be used: " + "; ".join(problems))
    return manifest


def _is_tail(shape: tuple[int, ...], written: tuple[int, ...]) -> bool:
    """Whether [1, P, C] can be the last frames of `written`, in memory as in meaning."""
    plain = len(shape) == len(written) == 3 and shape[0] == written[0] == 1
    return plain and shape[2] == written[2] and shape[1] <= written[1]


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
        shapes = [p.shape for p in (*method.inputs, *method.outputs)]
        if not method.graphs:
            found.append(f"method {name} has no graph")
        for graph in method.graphs.values():
            members = {graph.member, graph.start or graph.member}
            found += [f"member {x} has no sha256" for x in members - m.members.keys()]
            shapes += [shape for s in graph.states for shape in (s.shape, s.written) if shape]
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
    return found + _impossible_parameters(m.parameters)


def _impossible_parameters(parameters: tuple[Parameter, ...]) -> list[str]:
    found = []
    if len(parameters) > MAX_PARAMETERS:
        found.append(f"there are {len(parameters)} parameters; at most {MAX_PARAMETERS} are played")
    counts = Counter(p.id for p in parameters)
    found += [f"parameter {id!r} is described {n} times" for id, n in counts.items() if n > 1]
    for p in parameters:
        if not _ID.fullmatch(p.id):
            found.append(f"parameter {p.id!r}: an id is 1 to 64 of A-Z, a-z, 0-9 and _.-")
        elif p.id in FIXED_IDS or p.id.startswith(LATENT_PREFIXES):
            found.append(f"parameter {p.id!r} has an id of the engine's own; give it another")
        if not p.minimum < p.maximum or not p.minimum <= p.default <= p.maximum:
            found.append(f"parameter {p.id!r} is {p.default} in {p.minimum}..{p.maximum}")
        if p.warp == "exponential" and p.minimum <= 0:
            found.append(f"parameter {p.id!r} is exponential, and its minimum is not above 0")
    return found
