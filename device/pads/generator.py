"""The generator: drum shots out of latents, latents out of shots.

    class ─► where ─► latents ─┬─ vary, mix ─► decode ─► numbers ─► render ─► sound
    sound ─► features ─► encode ┘

Its bundle, `hail.ondine`, holds three small graphs without any sound in them; all sound is made
here, in numpy, in a thread off the audio path. All chance is passed in: a seed is a drum.
"""

import importlib.util
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from device.bundle import read_bundle
from device.engine.step import Step
from device.errors import BundleError, ControlError
from device.pads.hearing import listen
from device.pads.layout import CLASSES, CLOUDS, FEATURES, FRAMES, LATENTS, SAMPLE_RATE, SIZE
from device.pads.shot import noise_bands, render
from device.words import nearest

BUNDLE = "hail.ondine"
PEAK = 0.7
"""Of every shot that is made: -3 dBFS."""
FARTHEST = 8.0
"""Latents lie within ±5 as a rule; what is mixed out of many may not run away."""
_NOISE_SEED = 7


def shipped() -> Path:
    """Where the drum engine that ships lies.

    Raises:
        BundleError: if it was left out.
    """
    # Found without importing: the package belongs to the trainers' side of the house.
    found = importlib.util.find_spec("models")
    for place in (found.submodule_search_locations or []) if found else []:
        if (path := Path(place) / "drums" / BUNDLE).is_file():
            return path
    raise BundleError(f"the drum engine {BUNDLE} is not here; install Ondine again")


def kind_named(name: str) -> int:
    """The number of a class.

    Raises:
        ControlError: with the nearest name, if there is none.
    """
    if name not in CLASSES:
        near = nearest(name, CLASSES) or f"; there are {', '.join(CLASSES)}"
        raise ControlError(f"there is no class of drums {name[:40]!r}{near}")
    return CLASSES.index(name)


class Generator:
    """One drum engine; may be called from several threads, one at a time is served."""

    def __init__(self, path: Path) -> None:
        """Load it, off the loop and gently.

        Raises:
            BundleError: if it cannot be read or is no drum engine.
        """
        bundle = read_bundle(path)
        self._encode, self._decode, self._where = (
            Step(bundle, method, "fp32", gently=True) for method in ("encode", "decode", "where")
        )
        clouds = {"means": CLOUDS * LATENTS, "spreads": CLOUDS * LATENTS, "shares": CLOUDS}
        for step, inputs, outputs in (
            (self._encode, {"features": FEATURES}, {"latents": LATENTS, "classes": len(CLASSES)}),
            (self._decode, {"latents": LATENTS}, {"numbers": SIZE}),
            (self._where, {"classes": len(CLASSES)}, clouds),
        ):
            for ports, wanted in ((step.inputs, inputs), (step.outputs, outputs)):
                if {name: array.shape for name, array in ports.items()} != {
                    name: (1, size) for name, size in wanted.items()
                }:
                    raise BundleError(f"{path} is no drum engine of this version")
        self._lock = threading.Lock()
        self._bands: np.ndarray | None = None

    def random(self, kind: int, rng: np.random.Generator, amount: float = 1.0) -> np.ndarray:
        """Latents [16] of a drum of a class; `amount` 0 is typical, 1 as varied as was learned."""
        means, spreads, shares = self.where(kind)
        cloud = int(rng.choice(CLOUDS, p=shares)) if amount > 0.0 else int(shares.argmax())
        step = amount * spreads[cloud] * rng.standard_normal(LATENTS)
        return _sane(means[cloud] + step)

    def vary(self, latents: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
        """Latents [16] near others: `amount` standard deviations of all drums away, 0..2."""
        if not 0.0 <= amount <= 2.0:
            raise ControlError(f"an amount of {amount:g} is not possible; 0 to 2 is")
        step = amount * rng.standard_normal(LATENTS)
        return _sane(latents + step)

    def mix(self, parts: Sequence[tuple[np.ndarray, float]]) -> np.ndarray:
        """Latents [16] out of others by weights, of which each may be negative or above 1.

        Weights are divided by their sum where that is not about 0; so 1 and 1 is halfway, and 2 and
        -1 as far beyond the first as the second is away.
        """
        if not parts:
            raise ControlError("nothing to mix; give pads and weights, such as 1 0.7 3 0.3")
        if not all(np.isfinite(weight) and abs(weight) <= 10.0 for _, weight in parts):
            raise ControlError("a weight is a number from -10 to 10")
        total = sum(weight for _, weight in parts)
        scale = 1.0 / total if abs(total) > 0.05 else 1.0
        out = np.zeros(LATENTS)
        for latents, weight in parts:
            out = out + scale * weight * latents
        return _sane(out)

    def where(self, kind: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Means and spreads [6, 16] of a class's clouds, and how much of it [6] lies in each."""
        with self._lock:
            self._where.inputs["classes"][...] = 0.0
            self._where.inputs["classes"][0, kind] = 1.0
            self._where.run()
            out = {name: array[0].astype(np.float64) for name, array in self._where.outputs.items()}
        shares = np.maximum(np.nan_to_num(out["shares"]), 0.0) + 1e-9
        shape = (CLOUDS, LATENTS)
        return out["means"].reshape(shape), out["spreads"].reshape(shape), shares / shares.sum()

    def encode(self, sound: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Latents [16] and the probability of each class [7] of mono `sound` [frames] at 48 kHz.

        The sound should begin with its first sound; at most two seconds of it are heard.
        """
        features = listen(sound)
        with self._lock:
            self._encode.inputs["features"][0] = features
            self._encode.run()
            outputs = self._encode.outputs
            return outputs["latents"][0].copy(), outputs["classes"][0].copy()

    def make(self, latents: np.ndarray, seed: int = 0) -> np.ndarray:
        """The drum at `latents` [16]: float32 [frames] at 48 kHz, up to two seconds, peak at PEAK.

        Another seed is another stroke of it: other noise.
        """
        with self._lock:
            self._decode.inputs["latents"][0] = _sane(latents)
            self._decode.run()
            numbers = self._decode.outputs["numbers"][0].astype(np.float64)
            if self._bands is None:
                white = np.random.default_rng(_NOISE_SEED).standard_normal(FRAMES)
                self._bands = noise_bands(white)
        shift = int(np.random.default_rng(seed).integers(FRAMES)) if seed else 0
        return np.float32(PEAK) * render(numbers, self._bands, shift)


def _sane(latents: np.ndarray) -> np.ndarray:
    """Finite, and not farther out than anything was ever learned."""
    return np.clip(np.nan_to_num(latents), -FARTHEST, FARTHEST).astype(np.float32)


RATE_HZ = SAMPLE_RATE
"""Of everything that is made and heard here."""
