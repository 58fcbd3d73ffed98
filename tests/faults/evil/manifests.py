"""Attacks by the manifest: JSON that hurts its reader, and promises that nobody can keep."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults.evil.forge import (
    MEMBER,
    SHAPE,
    Attack,
    bundle,
    file,
    forward,
    manifest,
    model,
    node,
    seal,
    state,
    stored,
    value,
)

_GOOD = model([node("Tanh", "audio", "wet")]).SerializeToString()
_DRIVE = {
    "id": "drive", "label": "Drive", "minimum": 0.0, "maximum": 1.0, "default": 0.5,
    "warp": "linear", "unit": "",
}  # fmt: skip


def _changed(**changes: Any) -> Callable[[Path], Path]:
    return lambda folder: bundle(folder, {MEMBER: _GOOD}, manifest(**changes))


def _written(change: Callable[[bytes], bytes]) -> Callable[[Path], Path]:
    """The manifest's own bytes, changed."""

    def make(folder: Path) -> Path:
        head = change(seal(manifest(), {MEMBER: _GOOD}))
        return file(folder, stored([("manifest.json", head), (MEMBER, _GOOD)]))

    return make


def _of_method(change: Callable[[dict[str, Any]], Any], data: bytes = _GOOD) -> Callable:
    def make(folder: Path) -> Path:
        raw = manifest()
        change(forward(raw))
        return bundle(folder, {MEMBER: data}, raw)

    return make


def _nested(depth: int) -> Callable[[Path], Path]:
    inner = b"[" * depth + b"]" * depth
    return _written(
        lambda head: head.replace(b'"measured": {}', b'"measured": {"a": ' + inner + b"}")
    )


def _states(method: dict[str, Any], states: list[dict[str, Any]]) -> None:
    method["graphs"]["fp32"]["states"] = states


def _many_methods(folder: Path) -> Path:
    raw = manifest()
    raw["methods"] |= {f"m{i}": forward(raw) for i in range(1000)}
    return bundle(folder, {MEMBER: _GOOD}, raw)


def _twice_used(folder: Path) -> Path:
    raw = manifest()
    raw["methods"]["other"] = forward(raw)
    return bundle(folder, {MEMBER: _GOOD}, raw)


def _param(**changes: Any) -> Callable[[Path], Path]:
    return _changed(parameters=[_DRIVE | changes])


_OTHER_OUT = model(
    [node("Concat", "audio audio", "wet", axis=2)], outputs=[value("wet", (1, 1, 512))]
).SerializeToString()
_CACHED = model(
    [node("Add", "audio cached_a", "wet"), node("Identity", "wet", "new_cached_a")],
    inputs=[value("audio"), value("cached_a")],
    outputs=[value("wet"), value("new_cached_a")],
).SerializeToString()

