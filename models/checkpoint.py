"""Weights on disk as a plain .npz of named float32 arrays: nothing in it can run."""

from pathlib import Path

import numpy as np
import torch
from torch import nn


def save_weights(module: nn.Module, path: Path) -> None:
    """Write every learned tensor of `module`; filter banks and tables are rebuilt from code."""
    arrays = {name: value.detach().cpu().numpy() for name, value in module.state_dict().items()}
    np.savez(path, **arrays)


def load_weights(module: nn.Module, path: Path) -> None:
    """Read weights written by `save_weights`.

    Raises FileNotFoundError, or ValueError if the file belongs to a different network.
    """
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: torch.from_numpy(archive[name]) for name in archive.files}
    wanted = module.state_dict()
    wrong = sorted(
        name
        for name in wanted.keys() | arrays.keys()
        if name not in wanted or name not in arrays or wanted[name].shape != arrays[name].shape
    )
    if wrong:
        raise ValueError(
            f"{path} holds other weights than {type(module).__name__} has, first at {wrong[0]!r}; "
            "give the checkpoint of the same instrument and version"
        )
    module.load_state_dict(arrays)
