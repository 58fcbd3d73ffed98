"""A corpus made ready: what the ear hears of it and what the teacher wants, worked out once."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models.brook.ear import FAINT
from models.brook.grid import PARTIALS
from models.brook.net import Brook
from models.brook.recipe import BrookRecipe
from models.brook.teacher import MARGIN, Targets, targets


@dataclass(frozen=True)
class Batch:
    """Pieces of the corpus at their levels: what goes in and what should come out."""

    powers: Tensor
    turns: Tensor
    wanted: Targets
    sound: Tensor | None  # [B, 1, hops * hop], if asked for


def joined(one: Batch, other: Batch) -> Batch:
    """Two batches without sound as one."""
    wanted = zip(vars(one.wanted).values(), vars(other.wanted).values(), strict=True)
    return Batch(
        torch.cat([one.powers, other.powers]),
        torch.cat([one.turns, other.turns]),
        Targets(*(torch.cat(pair) for pair in wanted)),
        None,
    )


class Material:
    """Heard powers and turns and targets of clips [N, frames], all per hop."""

    def __init__(
        self, net: Brook, clips: np.ndarray, tell: Callable[[int], None] = lambda _: None
    ) -> None:
        config = net.config
        hop = self.hop = config.hop
        hops = clips.shape[1] // hop
        self.clips = clips
        edge = MARGIN + config.delay
        # Hop n steers to what sounds at the end of block n; that came in `delay` before.
        centres = (torch.arange(hops) + 1) * hop - config.delay + edge
        powers, turns, amplitudes, bends, hiss, noise = [], [], [], [], [], []
        with torch.no_grad():
            for i, clip in enumerate(clips):
                x = torch.from_numpy(clip[: hops * hop])
                heard = net.encoder.ear(x[None, None], net.encoder.ear.init_state())
                powers.append(heard[0][0])
                turns.append(heard[1][0].half())
                found = targets(F.pad(x, (edge, edge)), centres, config.sample_rate)
                amplitudes.append(found.amplitudes)
                bends.append(found.bends.half())
                hiss.append(found.hiss)
                noise.append(found.noise)
                tell(i + 1)
        self.powers, self.turns = torch.stack(powers), torch.stack(turns)
        self.wanted = Targets(
            torch.stack(amplitudes), torch.stack(bends), torch.stack(hiss), torch.stack(noise)
        )

    def draw(
        self,
        plan: BrookRecipe,
        step: int,
        batch: int,
        hops: int,
        sound: bool,
        among: int | None = None,
    ) -> Batch:
        """The batch of a step: pieces at random places and levels; a few are silent.

        They are of the first clips, `among` of them; of all if it is None.
        """
        rng = np.random.default_rng([plan.seed, step])
        clips = rng.integers(min(among or len(self.powers), len(self.powers)), size=batch)
        starts = rng.integers(self.powers.shape[2] - hops + 1, size=batch)
        levels = 10 ** (rng.uniform(-18, 6, size=batch) / 20)
        levels = np.where(rng.uniform(size=batch) < plan.silence, 0.0, levels)
        peaks = np.array([np.abs(self.clips[i]).max() for i in clips])
        levels = np.minimum(levels, 0.98 / np.maximum(peaks, 1e-6)).astype(np.float32)
        level = torch.from_numpy(levels)[:, None, None]

        def cut(rows: Tensor) -> Tensor:
            parts = [rows[i, :, at : at + hops] for i, at in zip(clips, starts, strict=True)]
            return torch.stack(parts).float()

        heard = None
        if sound:
            parts = [
                self.clips[i, at * self.hop : (at + hops) * self.hop]
                for i, at in zip(clips, starts, strict=True)
            ]
            heard = torch.from_numpy(np.stack(parts))[:, None] * level
        wanted, powers = self.wanted, cut(self.powers)
        return Batch(
            powers * level**2,
            cut(self.turns) * turns_at(level, powers),
            Targets(
                cut(wanted.amplitudes) * level,
                cut(wanted.bends),
                cut(wanted.hiss) * level,
                cut(wanted.noise) * level,
            ),
            heard,
        )


def turns_at(level: Tensor, powers: Tensor) -> Tensor:
    """By what the ear's turns change [B, 320, N] when a sound of `powers` is scaled by `level`."""
    both = powers[:, : 2 * PARTIALS].unflatten(1, (2, PARTIALS)).mean(dim=1)
    factor = level**2 * (both + FAINT) / (level**2 * both + FAINT)
    return factor.repeat(1, 2, 1)
