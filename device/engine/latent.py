"""Latent edits: what a player does to a sound between the encoder and the decoder.

    z'[i, s] = z[i, s] · scale[i] + bias[i]

per dimension i and latent step s, as rave_vst has it; scale and bias glide from step to step.
"""

import numpy as np

from device.engine.smoothing import Glide
from device.params import LATENT_BIAS, LATENT_SCALE


class LatentEdits:
    """Scale and bias for a model of `size` latents and `steps` latent steps a block."""

    def __init__(self, size: int, steps: int, step_s: float) -> None:
        """`step_s` is the time of one latent step, seconds."""
        self._size = size
        self._glide = Glide(2 * size, steps, step_s)
        self._targets = np.zeros(2 * size, np.float32)
        self._scale = self._glide.values[:size]
        self._bias = self._glide.values[size:]

    def apply(self, latent: np.ndarray | None, into: np.ndarray, params: np.ndarray) -> None:
        """Edit `latent` [1, size, steps] into `into` of the same shape.

        Without a latent (nothing encodes) the bias alone is the latent. `params` is [SLOTS].
        """
        size = self._size
        np.copyto(self._targets[:size], params[LATENT_SCALE][:size])
        np.copyto(self._targets[size:], params[LATENT_BIAS][:size])
        self._glide.move(self._targets)
        if latent is None:
            np.copyto(into[0], self._bias)
        else:
            np.multiply(latent[0], self._scale, out=into[0])
            np.add(into[0], self._bias, out=into[0])

    def reset(self) -> None:
        """Start at the next scale and bias without a glide."""
        self._glide.reset()
