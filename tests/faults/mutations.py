"""Damaged bundles by the thousand: each is refused with a sentence, or plays and does no harm.

Every mutation starts from a good tiny bundle. What it changes is chosen by its seed alone: bytes of
the file, or bytes, fields, tensors and nodes of a graph, or values of the manifest, with every hash
made right again, so that the damage reaches the reader of graphs, onnxruntime and the engine.

While they are tried, a good engine plays on in this process, block by block, and is listened to.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from device.admission.admit import admit
from device.admission.limits import MEMORY_BYTES, OPERATORS
from device.admission.trial import Worker
from device.bundle import Bundle
from device.engine.engine import Engine
from device.errors import BundleError
from device.manifest import encode_manifest
from device.params import default_values
from tests import bundles
from tests.faults.attacks import MAX_S, Listening
from tests.faults.evil.forge import seal, stored
from tests.faults.report import Report

_NAME = "mutations"
_SOURCES = ("autoencoder_int8", "stereo", "decoder", "prior", "effect", "noise", "breakable")
_ODD_NUMBERS = (0, 1, -1, 2, 7, 255, 256, 257, 2**16, 2**31 - 1, 2**31, -(2**31), 2**40, 2**63 - 1)
_ODD_VALUES = (*_ODD_NUMBERS, 0.5, 1e400, float("nan"), "", "x", "../x", [], {}, None, True)

Random = np.random.Generator


def run_mutations(folder: Path, count: int, seed: int) -> Report:
    """Try `count` mutations, of seeds `seed` to `seed + count - 1`; the same seed, the same file.

    `worst` has the longest refusal by the clock and by the processor, the most memory in the
    worker, the longest wait of the caller's own engine, and how many bundles were let in.
    """
    failures: list[str] = []
    worst = {"refusal_s": 0.0, "processor_s": 0.0, "worker_mib": 0.0, "caller_block_ms": 0.0}
    admitted = 0
    sources = [bundles.ALL[name]() for name in _SOURCES]
    playing = _Playing()
    with Worker() as worker:
        for number in range(seed, seed + count):
            path = folder / "mutation.ondine"
            path.write_bytes(mutation(sources, number))
            listening = Listening(worker)
            for again in (True, False):  # on a shared machine one may be held up for long
                began_s = time.monotonic()
                say = _ask(path, listening)
                took_s = time.monotonic() - began_s
                if took_s <= MAX_S or not again:
                    break
            peak_mib = listening.peak_bytes / 2**20
            if say is None:
                admitted += 1
            elif not say.startswith(f"{path}: ") or "Try again" in say:
                failures.append(f"mutation {number}: no verdict, but {say!r}")
            if took_s > MAX_S:
                failures.append(f"mutation {number}: {took_s:.1f} s to a verdict")
            if peak_mib > MEMORY_BYTES >> 20:
                failures.append(f"mutation {number}: {peak_mib:.0f} MiB in the worker")
            if not playing.plays_on():
                failures.append(f"mutation {number}: the bundle that played is disturbed")
            worst["refusal_s"] = max(worst["refusal_s"], took_s)
            worst["processor_s"] = max(worst["processor_s"], listening.cpu_s)
            worst["worker_mib"] = max(worst["worker_mib"], peak_mib)
    worst["caller_block_ms"] = playing.slowest_ms
    print(f"{_NAME} {seed}..{seed + count - 1}: {admitted} of {count} let in", file=sys.stderr)
    return Report(_NAME, count, tuple(failures), worst)


def _ask(path: Path, worker: Worker) -> str | None:
    """The sentence of the refusal, None if it is let in."""
    try:
        admit(path, worker=worker)
    except BundleError as error:
        return str(error)
    return None


class _Playing:
    """A delay line that plays in this process, and whose every sample is known."""

    def __init__(self) -> None:
        self._engine = Engine(bundles.tiny_autoencoder(delay=256))
        self._params = default_values(bundles.tiny_autoencoder().manifest)
        self._sound = (0.25 * np.sin(np.arange(256) * 2 * np.pi / 32)).astype(np.float32)[None]
        self._out = np.zeros((1, 256), np.float32)
        for _ in range(50):  # until its fades and its DC filter have settled
            self._engine.process(self._sound, self._out, self._params)
        self._settled = self._out.copy()
        self.slowest_ms = 0.0

    def plays_on(self) -> bool:
        """One block more, as it was before."""
        began_s = time.perf_counter()
        self._engine.process(self._sound, self._out, self._params)
        self.slowest_ms = max(self.slowest_ms, 1000.0 * (time.perf_counter() - began_s))
        return bool(np.allclose(self._out, self._settled, atol=1e-4))


# --- making them --------------------------------------------------------------------------------


def mutation(sources: list[Bundle], seed: int) -> bytes:
    """A damaged bundle's file."""
    random = np.random.default_rng(seed)
    source = sources[random.integers(len(sources))]
    members = dict(source.members)
    raw = json.loads(encode_manifest(source.manifest))
    kind = random.choice(
        ["graph bytes", "graph", "start", "manifest", "file"], p=[0.3, 0.45, 0.05, 0.15, 0.05]
    )
    graphs = [name for name in members if name.endswith(".onnx")]
    name = graphs[random.integers(len(graphs))]
    if kind == "graph bytes":
        members[name] = _bytes(members[name], random)
    elif kind == "graph":
        members[name] = _graph(members[name], random)
    elif kind == "start":
        whole = bundles.tiny_autoencoder(exported_start=True)
        members, raw = dict(whole.members), json.loads(encode_manifest(whole.manifest))
        members["decode.start.npz"] = _bytes(members["decode.start.npz"], random)
    elif kind == "manifest":
        for _ in range(random.integers(1, 4)):
            _value(raw, random)
    data = stored([("manifest.json", seal(raw, members)), *members.items()])
    return _bytes(data, random) if kind == "file" else data


