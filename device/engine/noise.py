"""Noise: all the randomness a model has, drawn here from one seeded generator.

So a scene is reproducible, two boxes with one seed agree, and "noise amount" is a knob.
"""

from collections.abc import Sequence

import numpy as np

from device.manifest import Distribution


class Noise:
    """Fills noise inputs once a block.

    `normal` inputs (posterior noise, hidden latents) are N(0, 1) times the noise amount; `uniform`
    ones are a noise synth's raw material in [0, 1): the model shapes them, so nobody scales them.
    """

    def __init__(self, ports: Sequence[tuple[np.ndarray, Distribution]], seed: int) -> None:
        """`ports` are the inputs' float32 arrays, filled in this order; `seed` is 0 or more."""
        self._normal = [array for array, kind in ports if kind == "normal"]
        self._uniform = [array for array, kind in ports if kind == "uniform"]
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._start = self._random.bit_generator.state

    def draw(self, amount: float) -> None:
        """Fill every port anew."""
        for array in self._normal:
            self._random.standard_normal(out=array, dtype=np.float32)
            # Drawn even when the amount is 0: turning the knob must not change what comes later.
            if amount != 1.0:
                np.multiply(array, amount, out=array)
        for array in self._uniform:
            self._random.random(out=array, dtype=np.float32)

    def reset(self) -> None:
        """Begin the same sequence again."""
        self._random.bit_generator.state = self._start
