"""Tiny bundles with real ONNX graphs: what every test of the box plays instead of a trained model.

Each is made in memory in a few milliseconds, is the same bytes every time, and does something one
can work out by hand. `python -m tests.bundles OUT_DIR` writes them all.

    tiny_autoencoder  an exact delay line: its latents are the PCM itself, `hop` frames a step
    tiny_decoder      additive synth: latent i is the amplitude of i + 1 cycles per hop
    tiny_prior        the same, with noise for latents
    tiny_effect       tanh(drive · x), delayed
    tiny_noise        left: its normal noise / 10, right: its uniform noise - 1/2
    tiny_breakable    x + half the previous block; `fault` = 1 makes NaN that stays in its cache
    tiny_slow         a wire that multiplies matrices while its parameter `slow` is 1
    tiny_encoder      only encodes: there is nothing to hear
"""

import dataclasses
import hashlib
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from device.bundle import Bundle, write_bundle
from device.manifest import (
    Graph,
    Latent,
    Manifest,
    Method,
    Parameter,
    Port,
    Precision,
    Source,
    State,
)

INT8_SCALE = 1 / 128
"""Step of the int8 graphs' caches: values in [-1, 1) in 256 steps, and silence is 0."""

_TYPES = {"float32": TensorProto.FLOAT, "int8": TensorProto.INT8}


class _Net:
    """Nodes and constants of one graph, named as they come."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def __call__(self, op: str, *inputs: str, out: str | None = None, **attributes: object) -> str:
        out = out or f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [out], **attributes))
        return out

    def constant(self, value: object, dtype: type = np.float32) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def delay(self, x: str, name: str, frames: int, block: int, state: State | None) -> str:
        """`x` [1, C, block], `frames` later. The cache holds floats, or int8 if its state does."""
        if state is None:
            return x
        start, cut, end, axis = (self.constant([n], np.int64) for n in (0, block, 2**31, 2))
        quantised = state.dtype == "int8"
        scale, zero = self.constant(INT8_SCALE), self.constant(0, np.int8)
        if quantised:
            x = self("QuantizeLinear", x, scale, zero)
        line = self("Concat", state.input, x, axis=2)
        self("Slice", line, cut, end, axis, out=state.output)
        y = self("Slice", line, start, cut, axis)
        return self("DequantizeLinear", y, scale, zero) if quantised else y

    def model(self, method: Method, states: Sequence[State]) -> bytes:
        def values(ports: Sequence[Port], ends: list[tuple[str, State]]) -> list:
            return [
                helper.make_tensor_value_info(p.name, TensorProto.FLOAT, p.shape) for p in ports
            ] + [helper.make_tensor_value_info(n, _TYPES[s.dtype], s.shape) for n, s in ends]

        graph = helper.make_graph(
            self.nodes,
            "tiny",
            values(method.inputs, [(s.input, s) for s in states]),
            values(method.outputs, [(s.output, s) for s in states]),
            self.constants,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10, producer_name="tiny"
        )
        onnx.checker.check_model(model, full_check=True)
        return model.SerializeToString(deterministic=True)


def _cache(name: str, channels: int, frames: int, precision: Precision = "fp32") -> State | None:
    if frames == 0:
        return None
    shape = (1, channels, frames)
    if precision == "int8":
        return State(f"cached_{name}", f"new_cached_{name}", shape, "int8")
    return State(f"cached_{name}", f"new_cached_{name}", shape)


def _pack(arrays: dict[str, np.ndarray]) -> bytes:
    data = io.BytesIO()
    np.savez(data, **arrays)
    return data.getvalue()


def _bundle(
    manifest: Manifest,
    build: dict[str, Callable[[_Net, Precision], list[State | None]]],
    *,
    int8: bool = False,
    start: dict[str, dict[str, np.ndarray]] | None = None,
) -> Bundle:
    """Build every method's graphs; `build[method](net, precision)` adds nodes, returns states."""
    members: dict[str, bytes] = {}
    methods = {}
    precisions: tuple[Precision, ...] = ("fp32", "int8") if int8 else ("fp32",)
    for name, method in manifest.methods.items():
        graphs: dict[Precision, Graph] = {}
        for precision in precisions:
            net = _Net()
            states = tuple(s for s in build[name](net, precision) if s is not None)
            member = f"{name}.{precision}.onnx"
            members[member] = net.model(method, states)
            held = None
            if start and name in start and precision == "fp32":
                held = f"{name}.start.npz"
                members[held] = _pack(start[name])
            graphs[precision] = Graph(member, states, held)
        methods[name] = dataclasses.replace(method, graphs=graphs)
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    return Bundle(dataclasses.replace(manifest, methods=methods, members=digests), members)