def _bytes(data: bytes, random: Random) -> bytes:
    """Bytes flipped, replaced, removed, doubled or moved, at one to eight places."""
    out = bytearray(data)
    for _ in range(int(random.integers(1, 9))):
        if not out:
            break
        at = int(random.integers(len(out)))
        size = int(random.integers(1, 9))
        match random.integers(6):
            case 0:
                out[at] ^= 1 << int(random.integers(8))
            case 1:
                out[at] = int(random.integers(256))
            case 2:
                out[at] = int(random.choice([0, 1, 0x7F, 0x80, 0xFF]))
            case 3:
                del out[at : at + size]
            case 4:
                out[at:at] = out[at : at + size]
            case _:
                other = int(random.integers(len(out)))
                out[at : at + size] = out[other : other + size]
    return bytes(out)


def _graph(data: bytes, random: Random) -> bytes:
    """A graph that is well formed and means something else."""
    model = onnx.ModelProto()
    model.ParseFromString(data)
    changes: list[Callable[[onnx.GraphProto, Random], Any]] = [
        _sizes, _numbers, _types, _operator, _wire, _attribute, _drop, _double, _order, _ports,
    ]  # fmt: skip
    for _ in range(int(random.integers(1, 4))):
        changes[random.integers(len(changes))](model.graph, random)
    try:
        return model.SerializeToString()
    except ValueError:  # text that is no UTF-8
        return data


def _pick(items: Any, random: Random) -> Any:
    return items[int(random.integers(len(items)))] if len(items) else None


def _odd(random: Random) -> int:
    return int(_ODD_NUMBERS[random.integers(len(_ODD_NUMBERS))])


def _sizes(graph: onnx.GraphProto, random: Random) -> None:
    tensor = _pick(graph.initializer, random)
    if tensor is not None and tensor.dims:
        tensor.dims[int(random.integers(len(tensor.dims)))] = _odd(random)


