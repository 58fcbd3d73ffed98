"""The rehearsal of a bundle on a graphics card: unheard, and in a process of its own.

    python -m device.admission.rehearsal BUNDLE tensorrt ENGINES [--fp16] [--precision fp32]

    tensorrt ─► cuda ─► neither      each is installed? works? sounds finite? is fast enough?

TensorRT builds its engines here, which takes minutes the first time; the audio process then only
reads them. What was found is written down by `prepared`, whatever it is. The bundle was admitted
before: this has to reach the graphics card, and so is in no sandbox.
"""

import argparse
import dataclasses
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort

from device.admission.prepared import Found, place, write_found
from device.bench import FITS_LOAD
from device.bundle import Bundle, open_bundle
from device.engine.engine import Engine
from device.errors import OndineError
from device.params import default_values
from device.provider import EXECUTION, LADDER, WORDS, Name, Provider, choose_provider

STEPS = 100
_WARM_UP_STEPS = 20
"""The first measure how to compute fastest."""


def rehearse(bundle: Bundle, asked: Provider, precision: str, installed: Sequence[str]) -> Found:
    """Try what is asked for and what stands below it, until one plays the bundle in time.

    `installed` are onnxruntime's names.

    Raises:
        OndineError: if the bundle cannot be played at all.
    """
    first, say = choose_provider(asked.name, installed)
    folder = place(bundle.manifest, asked, precision)
    folder.mkdir(parents=True, exist_ok=True)
    reasons = [say] if say else []
    for name in LADDER[LADDER.index(first) : LADDER.index("cpu")]:
        if EXECUTION[name] not in installed:
            continue
        found = _tried(bundle, dataclasses.replace(asked, name=name, engines=folder), precision)
        if not found.say:
            return dataclasses.replace(found, say="; ".join(reasons))
        reasons.append(found.say)
    return Found("cpu", "; ".join(reasons))


def _tried(bundle: Bundle, provider: Provider, precision: str) -> Found:
    """Some blocks of noise; `say` is why they are not good enough."""
    m, words = bundle.manifest, WORDS[provider.name]
    engine = Engine(bundle, precision=precision, provider=provider)  # type: ignore[arg-type]
    if engine.provider != provider.name:
        return Found(provider.name, f"{words} is installed and does not work here")
    block_ms = 1000.0 * m.block_frames / m.sample_rate_hz
    random = np.random.default_rng(0)
    sound = 0.1 * random.standard_normal((m.channels_in, m.block_frames), np.float32)
    out = np.zeros((m.channels_out, m.block_frames), np.float32)
    params, slowest_s = default_values(m), 0.0
    for step in range(_WARM_UP_STEPS + STEPS):
        began_s = time.perf_counter()
        engine.process(sound, out, params)
        if engine.repaired:
            return Found(provider.name, f"with {words} the sound of {m.name} is not finite")
        if step >= _WARM_UP_STEPS:
            slowest_s = max(slowest_s, time.perf_counter() - began_s)
    step_ms = 1000.0 * slowest_s
    late = f"{words} takes up to {step_ms:.1f} ms for {block_ms:.1f} ms of {m.name}"
    return Found(provider.name, late if step_ms > FITS_LOAD * block_ms else "", step_ms, block_ms)


def main(arguments: Sequence[str] | None = None) -> int:
    """Rehearse, write down what was found, and end with 0; or with 1 and a sentence."""
    p = argparse.ArgumentParser(prog="device.admission.rehearsal")
    p.add_argument("bundle", type=Path)
    p.add_argument("provider", choices=[name for name in LADDER if name != "cpu"])
    p.add_argument("engines", type=Path)
    p.add_argument("--precision", choices=("auto", "fp32", "int8"), default="auto")
    p.add_argument("--fp16", action="store_true")
    o = p.parse_args(arguments)
    os.nice(19)  # somebody may be playing
    name: Name = o.provider
    asked = Provider(name, o.fp16, o.engines)
    try:
        bundle = open_bundle(o.bundle)
        found = rehearse(bundle, asked, o.precision, ort.get_available_providers())
        write_found(place(bundle.manifest, asked, o.precision), found)
    except (OndineError, OSError) as error:
        print(f"{o.bundle.name} could not be tried: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