def tiny_autoencoder(
    block: int = 256,
    hop: int = 4,
    rate: int = 48_000,
    channels_in: int = 1,
    channels_out: int = 1,
    delay: int = 64,
    *,
    int8: bool = False,
    exported_start: bool = False,
    name: str = "tiny autoencoder",
) -> Bundle:
    """An exact delay line of `delay` frames, half of them in encode's cache, half in decode's.

    Latent c·hop + i at step s is frame s·hop + i of channel c, so latent_size is channels_in·hop.
    With 1 → n channels the output is copied; with n → 1 it is the mean. `int8` adds graphs whose
    caches are int8 in steps of INT8_SCALE. `exported_start` fills decode's cache with 0.25.
    """
    steps, size = block // hop, channels_in * hop
    if channels_in == channels_out:
        matrix = np.eye(channels_in)
    else:
        matrix = np.full((channels_out, channels_in), 1 / channels_in)
    first, second = delay - delay // 2, delay // 2

    def encode(net: _Net, precision: Precision) -> list[State | None]:
        state = _cache("input", channels_in, first, precision)
        x = net.delay("audio", "input", first, block, state)
        x = net("Reshape", x, net.constant([channels_in, steps, hop], np.int64))
        x = net("Transpose", x, perm=[0, 2, 1])
        net("Reshape", x, net.constant([1, size, steps], np.int64), out="latent")
        return [state]

    def decode(net: _Net, precision: Precision) -> list[State | None]:
        state = _cache("output", channels_out, second, precision)
        x = net("Reshape", "latent", net.constant([channels_in, hop, steps], np.int64))
        x = net("Transpose", x, perm=[0, 2, 1])
        x = net("Reshape", x, net.constant([1, channels_in, block], np.int64))
        x = net("MatMul", net.constant(matrix[None]), x)
        x = net.delay(x, "output", second, block, state)
        net("Identity", x, out="audio")
        return [state]

    latent = Port("latent", "latent", (1, size, steps))
    manifest = Manifest(
        name=name,
        kind="autoencoder",
        sample_rate_hz=rate,
        block_frames=block,
        hop_frames=hop,
        channels_in=channels_in,
        channels_out=channels_out,
        latent_size=size,
        delay_frames=delay,
        methods={
            "encode": Method({}, (Port("audio", "audio", (1, channels_in, block)),), (latent,)),
            "decode": Method({}, (latent,), (Port("audio", "audio", (1, channels_out, block)),)),
        },
        recommended="int8" if int8 else "fp32",
        latents=tuple(Latent(f"frame {i}", -1.0, 1.0) for i in range(size)),
        licence="MIT",
        source=Source("tests/bundles.py"),
    )
    start = None
    if exported_start and second:
        start = {"decode": {"cached_output": np.full((1, channels_out, second), 0.25, np.float32)}}
    return _bundle(manifest, {"encode": encode, "decode": decode}, int8=int8, start=start)


def tiny_stereo(block: int = 256, delay: int = 64) -> Bundle:
    """The delay line with two channels in and out, which stay apart."""
    return tiny_autoencoder(block, channels_in=2, channels_out=2, delay=delay, name="tiny stereo")


