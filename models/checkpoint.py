"""Weights on disk as a plain .npz of named arrays: nothing in it can run.

They are float32, or float16 where that loses nothing (see `rounded`). What a training needs to go
on is beside them, in torch's own format.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn


def save_weights(module: nn.Module, path: Path) -> None:
    """Write every learned tensor of `module`; filter banks and tables are rebuilt from code."""
    arrays: dict[str, Any] = {
        name: smallest(value.detach().cpu().numpy()) for name, value in module.state_dict().items()
    }
    np.savez(path, **arrays)


def smallest(array: np.ndarray) -> np.ndarray:
    """The array as float16 if every number stays the same, else as it is."""
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    return half if np.array_equal(half.astype(array.dtype), array) else array


def rounded(module: nn.Module) -> None:
    """Round every learned tensor to what float16 can hold: files half the size."""
    with torch.no_grad():
        for value in module.parameters():
            value.copy_(value.half().float())


def save_whole(state: dict[str, Any], path: Path) -> None:
    """Write what going on needs; a cut during writing leaves the older file whole."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def load_weights(module: nn.Module, path: Path) -> None:
    """Read weights written by `save_weights`.

    Raises FileNotFoundError, or ValueError if the file belongs to a different network.
    """
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: torch.from_numpy(archive[name]).float() for name in archive.files}
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
