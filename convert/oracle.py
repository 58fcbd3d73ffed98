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
    """Within it every random draw is taken from `supply`, or is 0 (normal) or 0.5 (uniform).

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
            out.copy_(torch.from_numpy(next(self._supply)).reshape(out.shape))
        else:
            out.fill_(0.5 if DISTRIBUTIONS.get(name) == "uniform" else 0.0)
        return out


def stream(
    run: Callable[[Tensor], Tensor],
    blocks: Sequence[np.ndarray],
    draws: Sequence[Sequence[np.ndarray]],
) -> np.ndarray:
    """Play `blocks` ([1, channels, steps] each) through `run` with the given draws of each block.

    Returns the outputs joined along time, [1, channels, all steps].
    """
    outputs = []
    for block, supply in zip(blocks, draws, strict=True):
        with torch.no_grad(), FixedDraws(iter(supply)):
            outputs.append(run(torch.from_numpy(block)).numpy().copy())
    return np.concatenate(outputs, -1)
