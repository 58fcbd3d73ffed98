"""How often something begins: onsets in a sound, to compare one sound's rate with another's.

The rise of the level in bands over 21 ms, the mean over half an octave each (spectral flux, Bello
et al. 2005), where it is highest within 60 ms and above a fixed threshold. Fixed, so that a sound
that rests has none, and both sounds are measured with one yardstick.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor

from models.distances import magnitudes

WINDOW, STEP = 1024, 256  # frames
LAG = 4  # steps over which a rise is taken
EDGES_HZ = tuple(100.0 * 2 ** (i / 2) for i in range(15))
NEAR = 11  # steps on either side: 60 ms
RISE_DB = 5.0  # on average over the bands
FAINT = 1e-7  # power of a band under which nothing begins


def onset_times_s(x: Tensor, sample_rate: int) -> Tensor:
    """When in seconds something begins in x [T], ascending [n]."""
    # A second of silence before, so that a sound that begins at once has an onset.
    power = magnitudes(F.pad(x, (sample_rate, 0))[None, None], WINDOW)[0].square()
    edges = [round(hz * WINDOW / sample_rate) for hz in EDGES_HZ]
    bands = torch.stack([power[a:b].sum(dim=0) for a, b in pairwise(edges)])
    level_db = 10 * torch.log10(bands + FAINT)
    rise = (level_db[:, LAG:] - level_db[:, :-LAG]).clamp(min=0).mean(dim=0)
    highest = F.max_pool1d(rise[None, None], 2 * NEAR + 1, 1, NEAR)[0, 0]
    at = torch.nonzero((rise >= highest) & (rise > RISE_DB))[:, 0]
    return (at + LAG) * STEP / sample_rate - 1.0


def onsets_per_s(y: Tensor, sample_rate: int) -> float:
    """Onsets a second of sounds y [N, T]."""
    count = sum(len(onset_times_s(row, sample_rate)) for row in y)
    return count / (y.numel() / sample_rate)
