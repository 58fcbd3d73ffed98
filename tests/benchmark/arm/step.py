"""Runs steps of a bundle, or of a plain ONNX graph, and nothing else: what `count.py` counts.

    python3 step.py BUNDLE.ondine METHOD PRECISION STEPS
    python3 step.py BUNDLE.ondine BLOCK PRECISION STEPS     the engine's whole block, Python and all
    python3 step.py BUNDLE.ondine SHOT PRECISION STEPS      drums made, from latents to sound
    python3 step.py GRAPH.onnx STEPS

It is run inside the emulated root, where only numpy, onnxruntime and `device` are found. Before
every step and after the last it makes the system call at which `icount.c` prints its count. It
prints `finite` or `not finite`, for what the last step gave.
"""

import gc
import itertools
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import onnxruntime as ort

BLOCK, SHOT = "whole-block", "whole-shot"
"""In the place of a method."""
LEVEL = 0.1
"""Standard deviation of every float input: signal-like, so that no branch on zeros is taken."""

_TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(bool)": np.bool_}
_TYPES |= {f"tensor({name})": getattr(np, name) for name in ("uint8", "int8", "int32", "int64")}


def prepare_bundle(path: Path, method: str, precision: str) -> tuple[Callable[[], None], Iterable]:
    """A bundle's method as the box runs it: a function that makes one step, and its outputs."""
    from device.bundle import read_bundle
    from device.engine.step import Step

    bundle = read_bundle(path)
    step = Step(bundle, method, precision)  # type: ignore[arg-type]
    step.reset("exported")
    generator = np.random.default_rng(0)
    defaults = {spec.id: spec.default for spec in bundle.manifest.parameters}
    for port in bundle.manifest.methods[method].inputs:
        array = step.inputs[port.name]
        if port.name in defaults:
            # Anywhere else the model may not give finite numbers.
            array.fill(defaults[port.name])
        elif port.distribution == "uniform":
            array[...] = generator.random(array.shape)
        else:
            array[...] = LEVEL * generator.standard_normal(array.shape)
    return step.run, step.outputs.values()


def prepare_block(path: Path, precision: str) -> tuple[Callable[[], None], Iterable]:
    """The engine that plays on stage: its methods, and everything that stands around them."""
    from device.bundle import read_bundle
    from device.engine.engine import Engine
    from device.params import default_values

    bundle = read_bundle(path)
    m = bundle.manifest
    engine = Engine(bundle, precision=precision)  # type: ignore[arg-type]
    params = default_values(m)
    noise = np.random.default_rng(0).standard_normal((m.channels_in, m.block_frames), np.float32)
    heard, out = LEVEL * noise, np.zeros((m.channels_out, m.block_frames), np.float32)
    return lambda: engine.process(heard, out, params), [out]


def prepare_shot(path: Path) -> tuple[Callable[[], None], Iterable]:
    """A drum engine: each step makes the typical drum of the next class."""
    from device.pads.generator import Generator
    from device.pads.layout import CLASSES

    generator = Generator(path)
    random = np.random.default_rng(0)
    drums = [generator.random(kind, random, 0.0) for kind in range(len(CLASSES))]
    turns, made = itertools.cycle(drums), [np.zeros(0, np.float32)]

    def run() -> None:
        made[0] = generator.make(next(turns))

    return run, made


def prepare_graph(path: Path) -> tuple[Callable[[], None], Iterable]:
    """The same for a graph of fixed shapes, with the session options of `device.engine.step`.

    Floats are noise, integers zero; caches are not fed back, which hardly changes a count.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    generator = np.random.default_rng(0)
    arrays, outputs = [], []
    for port in session.get_inputs():
        array = np.zeros(port.shape, _TYPES[port.type])
        if array.dtype == np.float32:
            array[...] = LEVEL * generator.standard_normal(array.shape)
        arrays.append(array)
        binding.bind_input(port.name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
    for port in session.get_outputs():
        array = np.zeros(port.shape, _TYPES[port.type])
        outputs.append(array)
        binding.bind_output(port.name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)

    def run(bound: tuple[list, list] = (arrays, outputs)) -> None:
        # onnxruntime holds pointers only: `bound` keeps the arrays alive as long as `run` is.
        session.run_with_iobinding(binding)

    return run, outputs


def main(arguments: list[str]) -> None:
    """Make the steps asked for."""
    ort.set_default_logger_severity(4)
    path = Path(arguments[0])
    if path.suffix == ".onnx":
        run, outputs = prepare_graph(path)
    elif arguments[1] == BLOCK:
        run, outputs = prepare_block(path, arguments[2])
    elif arguments[1] == SHOT:
        run, outputs = prepare_shot(path)
    else:
        run, outputs = prepare_bundle(path, *arguments[1:3])
    gc.collect()
    gc.disable()
    for _ in range(int(arguments[-1])):
        os.getpgid(0)
        run()
    os.getpgid(0)
    print("finite" if all(np.isfinite(array).all() for array in outputs) else "not finite")


if __name__ == "__main__":
    main(sys.argv[1:])