def _numbers(graph: onnx.GraphProto, random: Random) -> None:
    """A constant's values: odd ones, in its own type."""
    tensor = _pick(graph.initializer, random)
    if tensor is None:
        return
    values = onnx.numpy_helper.to_array(tensor).copy() if _sound(tensor) else np.zeros(1)
    with np.errstate(all="ignore"):
        odd = [_odd(random), np.nan, np.inf, 1e-40][: 4 if values.dtype.kind == "f" else 1]
        flat = values.reshape(-1)
        if flat.size:
            flat[int(random.integers(flat.size))] = np.asarray(
                odd[int(random.integers(len(odd)))]
            ).astype(values.dtype)
    tensor.raw_data = values.tobytes()


def _sound(tensor: onnx.TensorProto) -> bool:
    """Whether numpy can read it; an earlier change may have broken it."""
    try:
        onnx.numpy_helper.to_array(tensor)
    except Exception:  # onnx raises many unrelated types
        return False
    return True


def _types(graph: onnx.GraphProto, random: Random) -> None:
    tensor = _pick(graph.initializer, random)
    if tensor is not None:
        tensor.data_type = int(random.integers(0, 20))


def _operator(graph: onnx.GraphProto, random: Random) -> None:
    node = _pick(graph.node, random)
    if node is not None:
        node.domain, node.op_type = _pick(sorted(OPERATORS), random)


def _wire(graph: onnx.GraphProto, random: Random) -> None:
    """An input of a node that becomes another value of the graph, or none."""
    node = _pick(graph.node, random)
    names = [t.name for t in graph.initializer] + [o for n in graph.node for o in n.output]
    names += [i.name for i in graph.input] + [""]
    if node is not None and node.input:
        node.input[int(random.integers(len(node.input)))] = _pick(names, random)


def _attribute(graph: onnx.GraphProto, random: Random) -> None:
    node = _pick(graph.node, random)
    attribute = _pick(node.attribute, random) if node is not None else None
    if attribute is None:
        if node is not None:
            name = str(random.choice(["axis", "to", "keepdims", "alpha", "group", "perm"]))
            node.attribute.append(onnx.helper.make_attribute(name, _odd(random)))
    elif attribute.ints:
        attribute.ints[int(random.integers(len(attribute.ints)))] = _odd(random)
    else:
        attribute.i = _odd(random)


def _drop(graph: onnx.GraphProto, random: Random) -> None:
    part = (graph.node, graph.initializer, graph.input, graph.output)[random.integers(4)]
    if len(part):
        del part[int(random.integers(len(part)))]


def _double(graph: onnx.GraphProto, random: Random) -> None:
    part = (graph.node, graph.initializer, graph.input, graph.output)[random.integers(4)]
    if len(part):
        part.append(_pick(part, random))


def _order(graph: onnx.GraphProto, random: Random) -> None:
    nodes = list(graph.node)
    random.shuffle(nodes)  # type: ignore[arg-type]
    del graph.node[:]
    graph.node.extend(nodes)


def _ports(graph: onnx.GraphProto, random: Random) -> None:
    port = _pick((*graph.input, *graph.output), random)
    if port is not None and port.type.tensor_type.shape.dim:
        _pick(port.type.tensor_type.shape.dim, random).dim_value = _odd(random)


def _value(raw: Any, random: Random) -> None:
    """One value anywhere in a manifest, replaced, removed or doubled."""
    while True:
        keys: list[Any] = list(raw) if isinstance(raw, dict) else list(range(len(raw)))
        if not keys:
            return
        key = keys[int(random.integers(len(keys)))]
        if isinstance(raw[key], (dict, list)) and raw[key] and random.random() < 0.85:
            raw = raw[key]
            continue
        match random.integers(8):
            case 0:
                del raw[key]
            case 1 if isinstance(raw, list):
                raw.append(raw[key])
            case _:
                raw[key] = _ODD_VALUES[random.integers(len(_ODD_VALUES))]
        return


def main() -> None:
    """`python -m tests.faults.mutations COUNT [SEED]`"""
    import tempfile

    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(dataclasses.asdict(run_mutations(Path(folder), count, seed)), indent=1))


if __name__ == "__main__":
    main()
