"""Bring brook's output to the level of its input.

A distance between logarithms of spectra is content with a sound that is a little too soft: noise is
never where the other noise is, and less of it costs less. What is missing on average is added after
training, to partials and noise alike.
"""

import math

import numpy as np
import torch

from models.brook.net import Brook
from models.brook.teacher import EXPONENT
from models.distances import level_db

ROUNDS = 2  # the gain is only about exponential in its logit


def missing_db(net: Brook, clips: np.ndarray) -> float:
    """The mean over clips [N, frames] of how much louder the input is than the output."""
    hop, delay = net.config.hop, net.config.delay
    found = []
    with torch.no_grad():
        for clip in clips:
            x = torch.from_numpy(clip[: len(clip) // hop * hop])[None, None]
            z, _ = net.encode(x, net.encoder.init_state())
            y, _ = net.decode(z, net.noise(z.shape[2], seed=0), net.decoder.init_state())
            if level_db(x) > -60:
                found.append(level_db(x[:, :, :-delay]) - level_db(y[:, :, delay:]))
    return float(np.mean(found)) if found else 0.0


def bring_to_level(net: Brook, clips: np.ndarray) -> None:
    """Shift the decoder's strengths, hisses and noises until nothing is missing on average."""
    decoder = net.decoder
    for _ in range(ROUNDS):
        shift = missing_db(net, clips) * math.log(10) / 20 / EXPONENT
        with torch.no_grad():
            for layer in (decoder.strengths, decoder.hisses, decoder.noises):
                assert layer.bias is not None
                layer.bias += shift
