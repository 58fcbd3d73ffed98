"""What eddy learns from: brook's latents of pieces, of clips in a row, or of a player's sounds."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.brook.net import Brook
from models.brook.recipe import BrookRecipe
from models.eddy.pieces import piece, stream
from models.eddy.recipe import EddyRecipe
from models.export import WEIGHTS, trained
from models.recipes import recipe

BROOK_WEIGHTS = WEIGHTS / "brook.npz"


def brook(weights: Path = BROOK_WEIGHTS) -> Brook:
    """The instrument whose latents are learned, with weights from a file."""
    net = trained(recipe("brook"), weights)
    assert isinstance(net, Brook)
    return net


def brook_plan() -> BrookRecipe:
    """brook's recipe, for its labels."""
    plan = recipe("brook")
    assert isinstance(plan, BrookRecipe)
    return plan


def sha256(path: Path) -> str:
    """Of the weights that latents were made with: others have other latents."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def encoded(net: Brook, sounds: Iterable[np.ndarray]) -> Tensor:
    """Latents [N, 16, T] of sounds [frames] of one length."""
    hop, found = net.config.hop, []
    with torch.no_grad():
        for sound in sounds:
            x = torch.from_numpy(sound[: len(sound) // hop * hop])[None, None]
            z, _ = net.encode(x, net.encoder.init_state())
            found.append(z[0])
    return torch.stack(found)


def learned_from(plan: EddyRecipe, net: Brook, tell: Callable[[int], None]) -> Tensor:
    """The latents [N, 16, T] that training sees: pieces, then streams of clips."""
    made = _sounds(plan.corpus_seed, plan.pieces, plan.streams, plan.piece_s, tell)
    return encoded(net, made)


def held_out(plan: EddyRecipe, net: Brook) -> Tensor:
    """Latents [N, 16, T] that training never sees, made the same way."""
    count = plan.held_out_pieces, plan.held_out_streams
    return encoded(net, _sounds(plan.held_out_seed, *count, plan.piece_s, lambda _: None))


def _sounds(
    seed: int, pieces: int, streams: int, seconds: float, tell: Callable[[int], None]
) -> Iterable[np.ndarray]:
    for i in range(pieces):
        tell(i)
        yield piece(seed, i, seconds)
    for i in range(streams):
        tell(pieces + i)
        yield stream(seed, i, seconds)
