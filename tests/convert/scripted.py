"""Small scripted modules as opened models, and how to play what is lifted from them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from convert.lift import Lifted, restore
from convert.model_file import ModelFile, Signature
from convert.oracle import stream
from convert.stream import draw_blocks

MONO = Signature(1, 1, 1, 1)


def opened(module: nn.Module, **methods: Signature) -> ModelFile:
    """Script a module and pass it off as a file: `forward` maps sound to sound unless told."""
    torch._C._jit_set_profiling_executor(False)
    scripted = torch.jit.script(module.eval())
    return ModelFile(Path("made.ts"), "", "Made", scripted, methods or {"forward": MONO}, 48_000)


def sound(channels: int, frames: int, seed: int = 0) -> Tensor:
    """Noise [1, channels, frames]."""
    return torch.randn(1, channels, frames, generator=torch.Generator().manual_seed(seed))


def pure(lifted: Lifted, blocks: Sequence[Tensor], draws: Sequence[Sequence[np.ndarray]]) -> Tensor:
    """Play the pure graph from zero, handing its states on by hand."""
    states = [state.zero for state in lifted.states]
    outputs = []
    for block, supply in zip(blocks, draws, strict=True):
        with torch.no_grad():
            y, *states = lifted.graph(block, *states, *map(torch.from_numpy, supply))
        outputs.append(y)
    return torch.cat(outputs, -1)


def both(model: ModelFile, lifted: Lifted, blocks: int = 5) -> tuple[Tensor, Tensor]:
    """The same sound and draws through the scripted module and through the pure graph."""
    _, channels, frames = lifted.input_shape
    x = sound(channels, blocks * frames, seed=3).split(frames, -1)
    draws = draw_blocks(lifted.draws, blocks, np.random.default_rng(4))
    restore(lifted.states, zero=True)
    expected = stream(getattr(model.module, lifted.method), [b.numpy() for b in x], draws)
    restore(lifted.states)
    return torch.from_numpy(expected), pure(lifted, x, draws)
