"""Play reed without a box: knobs turned at given moments, hop by hop, from silence."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from models.reed.config import place
from models.reed.net import Reed

Turn = tuple[float, Mapping[str, float]]
"""When, in seconds, and which knobs go where, by id and in units."""


def play(
    net: Reed, seconds: float, turns: Sequence[Turn] = (), x: Tensor | None = None, seed: int = 0
) -> Tensor:
    """Sound [frames] of whole hops; `x` [frames] is what comes in, silence by default.

    A turn counts from the first hop that begins at or after its time, as on the box.
    """
    hop, rate = net.config.hop, net.config.sample_rate
    hops = int(seconds * rate) // hop
    heard = torch.zeros(hops * hop)
    if x is not None:
        heard[: min(len(x), len(heard))] = x[: len(heard)]
    knobs, state, draws = net.knobs(), net.init_state(), net.draws(hops, seed)
    edges = [(min(-(-int(at * rate) // hop), hops), turned) for at, turned in turns]
    edges = sorted(edges, key=lambda edge: edge[0])
    made: list[Tensor] = []
    at = 0
    with torch.no_grad():
        for end, turned in [*edges, (hops, {})]:
            if end > at:
                part = heard[None, None, at * hop : end * hop]
                y, state = net(part, knobs, draws[:, :, at:end], state)
                made.append(y[0, 0])
                at = end
            for id, value in turned.items():
                knobs[place(id)] = value
    return torch.cat(made)
