"""A step: one method of a bundle as a pure function `(inputs, states) → (outputs, states)`.

onnxruntime is given every buffer beforehand. Two sets of caches and two bindings alternate, so
that what one step hands back is what the next is fed, without a copy and without allocation:

    binding 0:  states A ──► graph ──► states B
    binding 1:  states B ──► graph ──► states A

All buffers are the processor's own memory. A session on a graphics card takes its copy of an input
when that is bound, not when it runs (`IOBinding::BindInput` of onnxruntime), so there the inputs
are bound anew before each step; outputs are copied back at its end.
"""

import dataclasses
import io
import math
import time
from collections.abc import Sequence
from typing import Literal

import numpy as np
import onnxruntime as ort

from device.bundle import Bundle
from device.engine.weights import split
from device.errors import BundleError
from device.manifest import Graph, Method, Port, Precision
from device.provider import CPU, EXECUTION, LADDER, Name, Provider, session_providers

Start = Literal["zero", "exported"]

ort.set_default_logger_severity(4)
ort.disable_telemetry_events()  # It speaks to nobody on Linux today; it shall not begin to.


class Step:
    """Write `inputs`, call `run`, read `outputs`: numpy arrays that stay where they are.

    `inputs` and `outputs` map a port's name to its float32 array of the port's shape.
    """

    def __init__(
        self,
        bundle: Bundle,
        method: str,
        precision: Precision,
        *,
        threads: int = 1,
        gently: bool = False,
        provider: Provider = CPU,
    ) -> None:
        """Load the graph, bind every buffer and start the caches at zero.

        `self.provider` is what really computes: `provider`, or one below it where it does not
        work. `gently` leaves the interpreter to other threads meanwhile, and takes the weights'
        memory once more for as long as the step lives (`weights.py`).

        Raises:
            BundleError: if the bundle has no such method or precision, its graph cannot be
                loaded or does not have the ports that the manifest promises, or the caches'
                exported start does not fit them.
        """
        spec, graph = _find(bundle, method, precision)
        self._graph = graph
        self._start = _exported(bundle, graph)
        model, what = bundle.members[graph.member], f"{method} ({precision})"
        self._weights: list[ort.OrtValue] = []
        """onnxruntime points into these."""
        if gently:
            model, self._weights, names = _parted(model)
            self._session = _session(model, what, threads, provider, names, self._weights)
        else:
            self._session = _session(model, what, threads, provider)
        self.provider = _computes(self._session)
        _check_ports(self._session, spec, graph, method)
        self.inputs = {port.name: np.zeros(port.shape, np.float32) for port in spec.inputs}
        self.outputs = {port.name: np.zeros(port.shape, np.float32) for port in spec.outputs}
        self._written = tuple(
            {s.input: np.zeros(s.written or s.shape, s.dtype) for s in graph.states}
            for _ in range(2)
        )
        # A cache is the tail of what the graph wrote: a view, so keeping it costs nothing.
        self._states = tuple(
            {s.input: _tail(written[s.input], s.shape) for s in graph.states}
            for written in self._written
        )
        self._bindings = (self._bind(0, 1), self._bind(1, 0))
        self._turn = 0
        self._anew = provider.name != "cpu"

    def run(self) -> None:
        """One step: inputs and caches in, outputs and new caches out."""
        binding = self._bindings[self._turn]
        if self._anew:
            self._bind_inputs(binding, self._turn)
        self._session.run_with_iobinding(binding)
        self._turn ^= 1

    def reset(self, start: Start = "zero") -> None:
        """Put the caches back to zero, or to what they held in the source file."""
        states = self._states[self._turn]
        for spec in self._graph.states:
            states[spec.input][...] = 0
        if start == "exported":
            for name, held in self._start.items():
                states[name][...] = held

    def close(self) -> None:
        """Let go of the graph and its weights, one after the other.

        Freeing tens of megabytes takes milliseconds in which no other thread has the interpreter;
        between two pieces they have it.
        """
        for piece in ("_bindings", "_session", "_weights"):
            setattr(self, piece, None)
            time.sleep(0.0)

    def states(self) -> dict[str, np.ndarray]:
        """The caches that the next step is fed, by input name; live arrays, not copies."""
        return self._states[self._turn]

    def _bind(self, read: int, write: int) -> ort.IOBinding:
        binding = self._session.io_binding()
        self._bind_inputs(binding, read)
        targets = {s.output: self._written[write][s.input] for s in self._graph.states}
        for name, array in [*self.outputs.items(), *targets.items()]:
            binding.bind_output(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
        return binding

    def _bind_inputs(self, binding: ort.IOBinding, read: int) -> None:
        for name, array in [*self.inputs.items(), *self._states[read].items()]:
            binding.bind_input(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)


def _tail(written: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The last elements of `written` as an array of `shape`: a view."""
    return written.reshape(-1)[written.size - math.prod(shape) :].reshape(shape)


def _find(bundle: Bundle, method: str, precision: Precision) -> tuple[Method, Graph]:
    methods = bundle.manifest.methods
    if method not in methods:
        raise BundleError(f"{bundle.manifest.name} has no {method}; it has {', '.join(methods)}")
    graphs = methods[method].graphs
    if precision not in graphs:
        raise BundleError(
            f"{bundle.manifest.name} has no {precision} {method}; it has {', '.join(graphs)}"
        )
    return methods[method], graphs[precision]


def _exported(bundle: Bundle, graph: Graph) -> dict[str, np.ndarray]:
    """The caches as they were in the source file, by input name; empty if they were zero.

    Read once, here: a reset during music then only copies.
    """
    if graph.start is None:
        return {}
    try:
        with np.load(io.BytesIO(bundle.members[graph.start]), allow_pickle=False) as file:
            held = {name: file[name] for name in file.files}
    except Exception as error:  # numpy and zipfile raise many unrelated types
        raise BundleError(f"cannot read the start of the caches, {graph.start}: {error}") from None
    wanted = {s.input: (s.shape, s.dtype) for s in graph.states}
    for name, array in held.items():
        if wanted.get(name) != (array.shape, array.dtype.name):
            raise BundleError(
                f"the start {graph.start} has {name} as {array.dtype.name} {list(array.shape)}, "
                f"but the manifest says {wanted.get(name, 'that there is no such cache')}"
            )
    return held


def _parted(model: bytes) -> tuple[bytes, list[ort.OrtValue], list[str]]:
    """The model without its large weights, and these by value and by name."""
    parts = split(model)
    # An array keeps `model` alive, of which it is a view, and its value keeps the array.
    values = [ort.OrtValue.ortvalue_from_numpy(array) for array in parts.weights.values()]
    return parts.model, values, list(parts.weights)


def _session(
    model: bytes,
    what: str,
    threads: int,
    provider: Provider,
    names: Sequence[str] = (),
    weights: Sequence[ort.OrtValue] = (),
) -> ort.InferenceSession:
    for name in LADDER[LADDER.index(provider.name) :]:
        below = dataclasses.replace(provider, name=name)
        providers = session_providers(below, ort.get_available_providers())
        try:
            options = _options(threads)
            if names:
                options.add_external_initializers(list(names), list(weights))
            # It would go down by itself, and print that where the first line is "playing at".
            session = ort.InferenceSession(model, options, providers=providers, enable_fallback=0)
        except Exception as error:  # onnxruntime raises many unrelated types
            if name != "cpu":
                continue
            raise BundleError(f"onnxruntime cannot load {what}: {str(error)[:300]}") from None
        # Its Python side keeps the file's bytes, to start again with other providers, which we
        # never do; the weights would be in memory twice (34 MB for RAVE v2 in int8).
        session._model_bytes = None
        return session
    raise AssertionError("the last of the ladder is the processor")


def _options(threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Spinning threads burn most of a core between blocks and help no deadline.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Decaying tails reach denormals, which are a hundred times slower on x86.
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    return options


def _computes(session: ort.InferenceSession) -> Name:
    """What the session computes with first; what that cannot do, those below it do."""
    first = session.get_providers()[0]
    return next((name for name, known in EXECUTION.items() if known == first), "cpu")


def _check_ports(session: ort.InferenceSession, spec: Method, graph: Graph, what: str) -> None:
    """The graph must have exactly the ports and shapes of the manifest: we bind by pointer."""
    names = {np.dtype(np.float32).name: "tensor(float)", "uint8": "tensor(uint8)"}
    names |= {"int8": "tensor(int8)", "int64": "tensor(int64)", "bool": "tensor(bool)"}

    def promised(ports: tuple[Port, ...], ends: list[tuple[str, tuple[int, ...], str]]) -> set:
        return {(p.name, p.shape, "tensor(float)") for p in ports} | {
            (name, shape, names.get(dtype, dtype)) for name, shape, dtype in ends
        }

    wanted_in = promised(spec.inputs, [(s.input, s.shape, s.dtype) for s in graph.states])
    written = [(s.output, s.written or s.shape, s.dtype) for s in graph.states]
    wanted_out = promised(spec.outputs, written)
    found_in = {(i.name, tuple(i.shape), i.type) for i in session.get_inputs()}
    found_out = {(o.name, tuple(o.shape), o.type) for o in session.get_outputs()}
    if wanted_in != found_in or wanted_out != found_out:
        odd = sorted(map(str, (wanted_in ^ found_in) | (wanted_out ^ found_out)))
        raise BundleError(f"the graph of {what} differs from its manifest at {odd[0]}")
