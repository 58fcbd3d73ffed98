"""Run a `.ts` as the reference: block by block, with random draws given from outside."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from convert.fold import RANDOM
from convert.noise import DISTRIBUTIONS


class FixedDraws(TorchDispatchMode):
    """Within it a random draw is made from `supply`, or from 0 (normal) or 0.5 (uniform).

    `supply` yields one array per draw, in the order in which the method draws.
    """

    def __init__(self, supply: Iterator[np.ndarray] | None = None) -> None:
        super().__init__()
        self._supply = supply

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        name = func.overloadpacket.__name__.rstrip("_")
        if name not in RANDOM or not isinstance(out, Tensor) or out.numel() == 0:
            return out
        if self._supply is not None:
            standard = torch.from_numpy(next(self._supply)).reshape(out.shape)
        else:
            uniform = DISTRIBUTIONS.get(name) == "uniform"
            standard = torch.full(out.shape, 0.5 if uniform else 0.0)
        return out.copy_(_shaped(func, args, kwargs or {}, standard))


def _shaped(func: Any, args: Any, kwargs: Any, standard: Tensor) -> Tensor:
    """What a random operator makes of a standard draw, N(0, 1) or U[0, 1)."""
    given = {a.name: a.default_value for a in func._schema.arguments} | kwargs
    given |= {a.name: v for a, v in zip(func._schema.arguments, args, strict=False)}
    name = func.overloadpacket.__name__.rstrip("_")
    if name == "normal":
        return standard * given["std"] + given["mean"]
    if name == "uniform":
        return standard * (given["to"] - given["from"]) + given["from"]
    if name == "exponential":
        return (1.0 - standard).log() * (-1.0 / given["lambd"])
    if name == "bernoulli":
        chance = given["p"] if given.get("p") is not None else given["self"]
        return (standard < chance).to(standard.dtype)
    return standard


def stream(
    run: Callable[[Tensor], Tensor],
    blocks: Sequence[np.ndarray],
    draws: Sequence[Sequence[np.ndarray]],
) -> np.ndarray:
    """Play `blocks` ([1, channels, steps] each) through `run` with the given draws of each block.

    A block without draws gets their middle, 0 or 0.5. Returns the outputs joined along time,
    [1, channels, all steps].
    """
    outputs = []
    for block, supply in zip(blocks, draws, strict=True):
        with torch.no_grad(), FixedDraws(iter(supply) if supply else None):
            outputs.append(run(torch.from_numpy(block)).numpy().copy())
    return np.concatenate(outputs, -1)