def tiny_decoder(
    block: int = 256,
    hop: int = 64,
    rate: int = 48_000,
    latent: int = 4,
    channels_out: int = 1,
    *,
    prior: bool = False,
) -> Bundle:
    """audio[s·hop + t] = Σ_i latent_i(s) · sin(2π (i+1) t / hop), the same in every channel.

    With a `prior`, the latents are its normal noise instead of nothing.
    """
    steps = block // hop
    phase = np.outer(np.arange(hop), np.arange(1, latent + 1)) / hop
    waves = np.sin(2 * np.pi * phase)

    def decode(net: _Net, precision: Precision) -> list[State | None]:
        x = net("MatMul", net.constant(waves[None]), "latent")
        x = net("Transpose", x, perm=[0, 2, 1])
        x = net("Reshape", x, net.constant([1, 1, block], np.int64))
        net("Expand", x, net.constant([1, channels_out, block], np.int64), out="audio")
        return []

    def predict(net: _Net, precision: Precision) -> list[State | None]:
        net("Identity", "dice", out="latent")
        return []

    z = Port("latent", "latent", (1, latent, steps))
    methods = {"decode": Method({}, (z,), (Port("audio", "audio", (1, channels_out, block)),))}
    if prior:
        methods["prior"] = Method({}, (Port("dice", "noise", z.shape, "normal"),), (z,))
    manifest = Manifest(
        name="tiny prior" if prior else "tiny decoder",
        kind="prior" if prior else "decoder",
        sample_rate_hz=rate,
        block_frames=block,
        hop_frames=hop,
        channels_in=0,
        channels_out=channels_out,
        latent_size=latent,
        delay_frames=0,
        methods=methods,
        latents=tuple(Latent(f"partial {i + 1}", 0.0, 1.0) for i in range(latent)),
        licence="MIT",
    )
    return _bundle(manifest, {"decode": decode, "prior": predict})


def tiny_prior(block: int = 256, hop: int = 64, latent: int = 4) -> Bundle:
    """The additive synth, played by normal noise: a method `prior` without sound input."""
    return tiny_decoder(block, hop, latent=latent, prior=True)


def _wire(
    name: str,
    block: int,
    rate: int,
    channels: int,
    delay: int,
    parameters: tuple[Parameter, ...],
    build: Callable[[_Net, Precision], list[State | None]],
) -> Bundle:
    """An effect: one method `forward`, audio and its parameters in, audio out."""
    audio = Port("audio", "audio", (1, channels, block))
    manifest = Manifest(
        name=name,
        kind="effect",
        sample_rate_hz=rate,
        block_frames=block,
        hop_frames=block,
        channels_in=channels,
        channels_out=channels,
        latent_size=0,
        delay_frames=delay,
        methods={
            "forward": Method(
                {},
                (audio, *(Port(p.id, "param", (1, 1, 1)) for p in parameters)),
                (Port("wet", "audio", audio.shape),),
            )
        },
        parameters=parameters,
        licence="MIT",
    )
    return _bundle(manifest, {"forward": build})


def tiny_effect(block: int = 256, rate: int = 48_000, channels: int = 1, delay: int = 32) -> Bundle:
    """tanh(drive · audio), `delay` frames later. `drive` is a model parameter, 0.1..20."""

    def forward(net: _Net, precision: Precision) -> list[State | None]:
        state = _cache("input", channels, delay)
        x = net.delay("audio", "input", delay, block, state)
        net("Tanh", net("Mul", x, "drive"), out="wet")
        return [state]

    drive = Parameter("drive", "Drive", 0.1, 20.0, 1.0, "exponential")
    return _wire("tiny effect", block, rate, channels, delay, (drive,), forward)


def tiny_breakable(block: int = 256, rate: int = 48_000, channels: int = 1) -> Bundle:
    """(audio + previous output block / 2) / (1 - fault): NaN or Inf at fault = 1, and it stays.

    While `trap` is 1, onnxruntime raises in the middle of the step.
    """

    def forward(net: _Net, precision: Precision) -> list[State | None]:
        state = State("cached_last", "new_cached_last", (1, channels, block))
        x = net("Add", "audio", net("Mul", state.input, net.constant(0.5)))
        index = net("Cast", "trap", to=TensorProto.INT64)
        x = net("Mul", x, net("Gather", net.constant([1.0]), index))
        net("Div", x, net("Sub", net.constant(1.0), "fault"), out="wet")
        net("Identity", "wet", out=state.output)
        return [state]

    fault = Parameter("fault", "Fault", 0.0, 1.0, 0.0)
    trap = Parameter("trap", "Trap", 0.0, 1.0, 0.0)
    return _wire("tiny breakable", block, rate, channels, 0, (fault, trap), forward)


