"""reed's way through its training: from pitch, size and brightness back to the sound.

One loss: log and linear magnitudes at five window lengths (`models.distances`), each segment raised
to one level first, so that soft notes are learned as well as loud ones. Step n draws its batch from
the seed and n alone.
"""

import math
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.checkpoint import rounded, save_whole
from models.distances import spectral_loss
from models.reed.material import Material
from models.reed.net import Reed, untrained
from models.reed.recipe import ReedRecipe

LEVEL = 0.15  # RMS that a segment is raised to
FAINTEST = 3e-3  # a segment below this is not raised further
AUDIBLE = 1e-3


class ReedCourse:
    """A network on its way; `advance` takes steps on the material given at the beginning."""

    def __init__(self, plan: ReedRecipe, material: Material) -> None:
        self._plan, self._material = plan, material
        self.net: Reed = untrained(plan.config, plan.seed)
        self._adam = torch.optim.Adam(self.net.parameters(), plan.learning_rate, (0.9, 0.98))
        self.step = 0
        self.seconds = 0.0

    @property
    def last(self) -> int:
        """The step at which the course is over."""
        return self._plan.steps

    def rate(self) -> float:
        """The learning rate of the next step: it rises, then falls as a cosine."""
        plan = self._plan
        if self.step < plan.warm_up:
            return plan.learning_rate * (self.step + 1) / plan.warm_up
        way = (self.step - plan.warm_up) / max(plan.steps - plan.warm_up, 1)
        turn = 0.5 + 0.5 * math.cos(math.pi * min(way, 1.0))
        return plan.last_learning_rate + (plan.learning_rate - plan.last_learning_rate) * turn

    def batch(self) -> tuple[Tensor, ...]:
        """Sound [B, T * hop]; note, size, bright, timbre, weight [B, T] and draws [B, T, 512]."""
        plan, source = self._plan, self._material
        rng = np.random.default_rng([plan.seed, self.step])
        hop = plan.config.hop
        clips, hops = source.note.shape
        at = rng.integers(max(hops - plan.hops, 0) + 1, size=plan.batch)
        chosen = rng.integers(clips, size=plan.batch)

        def cut(values: Tensor, each: int) -> Tensor:
            pieces = [
                values[c, a * each : (a + plan.hops) * each]
                for c, a in zip(chosen, at, strict=True)
            ]
            return torch.stack(pieces)

        curves = (source.note, source.size, source.bright, source.timbre, source.weight)
        draws = rng.standard_normal((plan.batch, min(plan.hops, hops), 512), dtype=np.float32)
        return cut(source.sound, hop), *(cut(c, 1) for c in curves), torch.from_numpy(draws)

    def advance(self, clips: np.ndarray) -> dict[str, float]:
        """One step; returns the terms of the loss before it. `clips` are not looked at."""
        for group in self._adam.param_groups:
            group["lr"] = self.rate()
        x, note, size, bright, timbre, weight, draws = self.batch()
        y = self.net.sequence(note, size, bright, timbre, draws)
        loss = self.loss(x, y, weight)
        self._adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self._adam.step()
        self.step += 1
        return {"loss": float(loss.detach())}

    def loss(self, x: Tensor, y: Tensor, weight: Tensor) -> Tensor:
        """The distance of sounds [B, frames] where they have a pitch (weights [B, T])."""
        hop, skip = self._plan.config.hop, self._plan.context
        gate = weight[:, skip:].repeat_interleave(hop, dim=1)
        x, y = x[:, skip * hop :] * gate, y[:, skip * hop :] * gate
        level = x.square().mean(dim=1, keepdim=True).sqrt().clamp(min=FAINTEST)
        raised = LEVEL / level
        return spectral_loss(
            (x * raised)[:, None], (y * raised)[:, None], self._plan.config.sample_rate
        )

    def finish(self, clips: np.ndarray) -> None:
        """Round the weights to what the file holds."""
        rounded(self.net)

    def save(self, path: Path) -> None:
        """All that going on needs, written whole or not at all."""
        data = {
            "net": self.net.state_dict(),
            "adam": self._adam.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "recipe": repr(asdict(self._plan)),
        }
        save_whole(data, path)

    def load(self, path: Path) -> None:
        """Go on from what `save` wrote; raises ValueError if it was another recipe's."""
        data = torch.load(path, weights_only=True)
        if data["recipe"] != repr(asdict(self._plan)):
            raise ValueError(
                f"{path} was written by a run with other numbers than this recipe has; train "
                "without --resume, or into another folder"
            )
        self.net.load_state_dict(data["net"])
        self._adam.load_state_dict(data["adam"])
        self.step, self.seconds = int(data["step"]), float(data["seconds"])