ATTACKS = (
    Attack(
        "huge manifest", "64 MB of JSON", "manifest has", _written(lambda h: h + b" " * (64 << 20))
    ),
    Attack(
        "no JSON",
        "bytes that are no text",
        "not readable JSON",
        _written(lambda h: b"\xff\xfe" + h),
    ),
    Attack("deep manifest", "100 000 lists in lists", "not readable JSON", _nested(100_000)),
    Attack(
        "deep measurements",
        "500 lists: readable, but not writable again",
        "nested deeper",
        _nested(500),
    ),
    Attack(
        "30 000 unknown keys",
        "each compared with every key there is",
        "unknown|within",
        _changed(**{f"key{i}": 0 for i in range(30_000)}),
        slow=True,
    ),
    Attack(
        "1e400",
        "a whole number that no float holds",
        "not finite",
        _changed(latents=[{"label": "a", "low": 10**400, "high": 1.0}], latent_size=1),
    ),
    Attack(
        "5000 digits",
        "a number that Python refuses to read",
        "not readable JSON",
        _written(lambda h: h.replace(b'"delay_frames": 0', b'"delay_frames": ' + b"9" * 5000)),
    ),
    Attack(
        "half a letter",
        "a lone surrogate, which no file can hold",
        "surrogates not allowed",
        _changed(name="a\ud800"),
    ),
    Attack(
        "backwards name",
        "a letter that turns the direction of writing",
        "U+202E",
        _changed(name="glass\u202eenidno."),
    ),
    Attack(
        "escape codes", "a name that paints the terminal", "U+001B", _changed(name="\x1b[2Jglass")
    ),
    Attack(
        "name of 100 000 letters",
        "no screen has room for it",
        "letters",
        _changed(name="a" * 100_000),
    ),
    Attack("format 2", "a version that is not known", "format 2", _changed(format=2)),
    Attack("no methods", "nothing to play", "no methods", _changed(methods={})),
    Attack("1000 methods", "a thousand sessions to load", "1001 methods", _many_methods),
    Attack("one graph for two methods", "one member in two places", "used twice", _twice_used),
    Attack(
        "infinite delay",
        "delay_frames of 10^12: a terabyte of delay line",
        "delay_frames",
        _changed(delay_frames=10**12),
    ),
    Attack("negative delay", "sound from the future", "delay_frames", _changed(delay_frames=-64)),
    Attack(
        "10^9 channels", "in and out", "channels", _changed(channels_in=10**9, channels_out=10**9)
    ),
    Attack(
        "10^12 Hz", "a rate that no clock has", "sample_rate_hz", _changed(sample_rate_hz=10**12)
    ),
    Attack("block of 0", "a block without frames", "block_frames", _changed(block_frames=0)),
    Attack("hop of 0", "a division by zero", "hop_frames", _changed(hop_frames=0)),
    Attack("10^9 latents", "a slot each", "latent_size", _changed(latent_size=10**9)),
    Attack("NaN default", "a knob that stands nowhere", "not finite", _param(default=float("nan"))),
    Attack("infinite range", "a knob without an end", "not finite", _param(maximum=float("inf"))),
    Attack("range upside down", "from 1 to 0", "in 1", _param(minimum=1.0, maximum=0.0)),
    Attack(
        "id with a path",
        "an OSC address of its own choice",
        "an id is",
        _param(id="../../output_gain_db"),
    ),
    Attack(
        "id of the engine", "a second output_gain_db", "engine's own", _param(id="output_gain_db")
    ),
    Attack(
        "33 parameters",
        "more slots than the table has",
        "33 parameters",
        _changed(parameters=[_DRIVE | {"id": f"p{i}"} for i in range(33)]),
    ),
    Attack(
        "missing parameter",
        "a graph that wants one nobody described",
        "does not describe",
        _of_method(
            lambda m: m["inputs"].append(
                {"name": "p", "role": "param", "shape": [1, 1, 1], "distribution": None}
            ),
            model(
                [node("Mul", "audio p", "wet")], inputs=[value("audio"), value("p", (1, 1, 1))]
            ).SerializeToString(),
        ),
    ),
    Attack(
        "shape of 2^80",
        "sizes whose product overflows",
        "has a shape",
        _of_method(lambda m: m["inputs"][0].update(shape=[2**40, 2**40])),
    ),
    Attack(
        "shape of 100 sizes",
        "more than numpy has",
        "more than 8 sizes",
        _of_method(lambda m: m["inputs"][0].update(shape=[1] * 100)),
    ),
    Attack(
        "negative shape",
        "a size of -1",
        "has a shape",
        _of_method(lambda m: m["inputs"][0].update(shape=[1, 1, -256])),
    ),
    Attack(
        "large caches",
        "64 of 64 MiB each",
        "wants",
        _of_method(lambda m: _states(m, [state(f"s{i}", (1, 2**24, 1)) for i in range(64)])),
    ),
    Attack(
        "5000 caches",
        "each bound four times",
        "5000 caches",
        _of_method(lambda m: _states(m, [state(f"s{i}", (1, 1, 1)) for i in range(5000)])),
    ),
    Attack(
        "cache of objects",
        "numpy's pointers to Python",
        "is object",
        _of_method(lambda m: _states(m, [state("a", SHAPE, dtype="object")])),
    ),
    Attack(
        "cache of a false shape",
        "larger in the graph than in the manifest",
        "differs from its manifest",
        _of_method(lambda m: _states(m, [state("a", (1, 1, 128))]), _CACHED),
    ),
    Attack(
        "cache of a false tail",
        "written beyond what is kept",
        "no tail",
        _of_method(lambda m: _states(m, [state("a", SHAPE, written=[1, 1, 16])]), _CACHED),
    ),
    Attack(
        "cache that is not there",
        "a pointer to nothing",
        "differs from its manifest",
        _of_method(lambda m: _states(m, [state("a", SHAPE)])),
    ),
    Attack(
        "two inputs of one name",
        "one of them never filled",
        "of one name",
        _of_method(lambda m: m["inputs"].append(m["inputs"][0])),
    ),
    Attack(
        "false output",
        "512 frames where 256 are promised",
        "differs from its manifest",
        _of_method(lambda m: None, _OTHER_OUT),
    ),
    Attack(
        "output with another name",
        "a pointer to nothing",
        "differs from its manifest",
        _of_method(lambda m: m["outputs"][0].update(name="x")),
    ),
    Attack(
        "no sound",
        "a method without an audio output",
        "makes sound",
        _of_method(lambda m: m["outputs"][0].update(role="latent")),
    ),
    Attack("null", "null for a manifest", "not a JSON object", _written(lambda h: b"null")),
    Attack(
        "wrong types",
        "text for every number",
        "cannot be used",
        _written(
            lambda h: json.dumps(
                {
                    k: str(v) if isinstance(v, int) and k != "format" else v
                    for k, v in json.loads(h).items()
                }
            ).encode()
        ),
    ),
)