def tiny_slow(
    block: int = 256, rate: int = 48_000, channels: int = 1, products: int = 40, size: int = 256
) -> Bundle:
    """A wire; while `slow` is 1 (the default) it also makes `products` of size × size matrices.

    A product of 256 × 256 takes about 0.15 ms on one x86 core. Recurrent layers make them, one a
    step: how many steps a layer takes is an input of it, so this needs no branch, which admission
    refuses.
    """
    rows = size // 5

    def forward(net: _Net, precision: Precision) -> list[State | None]:
        net.constants += [
            numpy_helper.from_array(np.zeros((1, 3 * size, 1), np.float32), "deaf"),
            numpy_helper.from_array(np.zeros((1, 3 * size, size), np.float32), "matrix"),
        ]
        wanted = net("Cast", net("Greater", "slow", net.constant(0.5)), to=TensorProto.INT32)
        x = ""
        for begin in range(0, products, 40):  # a layer holds all of its steps in memory
            steps = min(40, products - begin)
            silence = net.constant(np.zeros((steps, rows, 1)))
            taken = net("Mul", wanted, net.constant(steps, np.int32))
            taken = net("Reshape", taken, net.constant([1], np.int64))
            taken = net("Expand", taken, net.constant([rows], np.int64))
            inputs = [silence, "deaf", "matrix", "", taken, x]
            x = f"state_{begin}"
            net.nodes.append(helper.make_node("GRU", inputs, ["", x], hidden_size=size))
        none = net("Mul", net("ReduceMax", x, keepdims=0), net.constant(0.0))
        net("Add", "audio", none, out="wet")
        return []

    slow = Parameter("slow", "Slow", 0.0, 1.0, 1.0)
    return _wire("tiny slow", block, rate, channels, 0, (slow,), forward)


def tiny_noise(block: int = 256, rate: int = 48_000) -> Bundle:
    """Channel 0 is its normal noise input / 10, channel 1 is its uniform noise input - 1/2."""

    def decode(net: _Net, precision: Precision) -> list[State | None]:
        left = net("Mul", "posterior", net.constant(0.1))
        right = net("Sub", "synth", net.constant(0.5))
        net("Concat", left, right, axis=1, out="audio")
        return []

    shape = (1, 1, block)
    manifest = Manifest(
        name="tiny noise",
        kind="synth",
        sample_rate_hz=rate,
        block_frames=block,
        hop_frames=block,
        channels_in=0,
        channels_out=2,
        latent_size=0,
        delay_frames=0,
        methods={
            "decode": Method(
                {},
                (
                    Port("posterior", "noise", shape, "normal"),
                    Port("synth", "noise", shape, "uniform"),
                ),
                (Port("audio", "audio", (1, 2, block)),),
            )
        },
        licence="MIT",
    )
    return _bundle(manifest, {"decode": decode})


def tiny_encoder(block: int = 256, hop: int = 4) -> Bundle:
    """The delay line's encoder alone, of kind `encoder`."""
    whole = tiny_autoencoder(block, hop)
    manifest = dataclasses.replace(
        whole.manifest,
        name="tiny encoder",
        kind="encoder",
        methods={"encode": whole.manifest.methods["encode"]},
    )
    members = {n: d for n, d in whole.members.items() if n.startswith("encode.")}
    digests = {n: whole.manifest.members[n] for n in members}
    return Bundle(dataclasses.replace(manifest, members=digests), members)


ALL: dict[str, Callable[[], Bundle]] = {
    "autoencoder": tiny_autoencoder,
    "autoencoder_int8": lambda: tiny_autoencoder(int8=True, name="tiny autoencoder int8"),
    "autoencoder_2048": lambda: tiny_autoencoder(2048, 16, delay=1000, name="tiny autoencoder 2k"),
    "stereo": tiny_stereo,
    "decoder": tiny_decoder,
    "prior": tiny_prior,
    "effect": tiny_effect,
    "noise": tiny_noise,
    "breakable": tiny_breakable,
    "slow": tiny_slow,
    "encoder": tiny_encoder,
}


def save(bundle: Bundle, path: Path) -> Path:
    """Write a bundle where it is wanted; returns the path."""
    write_bundle(path, bundle.manifest, bundle.members)
    return path


def main() -> None:
    """Write every tiny bundle into a folder."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in ALL.items():
        print(save(make(), folder / f"tiny_{name}.ondine"))


if __name__ == "__main__":
    main()
