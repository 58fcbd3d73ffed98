"""A clock in whose time every parameter keeps moving, out to its extremes and past them."""

import numpy as np

from device.audio.clock import VirtualClock
from device.manifest import Manifest
from device.params import FIXED, ParamSpec, ParamTable, specs_of

STIR_S = 0.02


class Stir(VirtualClock):
    """A virtual clock in whose time a hand never rests: every 20 ms, three params jump anywhere.

    One jump of eight is to an end of the range, one of sixteen far outside of it, and the latents
    get a NaN now and then, which a torn or mistaken writer could leave there.
    """

    def __init__(self, params: ParamTable, manifest: Manifest, seed: int, start_s: float) -> None:
        super().__init__(start_s)
        self._params, self._random = params, np.random.default_rng(seed)
        self._specs = list(specs_of(manifest).values())
        self._next_s = start_s
        self._ceiling = _linear(FIXED["limiter_ceiling_db"].default)

    def wait_until(self, when_s: float) -> None:
        """Jump there, with the params as the hand has left them by then."""
        super().wait_until(when_s)
        if self.now() >= self._next_s:
            self._next_s = self.now() + STIR_S
            specs = self._random.choice(len(self._specs), 3)
            self._params.write({self._specs[i].slot: self._value(self._specs[i]) for i in specs})

    def ceiling(self) -> float:
        """The largest amplitude that the params allow just now."""
        return self._ceiling

    def _value(self, spec: ParamSpec) -> float:
        die = int(self._random.integers(16))
        if die == 0:
            value = float(self._random.choice((-1e30, 1e30)))
        elif die <= 2:
            value = spec.maximum if die == 1 else spec.minimum
        elif die == 3 and spec.id.startswith("latent_"):
            return float("nan")
        else:
            value = spec.value(float(self._random.random()))
        if spec.id == "limiter_ceiling_db":
            self._ceiling = _linear(spec.clamp(value))
        return value


def _linear(db: float) -> float:
    return float(10.0 ** (db / 20.0))
