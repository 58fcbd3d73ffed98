"""The examination: what the process in the sandbox does with the bundle, and how it tells of it.

It opens, vets, loads and plays it, with the engine that plays on stage. It writes a line before
each stage, so that whoever watches knows what took too long, and one at the end.

At its own settings a bundle must always give finite sound. With its knobs turned anywhere it must
end in time and stay within memory, as the engine covers everything else.
"""

import dataclasses
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from device.admission.limits import MEMORY_BYTES
from device.admission.outcome import Outcome
from device.admission.passport import check_passport
from device.admission.sandbox import confine
from device.admission.vet import vet
from device.bundle import Bundle, open_bundle
from device.engine.chain import Chain, played
from device.engine.engine import Engine
from device.errors import OndineError
from device.manifest import Manifest, Precision
from device.params import FIXED, default_values, specs_of

_PLAY_S = 0.25
"""As many blocks are played as fit in this, but not more than _MOST and not fewer than _LEAST."""
_MOST, _LEAST = 32, 4
_MAX_SAY = 1000
"""Letters of a refusal, which may list all that is wrong with a manifest."""
_OUT_OF_MEMORY = ("bad_alloc", "bad allocation", "failed to allocate", "cannot allocate")

Tell = Callable[[Outcome], None]


def examine(path: Path, precision: Precision | None, tell: Tell) -> Outcome:
    """Examine a bundle in one precision; None: vet it whole, then try its first.

    The process that calls this can do little else afterwards.
    """
    outcome = Outcome(stage="open")
    tell(outcome)
    try:
        bundle = open_bundle(path)
        outcome = dataclasses.replace(outcome, missing=confine())
        precisions = _precisions(bundle.manifest)
        outcome = dataclasses.replace(outcome, precisions=precisions)
        if precision is None:
            check_passport(bundle.manifest)
            vet(bundle)
        outcome = dataclasses.replace(outcome, stage="load")
        tell(outcome)
        engine = Engine(bundle, precision=precision or precisions[0])
        outcome = dataclasses.replace(outcome, stage="play")
        tell(outcome)
        say, slowdown = _play(engine, bundle)
        return dataclasses.replace(outcome, say=say, slowdown=slowdown, stage="end")
    except OndineError as error:
        say = str(error).replace(f"{path}: ", "")[:_MAX_SAY]
    except MemoryError:
        say = _too_much()
    except Exception as error:  # anything else that a stranger's file makes Python or numpy raise
        say = f"it cannot be loaded ({type(error).__name__}: {str(error)[:200]})"
    if _is_memory(say):
        say = _too_much()
    return dataclasses.replace(outcome, say=say)


def _is_memory(text: str) -> bool:
    return any(sign in text.lower() for sign in _OUT_OF_MEMORY)


def _too_much() -> str:
    return f"it wants more than {MEMORY_BYTES >> 20} MiB of memory"


def _precisions(m: Manifest) -> tuple[Precision, ...]:
    """What the engine can play of it; raises if it makes no sound."""
    methods = [m.methods[name] for name in played(m) if name]
    return tuple(sorted({p for method in methods for p in method.graphs}))


def _play(engine: Engine, bundle: Bundle) -> tuple[str, float]:
    """Why its sound is refused, or '', and its fastest step's time over that of its sound."""
    m = bundle.manifest
    out = np.zeros((engine.channels_out, engine.block_frames), np.float32)
    engine.warm_up()
    engine.reset("exported")
    fastest_s = math.inf
    ends_s = time.monotonic() + _PLAY_S
    for number, (what, strict, sound, params) in enumerate(_pieces(m)):
        if number >= _LEAST and time.monotonic() > ends_s:
            break
        began_s = time.perf_counter()
        engine.process(sound, out, params)
        fastest_s = min(fastest_s, time.perf_counter() - began_s)
        if strict and (engine.repaired or not np.isfinite(out).all()):
            return _fault(bundle, engine.precision, sound, params, what), 0.0
    return "", fastest_s * m.sample_rate_hz / m.block_frames


def _fault(
    bundle: Bundle, precision: Precision, sound: np.ndarray, params: np.ndarray, what: str
) -> str:
    """Why the engine had to cover a block: it covers all alike, so the model is asked once more."""
    chain = Chain(bundle, precision, 1, 0)
    np.copyto(chain.heard, sound)
    try:
        chain.run(params)
    except Exception as error:  # onnxruntime raises many unrelated types
        if _is_memory(str(error)):
            return _too_much()
        reason = str(error).rpartition("Status Message: ")[2].strip()[:200]
        return f"a step of it fails when it hears {what} ({reason})"
    return f"its sound is not finite, or a thousand times too loud, when it hears {what}"


def _pieces(m: Manifest) -> Iterator[tuple[str, bool, np.ndarray, np.ndarray]]:
    """Blocks to play: in words, whether it must be finite, [channels_in, frames], params [SLOTS].

    The first _LEAST are the ones that tell most.
    """
    random = np.random.default_rng(0)
    shape = (m.channels_in, m.block_frames)
    noise = random.standard_normal(shape, np.float32)
    plain = default_values(m)
    for what, sound in (
        ("noise", 0.1 * noise),
        ("full scale", np.sign(noise)),
        ("silence", np.zeros(shape, np.float32)),
        ("almost silence", np.float32(1e-40) * noise),
        ("noise", noise),
    ):
        yield what, True, sound.astype(np.float32), plain
    turned = [s for id, s in specs_of(m).items() if id not in FIXED or id.startswith("latent")]
    for number in range(_MOST - 5):
        # Both ends first, then anywhere: a fault often waits at an end.
        raw = random.random(len(turned)) if number > 1 else np.full(len(turned), 1.0 - number)
        params = plain.copy()
        params[FIXED["noise_amount"].slot] = FIXED["noise_amount"].maximum
        for spec, at in zip(turned, raw, strict=True):
            params[spec.slot] = spec.value(float(at))
        yield "noise, with its knobs turned", False, noise, params
